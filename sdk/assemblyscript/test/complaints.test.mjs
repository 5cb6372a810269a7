// What the transform says about mistakes: where, and how to write it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { build, complaint } from "./compile.mjs";

/** What stands beside a mistake, and is right. */
const GOOD = "@filter() function good(): bool { return true; } ";

/** Source, what is said, and in which column of its line. */
const MISTAKES = [
  ["export function f(): bool { return true; }", /there is no function with @filter, @score or @value/],
  ["@filter() export function f(): f64 { return 1; }", /a filter function returns bool/, 32],
  ["@score() export function f(): i64 { return 1; }", /a score function returns f64/],
  ["@value() export function f(): i32 { return 1; }", /a value function returns bool, i64, f64, string, Str/],
  ["@filter() @score() export function f(): bool { return true; }", /a function is one of @filter, @score, @value/],
  ["@filter() export class F {}", /@filter stands before a function/],
  ["@filter() export function f<T>(): bool { return true; }", /without type parameters/],
  ["@filter() declare function f(): bool;", /before a function with a body/],
  ["@filter({ vers: \"1.0.0\" }) export function f(): bool { return true; }", /@filter has no `vers`; it has name, version/, 11],
  ["@filter({ version: 1 }) export function f(): bool { return true; }", /`version` is a string/],
  ["@filter({ version: \"1.0\" }) export function f(): bool { return true; }", /"1.0" is no version such as 1.0.0/],
  ["@filter({ version: \"1.0.0\", pure: x }) export function f(): bool { return true; }", /this must be a literal/],
  ["@filter(1) export function f(): bool { return true; }", /@filter takes an object: \{ name, version/],
  ["@filter({ maxScore: 1 }) export function f(): bool { return true; }", /@filter has no `maxScore`/],
  ["@score({ maxScore: -1 }) export function f(): f64 { return 1; }", /`maxScore` is a number from 0/],
  ["@filter({ limits: { memory: 1 } }) export function f(): bool { return true; }", /no limit `memory`; there are memoryBytes/],
  ["@filter({ limits: { memoryBytes: 0 } }) export function f(): bool { return true; }", /a limit is a whole number from 1/],
  ["@filter() export function isCheap(): bool { return true; }", /write name: "is_cheap" in @filter/, 27],
  ["@filter() export function f(x: i32): bool { return true; }", /a field has 64 bits: write i64/, 32],
  ["@filter() export function f(x: Date): bool { return true; }", /`Date` is no type of an argument; write bool, i64, f64/],
  ["@filter() export function f(x: f64[]): bool { return true; }", /is no type of an argument/],
  ["@filter() export function f(x: () => void): bool { return true; }", /this is no type of an argument/],
  ["@filter() export function f(x: f64 | null): bool { return true; }", /a f64 can't be null: write Opt<f64>/],
  ["@filter() export function f(x: Opt<string>): bool { return true; }", /Opt is for numbers and bool: write string \| null/],
  ["@filter() export function f(x: List<i64> | null): bool { return true; }", /a list field is empty where/],
  ["@filter() export function f(x: List<List<i64>>): bool { return true; }", /a list is List<bool>, List<i64>/],
  ["@filter() @field(\"y\", { name: \"z\" }) export function f(x: f64): bool { return true; }", /no argument `y`; it has x/, 18],
  ["@filter() @field(\"x\") export function f(x: f64): bool { return true; }", /write @field\("argument", \{ … \}\)/],
  ["@filter() @field(\"x\", {}) @field(\"x\", {}) export function f(x: f64): bool { return true; }", /a decorator for `x` already/],
  ["@filter() @param(\"x\", {}) export function f(x: f64): bool { return true; }", /it is a field: write @field/],
  ["@filter() @field(\"x\", {}) export function f(x: Param<f64>): bool { return true; }", /it is a parameter: write @param/],
  ["@filter() @field(\"x\", { part: \"lat\" }) export function f(x: f64): bool { return true; }", /`part` is "lat" or "lon" of an f64 with `fromParam`/],
  ["@filter() @field(\"x\", { paramDefault: \"y\" }) export function f(x: f64): bool { return true; }", /`paramDefault` is for a field with/],
  ["@filter() @field(\"x\", { fromParam: \"p\" }) export function f(x: f64, p: Param<i64>): bool { return true; }", /`p` must be a string/],
  ["@filter() @field(\"x\", { fromParam: \"p\", paramDefault: \"q\" }) export function f(x: f64, p: Param<string>): bool { return true; }", /write `p: Param<string> = "q"`, and no `paramDefault`/, 55],
  ["@filter() @field(\"x\", { fromParam: \"p\" }) @field(\"y\", { fromParam: \"p\", paramDefault: \"q\" }) export function f(x: f64, y: f64): bool { return true; }", /write the `paramDefault` of `p` at the first field alone/, 87],
  ["@filter() @field(\"y\", { name: \"x\" }) export function f(x: f64, y: f64): bool { return true; }", /argument for the field `x` already/],
  ["@filter() @param(\"y\", { name: \"x\" }) export function f(x: Param<f64>, y: Param<f64>): bool { return true; }", /a parameter `x` already/],
  ["@filter() export function f(x: i64 = 1.5): bool { return true; }", /this is no i64, which `x` is/, 38],
  ["@filter() export function f(x: Param<i32> = 2147483648): bool { return true; }", /this is no i32/],
  ["@filter() export function f(x: bool = 0): bool { return true; }", /this is no bool/],
  ["@filter() @param(\"x\", { \"default\": [1] }) export function f(x: Param<List<Str>>): bool { return true; }", /this is no list of str/],
  ["@filter() @field(\"x\", { \"default\": 1 }) export function f(x: Opt<f64>): bool { return true; }", /no default: leave Opt/],
  ["@filter() @field(\"x\", { \"default\": 1 }) export function f(x: List<f64>): bool { return true; }", /it is empty where/],
  ["@filter() @field(\"x\", { \"default\": 1 }) export function f(x: f64 = 1): bool { return true; }", /has a default already/],
  ["@filter() @param(\"x\", { \"default\": 1 }) export function f(x: Param<Opt<f64>>): bool { return true; }", /is never absent/],
  ["@filter() export function f(a: Score, b: Score): bool { return true; }", /an argument of that type already/],
  ["@filter() export function f(): bool { return true; } @filter({ name: \"f\" }) export function g(): bool { return true; }", /a function `f` already/],
  ["@filter() export function memory(): bool { return true; }", /can't be called `memory`/],
  ["@filter() export function f(x): bool { return true; }", /`x` has no type; write bool, i64/, 29],
  ["@filter() export function f(x?: f64): bool { return true; }", /`\?` doesn't make an argument optional: write x: Opt<f64>/, 29],
  ["@filter() export function f(x?: Str): bool { return true; }", /write x: Str \| null/],
  ["@filter() export function f(x?: List<i64>): bool { return true; }", /leave the `\?` out/],
  ["@filter() export function f(x?: Score): bool { return true; }", /leave the `\?` out/],
  ["@filter() export function f(x?: Param<f64>): bool { return true; }", /write x: Param<Opt<f64>>/],
  ["@filter() export function f(x?: Param<string>): bool { return true; }", /write x: Param<string \| null>/],
  ["@filter() export function f(x?: Param<List<i64>>): bool { return true; }", /write x: Param<List<i64> \| null>/],
  ["@filter() @filed(\"x\", {}) export function f(x: f64): bool { return true; }", /there is no decorator @filed: write @field/, 11],
  ["@onec(\"x\", 1) @filter() export function f(x: f64): bool { return true; }", /there is no decorator @onec: write @once/, 1],
  [`${GOOD}@fliter() export function f(): bool { return true; }`, /there is no decorator @fliter: write @filter/, 50],
  ["@Filter() @field(\"x\", {}) export function f(x: f64): bool { return true; }", /there is no decorator @Filter: write @filter/, 1],
  [`${GOOD}@inlin function f(): bool { return true; }`, /there is no decorator @inlin: write @inline/, 50],
  ["@udf export function f(): bool { return true; }", /no decorator @udf: write @filter, @score, @value, @field, @param or @once/, 1],
  [`${GOOD}@field("x", {}) function f(x: f64): bool { return true; }`, /@field is for a function with a kind: write @filter, @score or @value/, 50],
  [`${GOOD}@param("x", {}) function f(x: f64): bool { return true; }`, /@param is for a function with a kind/, 50],
  [`${GOOD}@once("x", 1) function f(x: f64): bool { return true; }`, /@once is for a function with a kind/, 50],
  [`${GOOD}class C { @filter() f(): bool { return true; } }`, /@filter stands before a function at the top of a file/, 60],
  [`${GOOD}namespace N { @value() export function f(): bool { return true; } }`, /@value stands before a function at the top/, 64],
  ["@filter() export default function f(): bool { return true; }", /before a function at the top of a file, without `default`/, 1],
  ["@filter() @once(\"x\", words + 1) export function f(x: i32): bool { return x > 0; }", /Cannot find name 'words'/, 22],
];

for (const [source, said, column] of MISTAKES) {
  test(`complains about ${source}`, async () => {
    const text = await complaint(source);
    assert.match(text, said);
    assert.match(text, /in assembly\/index\.ts\(\d+,\d+\)/);
    if (column) assert.match(text, new RegExp(`in assembly/index\\.ts\\(2,${column}\\)`));
  });
}

test("mistakes of the language are told where they are", async () => {
  assert.match(await complaint("@filter() export function f(x: f64): bool { return x.foo; }"), /in assembly\/index\.ts\(2,\d+\)/);
});

test("decorators of the compiler's own, and those of classes, are left alone", async () => {
  const { functions } = await build(`
    @unsafe @global function half(x: f64): f64 { return x / 2; }
    @final @custom class Sum { constructor(public x: f64) {} @inline @operator("+") plus(y: Sum): Sum { return new Sum(this.x + y.x); } }
    @value() export function f(x: f64): f64 { return (new Sum(half(x)) + new Sum(1)).x; }`);
  assert.deepEqual(functions.f.run([{ x: 4 }]), [3]);
});

test("the manifest says what was written", async () => {
  const { functions } = await build(`
    /**
     * Is it "near",
     * and new?
     *
     * More about it.
     */
    @score({ name: "near-by", version: "2.0.0-rc.1", pure: false, maxScore: 3, limits: { memoryBytes: 65536, queryMs: 9 } })
    @field("lat", { fromParam: "field", paramDefault: "location", part: "lat", optional: true })
    @field("lon", { fromParam: "field", part: "lon" })
    @field("label", { name: "a.b" })
    @param("most", { name: "at_most", "default": 9007199254740993 })
    export function near(lat: f64, lon: f64, label: Str, tags: List<Str>, most: Param<i64>, word: Param<string | null>, score: Score): f64 {
      return lat + lon;
    }`);
  assert.deepEqual(functions["near-by"].manifest, {
    abi: 1, name: "near-by", version: "2.0.0-rc.1", description: 'Is it "near", and new?', kind: "score", max_score: 3,
    export: "near",
    fields: [
      { name: "lat", type: "f64", from_param: "field", part: "lat", optional: true },
      { name: "lon", type: "f64", from_param: "field", part: "lon" },
      { name: "a.b", type: "str" },
      { name: "tags", type: "str", list: true },
    ],
    params: [
      { name: "field", type: "str", default: "location" },
      { name: "at_most", type: "i64", default: 9007199254740992 },
      { name: "word", type: "str" },
    ],
    pure: false, inputs: ["score"], limits: { memory_bytes: 65536, query_ms: 9 },
  });
});

test("fields that parameters name are found by it", async () => {
  const { functions } = await build(`
    @value() @field("lat", { fromParam: "at", part: "lat" }) @field("text", { fromParam: "name" })
    export function v(lat: f64, text: string, name: Param<string> = "title"): string { return text + lat.toString() + name; }`);
  const documents = [{ title: "t", body: "b", home: { lat: 1, lon: 2 } }, { title: "t" }];
  assert.deepEqual(functions.v.run(documents, { parameters: { at: "home" } }), ["t1.0title", null]);
  assert.deepEqual(functions.v.run(documents, { parameters: { at: "home", name: "body" } }), ["b1.0body", null]);
});

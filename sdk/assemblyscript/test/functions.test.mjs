// Kinds of functions, what they can say beside an answer, and the loop around them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CallError, DocumentError, load } from "../testing.mjs";
import { build, compile } from "./compile.mjs";

const strict = "@filter() export function f(a: f64, b: i64): bool { return a < <f64>b; }";

test("a filter without a value says no, a score function 0, a value function nothing", async () => {
  const { functions } = await build(`
    @filter() export function f(x: f64): bool { return x >= 0; }
    @score() export function s(x: f64): f64 { return x + 1; }
    @value() export function v(x: f64): bool { return x > 0; }`);
  const documents = [{ x: 0 }, {}, { x: 2 }];
  assert.deepEqual(functions.f.run(documents), [true, false, true]);
  assert.deepEqual(functions.s.run(documents), [1, 0, 3]);
  assert.deepEqual(functions.v.run(documents), [false, null, true]);
});

test("every combination of missing values, in batches of many lengths", async () => {
  const { functions } = await build(strict);
  let state = 1;
  const chance = (limit) => (state = (state * 48271) % 2147483647) % 100 < limit;
  for (const length of [0, 1, 7, 8, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2500]) {
    for (const [missingA, missingB] of [[0, 0], [100, 0], [0, 100], [50, 50], [2, 0], [98, 1]]) {
      const documents = Array.from({ length }, () => ({
        ...(chance(missingA) ? {} : { a: chance(50) ? 1 : 3 }), ...(chance(missingB) ? {} : { b: 2 }),
      }));
      const expected = documents.map(({ a, b }) => a !== undefined && b !== undefined && a < b);
      assert.deepEqual(functions.f.run(documents), expected, `${length} documents`);
    }
  }
});

test("strings of documents that aren't asked about leave no gap", async () => {
  const { functions } = await build("@value() export function v(x: string): string { return x + x; }");
  const documents = Array.from({ length: 200 }, (_, i) => (i % 7 < 3 ? {} : { x: `ä${i}` }));
  assert.deepEqual(functions.v.run(documents), documents.map(({ x }) => (x ? x + x : null)));
});

test("an error is told with its document, and only there", async () => {
  const { functions, logs } = await build(`
    @filter() export function f(x: f64): bool { if (x < 0) return error("negative: " + x.toString()); return x > 1; }
    @score() export function s(x: f64): f64 { if (x < 0) return error("negative"); return x; }
    @value() export function v(x: f64): f64 { if (x < 0) return error("negative"); return x; }
    @value() export function i(x: i64): i64 { if (x < 0) return error("negative"); return x; }
    @value() export function t(x: f64): string { if (x < 0) error("negative"); return "t"; }`);
  const documents = [{ x: 2 }, { x: -3 }, {}, { x: -4 }, { x: 0 }];
  const [yes, first, missing, second, no] = functions.f.run(documents);
  assert.deepEqual([yes, missing, no], [true, false, false]);
  assert.ok(first instanceof DocumentError && second instanceof DocumentError);
  assert.deepEqual([first.message, second.message], ["negative: -3.0", "negative: -4.0"]);
  assert.deepEqual(logs.map((line) => line.level), [4, 4]);
  assert.deepEqual(functions.s.run(documents).map((x) => x.message ?? x), [2, "negative", 0, "negative", 0]);
  assert.deepEqual(functions.v.run(documents).map((x) => x?.message ?? x), [2, "negative", null, "negative", 0]);
  assert.deepEqual(functions.i.run(documents), [2, null, null, null, 0]);
  assert.deepEqual(functions.t.run(documents), ["t", null, null, null, "t"]);
});

test("answers that the engine doesn't take are errors of their documents", async () => {
  const { functions } = await build(`
    @score() export function s(x: f64): f64 { return 1 / x; }
    @score({ maxScore: 2 }) export function m(x: f64): f64 { return x; }
    @value() export function v(x: f64): f64 { return 1 / x; }
    @value() export function t(x: f64): string { return "🦀".slice(0, <i32>x); }`);
  const said = (name, values) => functions[name].run(values.map((x) => ({ x }))).map((answer) => {
    return answer instanceof DocumentError ? answer.message : answer;
  });
  const [one, zero, negative, infinite, large] = said("s", [1, -Infinity, -1, 0, 1e-300]);
  assert.deepEqual([one, zero], [1, 0]);
  assert.match(negative, /^the score is -1, expected a number from 0 to 3\.4/);
  assert.match(infinite, /^the score is Infinity, expected/);
  assert.match(large, /^the score is [0-9.]+e\+299, expected/);
  assert.deepEqual(said("m", [2, 2.5]), [2, "the score is 2.5, above the manifest's `max_score`, 2"]);
  assert.deepEqual(said("v", [2, 0]), [0.5, "the value is Infinity"]);
  assert.deepEqual(said("t", [2, 1, 0]), ["🦀", "the returned string is not UTF-8", ""]);
});

test("half of a surrogate pair in a log is replaced", async () => {
  const { functions, logs } = await build('@filter() export function f(): bool { log(Level.WARN, "🦀".slice(1) + "a"); return true; }');
  assert.deepEqual(functions.f.run([{}]), [true]);
  assert.match(logs[0].text, /^\ufffd+a$/);
});

test("a function that reads the score has one for each document", async () => {
  const { functions } = await build(`
    @score() export function f(x: Score): f64 { return x; }
    @score() export function g(): f64 { return 1; }`);
  const documents = Array.from({ length: 1500 }, () => ({}));
  const scores = documents.map((_, i) => i / 2);
  assert.deepEqual(functions.f.run(documents, { scores }), scores);
  assert.throws(() => functions.f.run(documents), /`f` reads the score: `scores` has 0 for 1500 documents/);
  assert.throws(() => functions.f.run(documents, { scores: scores.slice(1) }), /`scores` has 1499 for 1500/);
  for (const wrong of ["1", NaN, 1e39, undefined]) {
    assert.throws(() => functions.f.run([{}, {}], { scores: [1, wrong] }), /`scores`: number 1 is/);
  }
  assert.deepEqual(functions.g.run([{}]), [1]);
});

test("`missing` is no match, a score of 0, no value", async () => {
  const { functions } = await build(`
    @filter() export function f(x: f64): bool { if (x < 0) { missing(); return true; } return true; }
    @score() export function s(x: f64): f64 { if (x < 0) { missing(); return 9; } return 1; }
    @value() export function v(x: f64): i64 { if (x < 0) return missing(); return 1; }
    @value() export function t(x: f64): string { if (x < 0) missing(); return "t"; }`);
  const documents = [{ x: -1 }, { x: 1 }];
  assert.deepEqual(functions.f.run(documents), [false, true]);
  assert.deepEqual(functions.s.run(documents), [0, 1]);
  assert.deepEqual(functions.v.run(documents), [null, 1]);
  assert.deepEqual(functions.t.run(documents), [null, "t"]);
});

test("`fail` and `throw` end the call with text; `throw` tells the place", async () => {
  const { functions } = await build(`
    @filter() export function f(p: Param<f64>): bool { if (p < 0) fail("p is " + p.toString() + ", ä"); return true; }
    @filter() export function t(x: f64): bool { if (x < 0) throw new Error("x is negative"); return true; }
    @filter() export function r(x: List<f64>): bool { return x[1] > 0; }`);
  assert.deepEqual(functions.f.run([{}], { parameters: { p: 1 } }), [true]);
  assert.throws(() => functions.f.run([{}], { parameters: { p: -1 } }), new CallError("p is -1.0, ä"));
  assert.throws(() => functions.t.run([{ x: -1 }]), /x is negative \(assembly\/index\.ts:4:\d+\)/);
  assert.throws(() => functions.r.run([{ x: [1] }]), /item 1 of 1 \(.*list\.ts:\d+:\d+\)/);
});

test("lines of the log have their level", async () => {
  const { functions, logs } = await build('@filter() export function f(): bool { log(Level.WARN, "ä"); return true; }');
  functions.f.run([{}]);
  assert.deepEqual(logs, [{ level: 2, text: "ä" }]);
});

test("`trace` is a line of the log, and random numbers are the same each time", async () => {
  const { bytes } = await compile(`
    @value({ pure: false }) export function v(): f64 { const x = Math.random(); trace("x", 1, x); return x; }`);
  const [first, second] = [await load(bytes), await load(bytes)];
  const answers = first.functions.v.run([{}, {}]);
  assert.deepEqual(second.functions.v.run([{}, {}]), answers);
  assert.deepEqual(first.logs, answers.map((x) => ({ level: 0, text: `x ${x}` })));
});

test("`once` sees the parameters, and is computed once a batch", async () => {
  const { functions, logs } = await build(`
    class Words {
      set: Set<string> = new Set();
      constructor(words: List<string>, more: string | null) {
        log(Level.INFO, "made");
        for (let i = 0; i < words.length; i++) this.set.add(words[i]);
        if (more) this.set.add(more);
      }
    }
    @filter() @once("known", new Words(words, more))
    export function f(word: string, known: Words, words: Param<List<string>>, more: Param<string | null>): bool {
      return known.set.has(word);
    }`);
  const documents = ["a", "b", "c"].map((word) => ({ word }));
  assert.deepEqual(functions.f.run(documents, { parameters: { words: ["a", "c"] } }), [true, false, true]);
  assert.deepEqual(functions.f.run(documents, { parameters: { words: [], more: "b" } }), [false, true, false]);
  assert.equal(logs.length, 2);
});

test("views that `once` made outlive the documents, and those of documents don't", async () => {
  const { functions } = await build(`
    class Parts {
      list: Str[] = [];
      constructor(text: Str, count: i32) { for (let i = 0; i < count; i++) this.list.push(text.slice(i, i + 1)); }
    }
    @filter() @once("parts", new Parts(text, count))
    export function f(x: Str, parts: Parts, text: Param<Str>, count: Param<i32>): bool {
      for (let i = 0; i < parts.list.length; i++) if (!x.slice(i, i + 1).equals(parts.list[i])) return false;
      return true;
    }`);
  for (const count of [0, 3, 1000, 3]) {
    const text = "abc".repeat(count);
    const documents = [{ x: text }, { x: text.replace("b", "x") }, { x: text }];
    assert.deepEqual(functions.f.run(documents, { parameters: { text, count } }), [true, count === 0, true]);
  }
});

test("an author may say @inline", async () => {
  const { functions } = await build("@filter() @inline export function f(x: f64): bool { return x > 0; }");
  assert.deepEqual(functions.f.run([{ x: 1 }]), [true]);
});

test("a function that calls itself is compiled, too", async () => {
  const { functions } = await build(`
    @value() export function factorial(n: i64): i64 { return n < 2 ? 1 : n * factorial(n - 1); }`);
  assert.deepEqual(functions.factorial.run([{ n: 1 }, { n: 10 }]), [1, 3628800]);
});

test("functions may be in several files and use what is private there", async () => {
  const { functions } = await build('export * from "./other";\n@filter() export function f(x: f64): bool { return x > 0; }', {
    "assembly/other.ts": `
      const LIMIT: f64 = 5;
      function isBig(x: f64): bool { return x > LIMIT; }
      /** Is it big? */
      @filter({ name: "big" })
      function g(x: f64): bool { return isBig(x); }`,
  });
  assert.deepEqual(functions.f.run([{ x: 1 }]), [true]);
  assert.deepEqual(functions.big.run([{ x: 1 }, { x: 6 }]), [false, true]);
});

test("an argument may have the name of its function", async () => {
  const { functions } = await build("@filter() export function prefix(name: Str, prefix: Param<Str>): bool { return name.startsWith(prefix); }");
  assert.deepEqual(functions.prefix.run([{ name: "abc" }, { name: "b" }], { parameters: { prefix: "ab" } }), [true, false]);
});

test("memory grows with batches and with answers, and is used again", async () => {
  const { bytes } = await compile("@value() export function v(x: string, times: Param<i32>): string { return x.repeat(times); }");
  const { functions } = await load(bytes);
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(bytes), {
    diagon: { log() {}, fail() {} }, env: { abort() {} },
  });
  const addresses = [100, 5000, 4000, 1_000_000].map((size) => [exports.diagon_reserve(size), size]);
  for (const [address, size] of addresses) assert.ok(address + size + 64 <= exports.memory.buffer.byteLength);
  assert.equal(addresses[2][0], addresses[1][0]);
  const documents = Array.from({ length: 1000 }, (_, i) => ({ x: `${i} ${"x".repeat(i)}` }));
  for (const times of [1, 3, 0, 3]) {
    assert.deepEqual(functions.v.run(documents, { parameters: { times } }), documents.map(({ x }) => x.repeat(times)));
  }
});

test("what is in use is not collected: fields, parameters, what `once` made, items of lists", async () => {
  const { functions } = await build(`
    class Prepared {
      words: Map<string, string> = new Map();
      constructor(words: List<string>) { for (let i = 0; i < words.length; i++) this.words.set(words[i], words[i] + "!"); }
    }
    function litter(text: string): i32 {
      let length = 0;
      for (let i = 0; i < 200; i++) length += (text + i.toString()).length;
      return length;
    }
    @value() @once("prepared", new Prepared(words))
    export function v(
      x: string, y: string | null, list: List<string>, prepared: Prepared, words: Param<List<string>>, p: Param<string>, q: Param<string | null>,
    ): string {
      const item = list[0];
      const joined = x + "," + item;
      if (litter(x) < 0) return "";
      return joined + "," + x + "," + (y ? y : "-") + "," + item + "," + p + "," + (q ? q : "-") + "," + prepared.words.get(p);
    }`);
  const parameters = { words: ["a", "b", "long enough to be garbage"], p: "long enough to be garbage", q: "ä" };
  const documents = Array.from({ length: 1000 }, (_, i) => ({ x: `x${i}`, ...(i % 3 ? { y: `y${i}` } : {}), list: [`item ${i}`] }));
  const expected = documents.map(({ x, y, list: [item] }) => [x, item, x, y ?? "-", item, parameters.p, "ä", `${parameters.p}!`].join());
  for (let i = 0; i < 3; i++) assert.deepEqual(functions.v.run(documents, { parameters }), expected);
});

test("garbage of many batches is collected", async () => {
  const { bytes } = await compile("@value() export function v(x: string): i64 { return (x + x + x).length; }");
  const loaded = await load(bytes);
  const { functions } = loaded;
  const documents = Array.from({ length: 1024 }, () => ({ x: "x".repeat(500) }));
  for (let i = 0; i < 200; i++) assert.equal(functions.v.run(documents)[1023], 1500);
  assert.ok(loaded.memoryBytes < 16 * 1024 * 1024, `${loaded.memoryBytes} bytes`);
});

test("the module imports nothing but what the engine has", async () => {
  const { bytes } = await compile(`
    @score() export function s(x: f64): f64 { return Math.log1p(x) + Math.exp(x) + Math.pow(x, 0.5) + Math.sin(x); }
    @filter() export function f(x: string): bool { return x.length > 3 || error("short"); }`);
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(bytes)).map(({ module, name }) => `${module}.${name}`);
  assert.deepEqual(imports.sort(), ["diagon.log", "env.abort"]);
});

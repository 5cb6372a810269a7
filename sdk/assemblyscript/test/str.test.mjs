// Strings as views of bytes, beside strings of JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { build } from "./compile.mjs";

const TEXTS = ["", "a", "ab", "abc", "ä", "äb", "bä", "🦀", "🦀a", "a🦀", "abcdefgh", "abcdefghi", "abcdefgh🦀", "xxabcdefghi", "aäaä", "é€🦀é"];

// Each comparison with a parameter that is a view, and with one that is a string of the language.
const SOURCE = (type) => `
  @filter() export function equals(x: Str, y: Param<${type}>): bool { return x.equals(y); }
  @filter() export function startsWith(x: Str, y: Param<${type}>): bool { return x.startsWith(y); }
  @filter() export function endsWith(x: Str, y: Param<${type}>): bool { return x.endsWith(y); }
  @filter() export function includes(x: Str, y: Param<${type}>): bool { return x.includes(y); }
  @value() export function indexOf(x: Str, y: Param<${type}>): i64 { return x.indexOf(y); }`.replaceAll(
    /@(filter|value)\(\) export function (\w*[A-Z]\w*)/g, (_, kind, name) => `@${kind}({ name: "${name.toLowerCase()}" }) export function ${name}`);

for (const type of ["Str", "string"]) {
  test(`comparisons with a ${type} are those of JavaScript`, async () => {
    const { functions } = await build(SOURCE(type));
    const documents = TEXTS.map((x) => ({ x }));
    const bytes = (text) => Buffer.from(text);
    const twins = {
      equals: (x, y) => x === y,
      startswith: (x, y) => x.startsWith(y),
      endswith: (x, y) => x.endsWith(y),
      includes: (x, y) => x.includes(y),
      indexof: (x, y) => bytes(x).indexOf(bytes(y)),
    };
    for (const y of [...TEXTS, "ä".repeat(9), "\u00e9", "\ufffd"]) {
      for (const [name, twin] of Object.entries(twins)) {
        assert.deepEqual(functions[name].run(documents, { parameters: { y } }), TEXTS.map((x) => twin(x, y)), `${name} ${y}`);
      }
    }
  });
}

test("order, bytes, slices", async () => {
  const { functions } = await build(`
    @value() export function order(x: Str, y: Param<Str>): i64 { const o = x.compare(y); return o < 0 ? -1 : o > 0 ? 1 : 0; }
    @value() export function byte(x: Str, n: Param<i32>): i64 { return x.byteAt(n); }
    @value() export function part(x: Str, from: Param<i32>, to: Param<i32>): Str { return x.slice(from, to); }
    @filter() export function same(x: Str, y: Param<Str>): bool { return x == y && !(x != y); }`);
  const documents = TEXTS.map((x) => ({ x }));
  for (const y of TEXTS) {
    assert.deepEqual(functions.order.run(documents, { parameters: { y } }), TEXTS.map((x) => Buffer.compare(Buffer.from(x), Buffer.from(y))));
    assert.deepEqual(functions.same.run(documents, { parameters: { y } }), TEXTS.map((x) => x === y));
  }
  assert.deepEqual(functions.byte.run([{ x: "aä" }], { parameters: { n: 1 } }), [0xc3]);
  assert.throws(() => functions.byte.run([{ x: "a" }], { parameters: { n: 1 } }), /byte 1 of 1/);
  for (const [from, to] of [[0, 2], [1, 3], [-1, 99], [3, 1], [9, 12]]) {
    const expected = Buffer.from("abcd").subarray(Math.max(from, 0), Math.max(to, 0)).toString();
    assert.deepEqual(functions.part.run([{ x: "abcd" }], { parameters: { from, to } }), [expected]);
  }
});

test("items of a list are views of their own, however many", async () => {
  const { functions } = await build(`
    @filter() export function different(x: List<Str>): bool {
      const first = x[0];
      for (let i = 1; i < x.length; i++) if (x[i].equals(first)) return false;
      return first.equals(x[0]);
    }`);
  const many = Array.from({ length: 5000 }, (_, i) => `item ${i}`);
  for (let i = 0; i < 3; i++) assert.deepEqual(functions.different.run([{ x: many }, { x: ["a", "b", "a"] }, { x: ["a", "b"] }]), [true, false, true]);
});

test("constants and copies outlive the batch", async () => {
  const { functions } = await build(`
    const SOLD_OUT = Str.of("ausverkauft 🦀");
    let last: Str | null = null;
    @filter({ pure: false }) export function f(x: Str): bool { return x.equals(SOLD_OUT); }
    @value({ pure: false }) export function previous(x: Str): Str | null { const before = last; last = x.copy(); return before; }`);
  assert.deepEqual(functions.f.run([{ x: "ausverkauft 🦀" }, { x: "ausverkauft" }]), [true, false]);
  assert.deepEqual(functions.previous.run([{ x: "eins" }, { x: "zwei" }]), [null, "eins"]);
  assert.deepEqual(functions.previous.run([{ x: "drei" }]), ["zwei"]);
});

// Filters that are run on eight documents at a time, beside JavaScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { build, compile } from "./compile.mjs";

const VECTOR = [
  ["a < p", (a, b, p) => a < p], ["a <= p", (a, b, p) => a <= p], ["p < a", (a, b, p) => p < a], ["a >= p", (a, b, p) => a >= p],
  ["a == p", (a, b, p) => a === p], ["a != p", (a, b, p) => a !== p], ["a > -1.5", (a) => a > -1.5], ["b <= -1", (a, b) => b <= -1],
  ["a != 1", (a) => a !== 1], ["a > p && b < q", (a, b, p, q) => a > p && b < q], ["a > p || b > q", (a, b, p, q) => a > p || b > q],
  ["!(a > p) && (b != q || a == 0)", (a, b, p, q) => !(a > p) && (b !== q || a === 0)],
];
const NUMBERS = [0, -0, 1, -1, -1.5, 2, Infinity, -Infinity, NaN, 1e300];
const filter = (condition) => `@filter() export function f(a: f64, b: i64, p: Param<f64>, q: Param<i64>): bool { return ${condition}; }`;
/** Whether there is an instruction in the code that only the loop over eight documents has: i16x8.narrow_i32x4_s. */
const hasVectors = async (source) => Buffer.from((await compile(source)).bytes).includes(Buffer.from([0xfd, 0x85, 0x01]));

for (const [condition, twin] of VECTOR) {
  test(`${condition} is vectorized, and right`, async () => {
    assert.ok(await hasVectors(filter(condition)));
    const { functions } = await build(filter(condition));
    for (const length of [1, 7, 8, 9, 64, 100]) {
      // Some documents lack a value, from the 50th on.
      const documents = Array.from({ length }, (_, i) => ({ a: NUMBERS[(i * 7) % 10], ...(i > 50 && i % 11 === 0 ? {} : { b: (i % 5) - 2 }) }));
      for (const [p, q] of [[0, 0], [1, -1], [-1.5, 2], [Infinity, 1]]) {
        const expected = documents.map(({ a, b }) => b !== undefined && twin(a, b, p, q));
        assert.deepEqual(functions.f.run(documents, { parameters: { p, q } }), expected);
      }
    }
  });
}

const SINGLE = [
  ["a + 1 < p", false], ["p < 1", true], ["a < <f64>b", true], ["a < p && b", false], ["Math.abs(a) < p", false], ["a < LIMIT", true], ["a < 0x10", true],
];

for (const [condition, expected] of SINGLE) {
  test(`${condition} is run on single documents`, async () => {
    const source = `const LIMIT: f64 = 1;\n${filter(condition)}`;
    assert.ok(!(await hasVectors(source)));
    const { functions } = await build(source);
    assert.deepEqual(functions.f.run([{ a: 0, b: 1 }, { a: 0 }], { parameters: { p: 0, q: 0 } }), [expected, false]);
  });
}

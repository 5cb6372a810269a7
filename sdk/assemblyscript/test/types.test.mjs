// Each type of field, parameter and answer, with values there and missing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { build } from "./compile.mjs";

const SCALARS = [
  ["f64", [0.5, -1e300, 0]],
  ["i64", [7, -(2n ** 63n), 2n ** 63n - 1n, 0]],
  ["bool", [true, false]],
  ["string", ["", "häßlich 🦀", "a\0b"]],
  ["Str", ["", "häßlich 🦀", "a\0b"]],
];

for (const [type, values] of SCALARS) {
  test(`a field of ${type} is asked for where it has a value`, async () => {
    const { functions } = await build(`@value() export function same(x: ${type}): ${type} { return x; }`);
    const documents = [{}, ...values.map((x) => ({ x })), { x: null }, {}];
    assert.deepEqual(functions.same.run(documents), [null, ...values, null, null]);
  });

  test(`a list of ${type} has all values`, async () => {
    const { functions } = await build(`
      @value() export function nth(x: List<${type}>, n: Param<i32>): ${type} {
        if (n < x.length) return x[n];
        missing();
        return ${{ string: '""', Str: "Str.view(0, 0)" }[type] ?? "0"};
      }
      @value() export function count(x: List<${type}>): i64 { return x.length; }
      @filter() export function has(x: List<${type}>, y: Param<${type}>): bool { return x.includes(y); }`);
    const documents = [{ x: values }, {}, { x: values[0] }, { x: [] }, { x: [values[1], values[1]] }];
    assert.deepEqual(functions.count.run(documents), [values.length, 0, 1, 0, 2]);
    assert.deepEqual(functions.nth.run(documents, { parameters: { n: 1 } }), [values[1], null, null, null, values[1]]);
    assert.deepEqual(functions.has.run(documents, { parameters: { y: values[1] } }), [true, false, false, false, true]);
  });
}

for (const [type, values] of SCALARS.slice(0, 3)) {
  test(`an optional ${type} tells missing from zero`, async () => {
    const { functions } = await build(`
      @value() export function told(x: Opt<${type}>): string { return x.has ? x.value.toString() : "missing"; }
      @value() export function or(x: Opt<${type}>, y: Param<${type}>): ${type} { return x.or(y); }`);
    const zero = type === "bool" ? false : 0;
    const text = { f64: "0.0", i64: "0", bool: "false" }[type];
    assert.deepEqual(functions.told.run([{}, { x: zero }, { x: null }]), ["missing", text, "missing"]);
    assert.deepEqual(functions.or.run([{}, { x: zero }], { parameters: { y: values[0] } }), [values[0], zero]);
  });
}

for (const type of ["string", "Str", "Param<Str | null>"]) {
  test(`${type} compared with null, and a string behind it`, async () => {
    const argument = type.startsWith("Param") ? type : `${type} | null`;
    const { functions } = await build(`
      @value() export function a(x: ${argument}): i64 { if (x == null) return -1; return x.length; }
      @value() export function b(x: ${argument}): i64 { if (x === null) { return -1; } else { return x.length; } }
      @value() export function c(x: ${argument}): i64 { return x != null ? x.length : -1; }
      @value() export function d(x: ${argument}, least: Param<i32>): bool { return x !== null && x.length >= least; }
      @value() export function e(x: ${argument}): bool { return ${type === "string" ? "x == null" : "null == x"}; }`);
    const answers = (name, parameters) => type.startsWith("Param")
      ? [{}, { x: "" }, { x: "abc" }].map((given) => functions[name].run([{}], { parameters: { ...given, ...parameters } })[0])
      : functions[name].run([{}, { x: "" }, { x: "abc" }], { parameters });
    for (const name of ["a", "b", "c"]) assert.deepEqual(answers(name), [-1, 0, 3], name);
    assert.deepEqual(answers("d", { least: 0 }), [false, true, true]);
    assert.deepEqual(answers("e"), [true, false, false]);
  });
}

test("a Str that may be null is compared with others, and with null anywhere", async () => {
  const { functions } = await build(`
    function isThere(x: Str | null): bool { return x != null; }
    @value() export function same(x: Str | null, y: Str | null): bool { return x == y; }
    @value() export function there(x: Str | null): bool { return isThere(x); }
    @value() export function hidden(x: Str | null): i64 {
      for (let i = 0; i < 1; i++) { const x: string | null = ""; if (x == null) return 1; }
      return x == null ? 2 : x.length;
    }`);
  assert.deepEqual(functions.hidden.run([{}, { x: "abc" }]), [2, 3]);
  assert.deepEqual(functions.same.run([{}, { x: "a" }, { y: "a" }, { x: "a", y: "a" }, { x: "a", y: "b" }]), [true, false, false, true, false]);
  assert.deepEqual(functions.there.run([{}, { x: "" }]), [false, true]);
});

for (const type of ["string", "Str"]) {
  test(`an optional ${type} tells missing from empty`, async () => {
    const { functions } = await build(`
      @value() export function length(x: ${type} | null): i64 { return x ? x.length : -1; }
      @value() export function same(x: ${type} | null): ${type} | null { return x; }`);
    assert.deepEqual(functions.length.run([{}, { x: "" }, { x: "abc" }]), [-1, 0, 3]);
    const documents = [{}, { x: "" }, { x: "ä" }, { x: "b" }, {}, { x: "ä" }];
    for (const dictionaries of [false, true]) {
      assert.deepEqual(functions.same.run(documents, { dictionaries }), [null, "", "ä", "b", null, "ä"]);
    }
  });
}

test("of several values, a field that is no list has the smallest", async () => {
  const { functions } = await build("@value() export function same(x: f64): f64 { return x; }");
  assert.deepEqual(functions.same.run([{ x: [3, 1, 2] }, { x: [] }]), [1, null]);
});

test("defaults of fields stand for missing values, behind the argument or in its decorator", async () => {
  const { functions } = await build(`
    @value() @field("a", { "default": -1.5 })
    export function all(a: f64, b: i64 = -9, c: bool = true, d: Str = "ü", e: string = "e"): string {
      return [a.toString(), b.toString(), c.toString(), d.toString(), e].join(" ");
    }`);
  const document = { a: 2, b: 1, c: false, d: "d", e: "" };
  assert.deepEqual(functions.all.run([document, {}, { b: 0 }]), ["2.0 1 false d ", "-1.5 -9 true ü e", "-1.5 0 true ü e"]);
});

test("parameters of each type arrive", async () => {
  const { functions } = await build(`
    @value() export function all(
      a: Param<bool>, b: Param<i32>, c: Param<i64>, d: Param<f32>, e: Param<f64>, f: Param<string>, g: Param<Str>,
    ): string {
      return [a.toString(), b.toString(), c.toString(), d.toString(), e.toString(), f, g.toString()].join(" ");
    }`);
  const parameters = { a: true, b: -(2 ** 31), c: 2n ** 63n - 1n, d: 0.25, e: 1.5, f: "ä", g: "🦀" };
  assert.deepEqual(functions.all.run([{}], { parameters }), ["true -2147483648 9223372036854775807 0.25 1.5 ä 🦀"]);
});

test("lists of parameters of each type arrive", async () => {
  const { functions } = await build(`
    function sum<T>(list: List<T>): string {
      let text = list.length.toString();
      for (let i = 0; i < list.length; i++) text += "," + list[i].toString();
      return text;
    }
    @value() export function all(
      a: Param<List<bool>>, b: Param<List<i32>>, c: Param<List<i64>>, d: Param<List<f32>>, e: Param<List<f64>>,
      f: Param<List<string>>, g: Param<List<Str>>,
    ): string {
      return [sum(a), sum(b), sum(c), sum(d), sum(e), sum(f), sum(g)].join(" ");
    }`);
  const parameters = { a: [true, false], b: [-1], c: [2n ** 62n], d: [0.5, 2], e: [], f: ["x", ""], g: ["ä", "🦀"] };
  assert.deepEqual(functions.all.run([{}], { parameters }), ["2,true,false 1,-1 1,4611686018427387904 2,0.5,2.0 0 2,x, 2,ä,🦀"]);
});

test("absent parameters are seen, and defaults stand for them", async () => {
  const { functions } = await build(`
    @value() @param("z", { "default": ["p", "q"] })
    export function all(
      z: Param<List<Str>>, a: Param<Opt<i64>>, b: Param<string | null>, c: Param<Str | null>, d: Param<List<f64> | null>,
      e: Param<i64> = 5, f: Param<bool> = true, g: Param<string> = "g",
    ): string {
      return [z.length.toString(), a.has ? a.value.toString() : "-", b ? b : "-", c ? c.toString() : "-",
        d ? d.length.toString() : "-", e.toString(), f.toString(), g].join(" ");
    }`);
  assert.deepEqual(functions.all.run([{}]), ["2 - - - - 5 true g"]);
  const parameters = { z: [], a: 0, b: "", c: "c", d: [], e: -1, f: false, g: "" };
  assert.deepEqual(functions.all.run([{}], { parameters }), ["0 0  c 0 -1 false "]);
  assert.throws(() => functions.all.run([{}], { parameters: { h: 1 } }), /no parameter `h`/);
});

test("inputs arrive", async () => {
  const { functions } = await build(`
    @value() export function all(score: Score, document: DocId, id: Id): string {
      return score.toString() + " " + document.toString() + " " + id.toString();
    }`);
  assert.deepEqual(functions.all.manifest.inputs, ["score", "doc_id", "id"]);
  assert.deepEqual(functions.all.run([{ _id: "ä" }, {}], { scores: [0.5, 3] }), ["0.5 0 ä", "3.0 1 1"]);
});

// Filters that only compare numbers, `return a <= b && c >= 0;`, are also written for eight documents at a time: the compiler
// doesn't vectorize. What isn't of that form is left to the loop over single documents.

import { textOf } from "./literals.mjs";

/** Documents at a time, and how many of them a vector has. */
const STEP = 8, LANES = 2;
const BYTES = 8;

/** Lines before the loop, and the loop over eight documents at a time; null if the function isn't of that form. */
export function vectorLoop(fn, compiler) {
  if (fn.kind !== "filter") return null;
  const statements = fn.declaration.body.statements ?? [];
  const { NodeKind } = compiler;
  if (statements.length !== 1 || statements[0].kind !== NodeKind.Return || !statements[0].value) return null;
  const vector = new VectorWriter(fn, compiler);
  const pairs = Array.from({ length: STEP / LANES }, (_, i) => vector.mask(statements[0].value, i * LANES * BYTES));
  if (pairs.includes(null)) return null;
  const loop = `for (; i$ + ${STEP} <= end$; i$ += ${STEP}) {
      const at$ = <usize>i$ * ${BYTES};
      diagon$.putEightVerdicts(out$ + i$,
        ${pairs.join(",\n        ")});
    }`;
  return { setup: [...vector.splats.values()], loop };
}

class VectorWriter {
  /** Vectors with a parameter or literal in each lane: the lines that make them, by what is in them. */
  splats = new Map();

  constructor(fn, compiler) {
    const { NodeKind, Token } = compiler;
    this.args = fn.args;
    this.compiler = compiler;
    this.logic = new Map([[Token.Ampersand_Ampersand, "and"], [Token.Bar_Bar, "or"]]);
    this.comparisons = new Map([
      [Token.LessThan, "lt"], [Token.LessThan_Equals, "le"], [Token.GreaterThan, "gt"], [Token.GreaterThan_Equals, "ge"],
      [Token.Equals_Equals, "eq"], [Token.Exclamation_Equals, "ne"],
    ]);
    this.kinds = NodeKind;
  }

  /** The code of a condition's mask for two documents, `offset` bytes behind the first of the eight; null if it can't be. */
  mask(node, offset) {
    if (node.kind === this.kinds.Parenthesized) return this.mask(node.expression, offset);
    if (node.kind === this.kinds.UnaryPrefix && node.operator === this.compiler.Token.Exclamation) {
      return joined("v128.not", this.mask(node.operand, offset));
    }
    if (node.kind !== this.kinds.Binary) return null;
    if (this.logic.has(node.operator)) {
      return joined(`v128.${this.logic.get(node.operator)}`, this.mask(node.left, offset), this.mask(node.right, offset));
    }
    return this.comparisons.has(node.operator) ? this.comparison(node, offset) : null;
  }

  comparison(node, offset) {
    const left = this.operand(node.left), right = this.operand(node.right);
    const type = left?.type ?? right?.type;
    if (!left || !right || (right.type ?? type) !== type || !(left.field || right.field)) return null;
    if (type === "i64" && (left.fraction || right.fraction)) return null;
    return joined(`v128.${this.comparisons.get(node.operator)}<${type}>`, this.lanes(left, type, offset), this.lanes(right, type, offset));
  }

  /** A field or parameter of 64 bits, or a literal, which has the other one's type. */
  operand(node) {
    if (node.kind === this.kinds.Identifier) {
      const index = this.args.findIndex((arg) => arg.identifier === node.text);
      const arg = this.args[index];
      if (!arg || arg.shape !== "bare" || !["i64", "f64"].includes(arg.type)) return null;
      return { type: arg.type, field: arg.role === "field", code: `a${index}$` };
    }
    const text = textOf(node);
    return /^-?[0-9][0-9_]*(\.[0-9]+)?$/.test(text) ? { code: text, fraction: text.includes(".") } : null;
  }

  lanes(operand, type, offset) {
    if (operand.field) return `v128.load(${operand.code} + at$, ${offset})`;
    const key = `${type} ${operand.code}`;
    if (!this.splats.has(key)) this.splats.set(key, `const splat${this.splats.size}$ = v128.splat<${type}>(${operand.code});`);
    return this.splats.get(key).split(" ")[1];
  }
}

function joined(operation, ...parts) {
  return parts.includes(null) ? null : `${operation}(${parts.join(", ")})`;
}

// Values that an author writes in a decorator or as a default.

/** A reader of literals; what is none is complained about, and `undefined`. */
export function literalReader(compiler, complaints) {
  const { NodeKind, LiteralKind, Token } = compiler;

  function read(node) {
    switch (node.kind) {
      case NodeKind.True:
        return true;
      case NodeKind.False:
        return false;
      case NodeKind.UnaryPrefix:
        if (node.operator === Token.Minus) return negative(read(node.operand));
        break;
      case NodeKind.Literal:
        return readLiteral(node);
    }
    complaints.at(node, "this must be a literal: a number, a string, true, false, […] or {…}");
    return undefined;
  }

  function readLiteral(node) {
    switch (node.literalKind) {
      case LiteralKind.Integer:
        return integer(textOf(node));
      case LiteralKind.Float:
        return Number(textOf(node).replaceAll("_", ""));
      case LiteralKind.String:
        return node.value;
      case LiteralKind.Array:
        return node.elementExpressions.map(read);
      case LiteralKind.Object:
        return new Map(node.names.map((name, i) => [name.text, { name, node: node.values[i], value: read(node.values[i]) }]));
    }
    complaints.at(node, "this must be a number, a string, true, false, […] or {…}");
    return undefined;
  }

  return read;
}

/** The source text of a node. */
export function textOf(node) {
  return node.range.source.text.slice(node.range.start, node.range.end);
}

// Integers beyond 2^53 stay exact.
function integer(text) {
  const exact = BigInt(text.replaceAll("_", ""));
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

function negative(value) {
  return typeof value === "number" || typeof value === "bigint" ? -value : undefined;
}

/** JSON text, also of integers beyond 2^53. */
export function toJson(value) {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(toJson).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${toJson(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** The doc comment that ends where a declaration begins: its first paragraph, in one line. */
export function docComment(source, start) {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.text.slice(0, start));
  if (!comment) return undefined;
  const lines = comment[1].split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trim());
  return lines.join("\n").trim().split(/\n\s*\n/)[0].replaceAll("\n", " ");
}

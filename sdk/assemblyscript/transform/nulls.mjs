// `word == null` of an argument that is `Str | null`. As an overloaded operator the comparison would be right, but the compiler
// wouldn't see that the argument is a `Str` behind it. Of an address it does: `!changetype<usize>(word)`.

/** Writes the comparisons with `null` in a function's body so. */
export function rewriteNullTests(fn, compiler) {
  const names = fn.args.filter((arg) => arg.item === "Str" && arg.shape === "nullable").map((arg) => arg.identifier);
  if (names.length) new NullTests(names, compiler).rewriteIn(fn.declaration.body);
}

class NullTests {
  constructor(names, compiler) {
    const { Token } = compiler;
    this.names = names;
    this.compiler = compiler;
    this.equal = [Token.Equals_Equals, Token.Equals_Equals_Equals];
    this.unequal = [Token.Exclamation_Equals, Token.Exclamation_Equals_Equals];
  }

  rewriteIn(parent) {
    for (const [key, value] of Object.entries(parent)) {
      if (Array.isArray(value)) this.rewriteIn(value);
      else if (value instanceof this.compiler.Node) parent[key] = this.rewritten(value);
    }
  }

  rewritten(node) {
    this.rewriteIn(node);
    const tested = this.testedForNull(node);
    if (!tested) return node;
    const isNull = this.not(this.addressOf(tested), node.range);
    return this.equal.includes(node.operator) ? isNull : this.not(isNull, node.range);
  }

  /** The argument that a comparison tests, on either side. */
  testedForNull(node) {
    const { NodeKind } = this.compiler;
    if (node.kind !== NodeKind.Binary || ![...this.equal, ...this.unequal].includes(node.operator)) return null;
    const sides = [node.left, node.right];
    const argument = sides.find((side) => side.kind === NodeKind.Identifier && this.names.includes(side.text));
    return argument && sides.some((side) => side.kind === NodeKind.Null) ? argument : null;
  }

  addressOf({ range, text }) {
    const { Node } = this.compiler;
    const [changetype, argument] = ["changetype", text].map((name) => Node.createIdentifierExpression(name, range));
    const usize = Node.createNamedType(Node.createSimpleTypeName("usize", range), null, false, range);
    return Node.createCallExpression(changetype, [usize], [argument], range);
  }

  not(operand, range) {
    const { Node, Token } = this.compiler;
    return Node.createUnaryPrefixExpression(Token.Exclamation, operand, range);
  }
}

// What is wrong with an author's source: told as the compiler tells its own errors, with file, line and column.

export class Complaints {
  #parser;
  #code;
  any = false;

  constructor(parser, compiler) {
    this.#parser = parser;
    this.#code = compiler.DiagnosticCode.Transform_0_1;
  }

  /** Says what is wrong at a node, and how to write it. */
  at(node, message) {
    this.any = true;
    this.#parser.error(this.#code, node.range, "diagon-udf", message);
  }
}

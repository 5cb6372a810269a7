// Reads the functions that an author decorated into a model, from which manifest and code are written.

import { checkDecorators, DETAILS, KINDS } from "./decorators.mjs";
import { docComment, textOf } from "./literals.mjs";
import { readOptions } from "./options.mjs";
import { ARGUMENTS, optionalType, readReturn, readType } from "./types.mjs";

const RETURNS = { filter: "bool", score: "f64", value: "bool, i64, f64, string, Str, string | null or Str | null" };

/** All decorated functions of a source. */
export function readFunctions(source, compiler, complaints, read) {
  const functions = [];
  for (const statement of source.statements) {
    checkDecorators(statement, compiler, complaints);
    const kinds = (statement.decorators ?? []).filter((decorator) => KINDS.includes(decorator.name.text));
    if (!kinds.length) continue;
    if (statement.kind !== compiler.NodeKind.FunctionDeclaration || !statement.body || statement.typeParameters) {
      complaints.at(statement, `@${kinds[0].name.text} stands before a function with a body and without type parameters`);
    } else if (kinds.length > 1) {
      complaints.at(kinds[1], `a function is one of @${KINDS.join(", @")}`);
    } else {
      functions.push(new FunctionReader(source, statement, compiler, complaints, read).read(kinds[0]));
    }
  }
  return functions;
}

class FunctionReader {
  constructor(source, declaration, compiler, complaints, read) {
    Object.assign(this, { source, declaration, compiler, complaints, readLiteral: read });
  }

  read(decorator) {
    const { declaration, complaints } = this;
    const kind = decorator.name.text;
    const options = readOptions(kind, decorator.args?.[0], this.compiler, complaints, this.readLiteral);
    const { signature } = declaration;
    const returns = readReturn(kind, signature.returnType, this.compiler);
    if (!returns) complaints.at(signature.returnType, `a ${kind} function returns ${RETURNS[kind]}`);
    const details = this.readDetails(signature.parameters);
    return {
      source: this.source,
      declaration,
      identifier: declaration.name.text,
      kind,
      options,
      returns,
      description: options.description?.value ?? docComment(this.source, this.start()),
      args: signature.parameters.map((parameter) => this.readArgument(parameter, details.get(parameter.name.text))),
    };
  }

  /** Where the declaration begins, decorators included. */
  start() {
    return Math.min(this.declaration.range.start, ...this.declaration.decorators.map((decorator) => decorator.range.start));
  }

  /** The decorators that tell details of an argument, by its name. */
  readDetails(parameters) {
    const details = new Map();
    for (const decorator of this.declaration.decorators) {
      const kind = decorator.name.text;
      if (!DETAILS.includes(kind)) continue;
      const [nameNode, value] = decorator.args ?? [];
      const name = nameNode && this.readLiteral(nameNode);
      if (!value) {
        this.complaints.at(decorator, `write @${kind}("argument", ${kind === "once" ? "expression" : "{ … }"})`);
      } else if (!parameters.some((parameter) => parameter.name.text === name)) {
        const names = parameters.map((parameter) => parameter.name.text).join(", ");
        this.complaints.at(nameNode, `the function has no argument \`${name}\`; it has ${names}`);
      } else if (details.has(name)) {
        this.complaints.at(decorator, `there is a decorator for \`${name}\` already`);
      } else {
        details.set(name, { kind, decorator, value });
      }
    }
    return details;
  }

  readArgument(parameter, detail) {
    const argument = { node: parameter, identifier: parameter.name.text, typeText: textOf(parameter.type) };
    if (detail?.kind === "once") {
      return { ...argument, role: "once", expression: detail.value };
    }
    if (!argument.typeText) {
      this.complaints.at(parameter, `\`${argument.identifier}\` has no type; write ${ARGUMENTS}`);
      return { ...argument, role: "wrong" };
    }
    const type = readType(parameter.type, this.compiler, this.complaints);
    if (!type) return { ...argument, role: "wrong" };
    const isOptional = parameter.parameterKind === this.compiler.ParameterKind.Optional;
    // One with a default is optional to the compiler, too.
    if (isOptional && !parameter.initializer) this.complainOptional(argument, type);
    if (detail && detail.kind !== type.role) this.complainRole(argument, type, detail);
    const options = detail?.kind === type.role
      ? readOptions(detail.kind, detail.value, this.compiler, this.complaints, this.readLiteral) : {};
    return { ...argument, ...type, options, name: options.name?.value ?? argument.identifier, default: this.readDefault(parameter, options) };
  }

  /** `x?: f64`: the compiler takes it, and it would be asked for like `x: f64`. */
  complainOptional(argument, type) {
    const right = optionalType(type);
    const how = right === argument.typeText ? "leave the `?` out" : `write ${argument.identifier}: ${right}`;
    this.complaints.at(argument.node, `\`?\` doesn't make an argument optional: ${how}`);
  }

  complainRole(argument, type, detail) {
    const hint = type.role === "param" ? 'it is a parameter: write @param("…", { … })'
      : type.role === "field" ? "it is a field: write @field, or Param<…> as its type" : "it needs no details";
    this.complaints.at(detail.decorator, `@${detail.kind} of \`${argument.identifier}\`: ${hint}`);
  }

  /** A default is written `= value` behind the argument, or in its decorator. */
  readDefault(parameter, options) {
    const { initializer } = parameter;
    if (initializer && options.default) this.complaints.at(options.default.node, "the argument has a default already");
    return initializer ? { node: initializer, value: this.readLiteral(initializer) } : options.default;
  }
}

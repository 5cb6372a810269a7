// A transform of the AssemblyScript compiler (`asc --transform`): makes functions of the search engine of the functions that
// an author decorated. It writes the manifest into the module, and the code that reads batches.

import { resolve } from "node:path";

import { loadCompiler } from "./transform/compiler.mjs";
import { Complaints } from "./transform/complaints.mjs";
import { readFunctions } from "./transform/functions.mjs";
import { batchFunction, exportsOf, IMPORTS, insertExpressions } from "./transform/glue.mjs";
import { literalReader, textOf, toJson } from "./transform/literals.mjs";
import { manifestOf } from "./transform/manifest.mjs";
import { rewriteNullTests } from "./transform/nulls.mjs";

/** Where the compiler is told that the code that was written is. */
const EXPORTS = "diagon-udf-exports.ts";
const GLUE = "diagon-udf-glue.ts";
/** Names that the module or the code that is written uses otherwise. */
const RESERVED = ["memory", "diagon_abi_v1", "diagon_reserve", "_initialize", "_start", "changetype"];
/** The section of a module that the engine reads. */
const SECTION = "diagon.udf";

export default class DiagonUdf {
  #manifests = [];

  /** Before the compiler looks at names and types. */
  async afterParse(parser) {
    const compiler = await loadCompiler(this.baseDir);
    const complaints = new Complaints(parser, compiler);
    const { User, UserEntry } = compiler.SourceKind;
    const isAuthors = (source) => [User, UserEntry].includes(source.sourceKind) && !source.internalPath.startsWith("~lib/");
    const sources = parser.sources.filter(isAuthors);
    const read = literalReader(compiler, complaints);
    const functions = sources.flatMap((source) => readFunctions(source, compiler, complaints, read));
    if (!functions.length && !complaints.any) {
      complaints.at(sources[0], "there is no function with @filter, @score or @value");
    }
    const version = await this.#packageVersion();
    this.#manifests = functions.map((fn) => manifestOf(fn, version, complaints));
    checkUnique(functions, this.#manifests, complaints);
    if (complaints.any) return;

    for (const source of sources) {
      // The module exports what is written here, and not what the author exports for other files.
      source.sourceKind = User;
      const own = functions.filter((fn) => fn.source === source);
      if (own.length) addCode(parser, source, this.#codeOf(own, functions, compiler), own);
    }
    for (const fn of functions) {
      rewriteNullTests(fn, compiler);
      inline(fn.declaration, compiler);
    }
    parser.parseFile(exportsOf(functions), EXPORTS, true);
  }

  /** Before the module is optimized. */
  afterCompile(module) {
    const text = this.#manifests.map((manifest) => `${toJson(manifest)}\n`).join("");
    module.addCustomSection(SECTION, new TextEncoder().encode(text));
  }

  #codeOf(own, all, compiler) {
    return IMPORTS + own.map((fn) => batchFunction(fn, this.#manifests[all.indexOf(fn)], compiler)).join("");
  }

  /** The version in the project's package.json, for functions that don't say theirs. */
  async #packageVersion() {
    const text = await this.readFile("package.json", resolve(this.baseDir));
    return text === null ? undefined : JSON.parse(text).version;
  }
}

function checkUnique(functions, manifests, complaints) {
  functions.forEach((fn, i) => {
    const same = (key) => manifests.findIndex((manifest) => manifest[key] === manifests[i][key]) < i;
    if (same("name") || same("export")) complaints.at(fn.declaration.name, `there is a function \`${manifests[i].name}\` already`);
    if (RESERVED.includes(fn.identifier)) complaints.at(fn.declaration.name, `a function can't be called \`${fn.identifier}\``);
  });
}

/** Appends code to a source, where it sees the author's functions and classes, exported or not. */
function addCode(parser, source, code, functions) {
  parser.parseFile(code, GLUE, false);
  const written = parser.sources.pop();
  parser.donelog.delete(written.internalPath);
  // The compiler looks up by this which file a node is in.
  written.internalPath = source.internalPath;
  insertExpressions(written.statements, functions);
  source.statements.push(...written.statements);
}

/** Puts an author's function into the loop, unless it calls itself, or its author said so already. */
function inline(declaration, compiler) {
  const name = declaration.name.text;
  if (declaration.decorators.some((decorator) => decorator.name.text === "inline")) return;
  if (new RegExp(`\\b${name.replaceAll("$", "\\$")}\\s*\\(`).test(textOf(declaration.body))) return;
  const { Node } = compiler;
  const decorator = Node.createIdentifierExpression("inline", declaration.name.range);
  declaration.decorators.push(Node.createDecorator(decorator, null, declaration.name.range));
}

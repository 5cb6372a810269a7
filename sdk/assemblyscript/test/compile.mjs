// Compiles a source as `asc` does in a project that depends on this package, all in memory.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import * as asc from "assemblyscript/asc";

import { load } from "../testing.mjs";
import DiagonUdf from "../transform.mjs";

const PACKAGE = resolve(fileURLToPath(import.meta.url), "../..");
const LINK = "node_modules/diagon-udf/";
const HEAD = 'import { DocId, Id, Level, List, Opt, Param, Score, Str, error, fail, log, missing } from "diagon-udf/assembly";\n';

/** Compiles `assembly/index.ts` and further files; returns what the compiler said and, if it was content, the module's bytes. */
export async function compile(source, files = {}) {
  const sources = { "package.json": '{"version": "1.2.3"}', ...files, "assembly/index.ts": HEAD + source };
  let bytes = null;
  const { options } = JSON.parse(await readFile(resolve(PACKAGE, "asconfig.json"), "utf8"));
  const flags = ["--runtime", options.runtime, "--exportStart", options.exportStart, "--enable", options.enable.join(), "-O3"];
  const { error, stderr } = await asc.main(["assembly/index.ts", "--outFile", "module.wasm", "--baseDir", PACKAGE, ...flags], {
    transforms: [DiagonUdf],
    readFile: async (name) => {
      if (name in sources) return sources[name];
      if (!name.startsWith(LINK)) return null;
      return readFile(resolve(PACKAGE, name.slice(LINK.length)), "utf8").catch(() => null);
    },
    writeFile: (_name, contents) => void (bytes = contents),
    listFiles: () => null,
  });
  return { said: stderr.toString(), bytes: error ? null : bytes };
}

/** Compiles a source that must be right, and loads the module. */
export async function build(source, files) {
  const { said, bytes } = await compile(source, files);
  if (said || !bytes) throw new Error(said || "no module");
  return load(bytes);
}

/** What the compiler says about a source that must be wrong. */
export async function complaint(source) {
  const { said, bytes } = await compile(source);
  if (bytes) throw new Error(`it was compiled; ${said}`);
  return said;
}

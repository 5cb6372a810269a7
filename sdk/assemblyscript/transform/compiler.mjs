// The compiler's own module, from the project that is being built: this file may lie behind a link, outside of it.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

export async function loadCompiler(baseDir) {
  const project = createRequire(resolve(baseDir, "package.json"));
  return import(pathToFileURL(project.resolve("assemblyscript/dist/assemblyscript.js")).href);
}

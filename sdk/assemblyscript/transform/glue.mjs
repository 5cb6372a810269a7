// Writes the code between the engine's batch and an author's function. Names with a `$` are its own.

import { vectorLoop } from "./vector.mjs";

const LIBRARY = "diagon-udf/assembly";

/** What the functions of one source need beside them. */
export const IMPORTS = `import * as diagon$ from "${LIBRARY}/glue";\n`;

/** A source with all that the module exports. */
export function exportsOf(functions) {
  const lines = functions.map((fn) => `export { ${batchName(fn)} as ${fn.identifier} } from "./${fn.source.internalPath}";\n`);
  return `${lines.join("")}export { diagon_abi_v1, diagon_reserve } from "${LIBRARY}/reserve";\n`;
}

function batchName(fn) {
  return `diagon$${fn.identifier}`;
}

/** The function that answers a batch: what is the same for all documents, and a loop over those that are asked about. */
export function batchFunction(fn, manifest, compiler) {
  const args = fn.args.map((arg, index) => argument(arg, index, fn, manifest));
  const answer = answerOf(fn, `${fn.identifier}(${args.map((arg) => arg.value).join(", ")})`);
  const perDocument = ["diagon$.resetArena();", "diagon$.newOutcome();", answer.put];
  // Parameters come first: a `once` may use all of them.
  const setup = [...args.filter((arg) => !arg.once), ...args.filter((arg) => arg.once)].flatMap((arg) => arg.setup);
  const vector = vectorLoop(fn, compiler) ?? { setup: [], loop: "" };
  return `${fn.args.filter((arg) => arg.role === "once").map((arg) => onceFunction(arg, fn)).join("")}\
export function ${batchName(fn)}(batch$: usize): i32 {
  const length$ = diagon$.lengthOf(batch$);
  const out$ = diagon$.outOf(batch$);
  const validity$ = diagon$.outValidityOf(batch$);
  diagon$.beginRuns(length$);
  diagon$.beginArena();
  ${[...setup, "diagon$.keepArena();", ...vector.setup, ...answer.begin].join("\n  ")}
  while (diagon$.nextRun()) {
    const end$ = diagon$.runEnd;
    let i$ = diagon$.runStart;
    ${vector.loop}
    for (; i$ < end$; i$++) {
      ${perDocument.join("\n      ")}
    }
  }
  ${answer.finish}return 0;
}
`;
}

function answerOf(fn, call) {
  if (fn.kind === "filter") return { begin: [], put: `diagon$.putVerdict(out$, i$, ${call});`, finish: "" };
  if (fn.kind === "score") return { begin: [], put: `diagon$.putScore(out$, i$, ${call});`, finish: "" };
  const begin = ["diagon$.clearUnasked(validity$);"];
  if (fn.returns.type !== "str") {
    return { begin, put: `diagon$.putValue<${fn.returns.type}>(out$, validity$, i$, ${call});`, finish: "" };
  }
  const type = fn.returns.item === "Str" ? "diagon$.Str | null" : "string | null";
  return {
    begin: [...begin, "diagon$.beginStrings(length$);"],
    put: `diagon$.putString<${type}>(validity$, i$, ${call});`,
    finish: "diagon$.finishStrings(batch$, length$);\n  ",
  };
}

/** Lines before the loop, and what is handed to the author's function. */
function argument(arg, index, fn, manifest) {
  const at = `a${index}$`;
  switch (arg.role) {
    case "once":
      return { once: true, setup: [`const ${at} = ${onceName(arg, fn)}(${paramsOf(fn).map(([, place]) => place).join(", ")});`], value: at };
    case "score":
      return { setup: [`const ${at} = diagon$.scoresOf(batch$);`], value: `<f64>diagon$.valueAt<f32>(${at}, i$)` };
    case "doc_id":
      return { setup: [`const ${at} = diagon$.docIdsOf(batch$);`], value: `diagon$.valueAt<u32>(${at}, i$)` };
    case "id":
      return strings(at, "Str", [`const ${at}column = diagon$.idsOf(batch$);`]);
    case "param":
      return parameter(arg, at, manifest.params.findIndex((param) => param.name === arg.name));
    default:
      return field(arg, at, manifest.fields.findIndex((candidate) => candidate.name === arg.name));
  }
}

/** A function for the expression of a `once`, in which the parameters have the author's names. */
function onceFunction(arg, fn) {
  const params = paramsOf(fn).map(([param]) => `${param.identifier}: ${param.typeText}`);
  return `function ${onceName(arg, fn)}(${params.join(", ")}): ${arg.typeText} { return 0; }\n`;
}

/** Puts the author's own expressions in, so that what is wrong in one is told where it stands. */
export function insertExpressions(statements, functions) {
  for (const fn of functions) {
    for (const arg of fn.args.filter((candidate) => candidate.role === "once")) {
      const written = statements.find((statement) => statement.name?.text === onceName(arg, fn));
      written.body.statements[0].value = arg.expression;
    }
  }
}

function onceName(arg, fn) {
  return `${batchName(fn)}$${arg.identifier}`;
}

/** The parameters of a function, and the names that the code here has for them. */
function paramsOf(fn) {
  return fn.args.map((arg, index) => [arg, `a${index}$`]).filter(([arg]) => arg.role === "param");
}

function parameter(arg, at, index) {
  const param = `diagon$.paramOf(batch$, ${index})`;
  const item = authorType(arg.item);
  const str = arg.item === "Str";
  const value = {
    bare: str ? `diagon$.strParam(${object("Str")}, ${param})`
      : arg.type === "str" ? `diagon$.stringParam(${param})` : `diagon$.scalarParam<${item}>(${param})`,
    nullable: str ? `diagon$.optStrParam(${object("Str")}, ${param})` : `diagon$.optStringParam(${param})`,
    opt: `diagon$.optParam<${item}>(${object(`Opt<${item}>`)}, ${param})`,
    list: `diagon$.listParam<${item}>(${object(`List<${item}>`)}, ${param})`,
    nullableList: `diagon$.optListParam<${item}>(${object(`List<${item}>`)}, ${param})`,
  }[arg.shape];
  return { setup: [`const ${at} = ${value};`], value: at };
}

function field(arg, at, index) {
  const setup = [`const ${at}column = diagon$.columnOf(batch$, ${index});`];
  if (arg.shape === "bare" && !arg.default) setup.push(`diagon$.requireColumn(${at}column);`);
  if (arg.shape === "list") return list(arg, at, setup);
  if (arg.type === "str") {
    const text = strings(at, arg.item, setup);
    if (arg.shape === "bare") return text;
    text.setup.push(`const ${at}there = diagon$.validityOf(${at}column);`);
    return { ...text, value: `(diagon$.isThere(${at}there, i$) ? ${text.value} : null)` };
  }
  setup.push(`const ${at} = diagon$.valuesOf(${at}column);`);
  if (arg.shape === "bare") return { setup, value: `diagon$.valueAt<${arg.type}>(${at}, i$)` };
  const type = `Opt<${arg.type}>`;
  setup.push(`const ${at}there = diagon$.validityOf(${at}column);`, `const ${at}opt = ${object(type)};`);
  return { setup, value: `diagon$.setOpt<${arg.type}>(${at}opt, ${at}, ${at}there, i$)` };
}

function strings(at, item, before) {
  const setup = [
    ...before,
    `const ${at}indices = diagon$.indicesOf(${at}column);`,
    `const ${at}strings = diagon$.stringsOf(${at}column);`,
    `const ${at}bytes = diagon$.valuesOf(${at}strings);`,
    `const ${at}offsets = diagon$.offsetsOf(${at}strings);`,
    `const ${at}str = ${object("Str")};`,
  ];
  const str = `diagon$.setStr(${at}str, ${at}bytes, ${at}offsets, ${at}indices, i$)`;
  return { setup, value: item === "Str" ? str : `${str}.toString()` };
}

function list(arg, at, before) {
  const item = authorType(arg.item);
  const setup = [
    ...before,
    `const ${at}items = diagon$.listItemsOf<${item}>(${at}column);`,
    `const ${at}bytes = diagon$.listBytesOf(${at}column);`,
    `const ${at}offsets = diagon$.offsetsOf(${at}column);`,
    `const ${at}list = ${object(`List<${item}>`)};`,
  ];
  const value = `diagon$.setList<${item}>(${at}list, ${at}items, ${at}bytes, ${at}offsets, i$)`;
  return { setup, value };
}

function authorType(item) {
  return item === "Str" ? "diagon$.Str" : item;
}

/** An object of the library's in static memory, one for each place in the code: nothing is allocated. */
function object(type) {
  return `changetype<diagon$.${type}>(memory.data(24, 8))`;
}

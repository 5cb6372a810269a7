// Writes the manifest of a function, and checks what the engine would refuse.

import { readLimits } from "./options.mjs";

const NAME = /^[a-z0-9][a-z0-9_.-]{0,127}$/;
const NUMBER = "(0|[1-9][0-9]*)";
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$`);
const MAX_SCORE = 3.4028234663852886e38;

/** The manifest as an object, keys in the order in which people read them. */
export function manifestOf(fn, packageVersion, complaints) {
  const { options } = fn;
  const params = new Params(complaints);
  const fields = [];
  for (const arg of fn.args) {
    if (arg.role === "param") params.add(arg);
    if (arg.role === "field") addField(fields, arg, params, complaints);
  }
  params.checkNames(fn.args);
  return {
    abi: 1,
    name: nameOf(fn, complaints),
    version: versionOf(fn, packageVersion, complaints),
    description: fn.description,
    kind: fn.kind,
    returns: fn.kind === "value" ? fn.returns?.type : undefined,
    max_score: maxScoreOf(options.maxScore, complaints),
    export: fn.identifier,
    fields,
    params: params.list,
    pure: options.pure?.value ?? true,
    inputs: inputsOf(fn, complaints),
    limits: readLimits(options.limits, complaints),
  };
}

function nameOf(fn, complaints) {
  const name = fn.options.name?.value ?? fn.identifier;
  if (NAME.test(name)) return name;
  const hint = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, "");
  complaints.at(fn.options.name?.node ?? fn.declaration.name,
    `a name is of a to z, 0 to 9, _, . and -, at most 128: write name: "${hint}" in @${fn.kind}`);
  return name;
}

function versionOf(fn, packageVersion, complaints) {
  const version = fn.options.version?.value ?? packageVersion;
  if (version === undefined) {
    complaints.at(fn.declaration.name, `it needs a version: write @${fn.kind}({ version: "1.0.0" }), or put one into package.json`);
  } else if (!VERSION.test(version)) {
    complaints.at(fn.options.version?.node ?? fn.declaration.name, `"${version}" is no version such as 1.0.0`);
  }
  return version;
}

function maxScoreOf(entry, complaints) {
  if (entry && !(entry.value >= 0 && entry.value <= MAX_SCORE)) complaints.at(entry.node, "`maxScore` is a number from 0");
  return entry?.value;
}

function inputsOf(fn, complaints) {
  const inputs = fn.args.filter((arg) => ["doc_id", "id", "score"].includes(arg.role));
  inputs.forEach((arg, i) => {
    if (inputs.findIndex((other) => other.role === arg.role) < i) complaints.at(arg.node, "there is an argument of that type already");
  });
  return [...new Set(inputs.map((arg) => arg.role))];
}

class Params {
  list = [];
  /** Those that name fields and have no argument so far: where the source says their default, if it does. */
  #named = new Map();
  /** The arguments that are parameters, by the parameter's name. */
  #args = new Map();
  #complaints;

  constructor(complaints) {
    this.#complaints = complaints;
  }

  add(arg) {
    const absent = ["opt", "nullable", "nullableList"].includes(arg.shape);
    const list = ["list", "nullableList"].includes(arg.shape);
    const found = this.list.findIndex((param) => param.name === arg.name);
    if (found >= 0 && !this.#named.has(arg.name)) this.#complaints.at(arg.node, `there is a parameter \`${arg.name}\` already`);
    if (absent && arg.default) this.#complaints.at(arg.default.node, "a parameter with a default is never absent: leave Opt or `| null` out");
    checkDefault(arg, list, this.#complaints);
    const required = (!absent && !arg.default) || undefined;
    const param = { name: arg.name, type: arg.type, list: list || undefined, required, default: arg.default?.value };
    this.list.splice(found < 0 ? this.list.length : found, 1, param);
    this.#args.set(arg.name, arg);
    this.#checkDefault(param, this.#named.get(arg.name));
    this.#named.delete(arg.name);
  }

  /** A parameter that names a field; there may be an argument for it, too. */
  addFieldName(name, defaultName) {
    const found = this.list.find((param) => param.name === name);
    if (found) {
      this.#checkDefault(found, defaultName);
      return;
    }
    this.#named.set(name, defaultName);
    this.list.push({ name, type: "str", required: !defaultName || undefined, default: defaultName?.value });
  }

  #checkDefault(param, said) {
    if (!said || said.value === param.default) return;
    const arg = this.#args.get(param.name);
    this.#complaints.at(said.node, arg
      ? `\`${param.name}\` has an argument, which says the default: write \`${arg.identifier}: Param<${arg.item}> = "${said.value}"\`, `
        + "and no `paramDefault`"
      : `another field says otherwise: write the \`paramDefault\` of \`${param.name}\` at the first field alone`);
  }

  /** What the engine asks of parameters that name fields. */
  checkNames(args) {
    for (const arg of args) {
      const name = arg.role === "field" && arg.options.fromParam;
      if (!name) continue;
      const param = this.list.find((candidate) => candidate.name === name.value);
      if (param.type !== "str" || param.list || (!param.required && param.default === undefined)) {
        this.#complaints.at(name.node, `the parameter \`${name.value}\` must be a string that is required or has a default`);
      }
    }
  }
}

function addField(fields, arg, params, complaints) {
  const { fromParam, paramDefault, optional, part } = arg.options;
  if (fields.some((field) => field.name === arg.name)) {
    complaints.at(arg.node, `there is an argument for the field \`${arg.name}\` already`);
  }
  if (arg.default && arg.shape !== "bare") {
    const hint = arg.shape === "list" ? "it is empty where a document has no value" : "leave Opt or `| null` out";
    complaints.at(arg.default.node, `this field has no default: ${hint}`);
  }
  if (!fromParam && paramDefault) complaints.at(paramDefault.node, "`paramDefault` is for a field with `fromParam`");
  if (part && !(fromParam && arg.type === "f64" && arg.shape !== "list" && ["lat", "lon"].includes(part.value))) {
    complaints.at(part.node, '`part` is "lat" or "lon" of an f64 with `fromParam`');
  }
  checkDefault(arg, false, complaints);
  if (fromParam) params.addFieldName(fromParam.value, paramDefault);
  fields.push({
    name: arg.name,
    type: arg.type,
    list: arg.shape === "list" || undefined,
    default: arg.default?.value,
    from_param: fromParam?.value,
    part: part?.value,
    optional: optional?.value || undefined,
  });
}

function checkDefault(arg, list, complaints) {
  const value = arg.default?.value;
  if (value === undefined) return;
  const fits = list ? Array.isArray(value) && value.every((item) => isOf(arg.type, item)) : isOf(arg.type, value);
  if (!fits) complaints.at(arg.default.node, `this is no ${list ? `list of ${arg.type}` : arg.type}, which \`${arg.identifier}\` is`);
}

function isOf(type, value) {
  switch (type) {
    case "bool": return typeof value === "boolean";
    case "str": return typeof value === "string";
    case "f64":
    case "f32": return typeof value === "number" && (type === "f64" || Math.abs(value) <= MAX_SCORE);
    default: return isInteger(value, type === "i32" ? 32 : 64);
  }
}

function isInteger(value, bits) {
  return (typeof value === "bigint" || Number.isSafeInteger(value)) && BigInt.asIntN(bits, BigInt(value)) === BigInt(value);
}

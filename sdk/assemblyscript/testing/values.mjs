// What the engine makes of a document and of a query's parameters, before it lays out a batch.

const INTEGERS = { i32: 32, i64: 64 };

/** The column of a field over documents: `{ type, list, values, mayMiss }`. */
export function columnOf(field, documents, parameters) {
  const name = field.from_param ? parameters.get(field.from_param) : field.name;
  const path = field.part ? `${name}.${field.part}` : name;
  const values = documents.map((document) => valueOf(field, valuesAt(document, path)));
  return { type: field.type, list: field.list, values, mayMiss: field.default === undefined };
}

/** All values at a path of a document, in its order. Where objects are in lists, of each of them. */
function valuesAt(document, path) {
  if (path in document) return [document[path]].flat();
  const dot = path.indexOf(".");
  if (dot < 0) return [];
  const inner = [document[path.slice(0, dot)]].flat().filter((value) => value !== null && typeof value === "object");
  return inner.flatMap((value) => valuesAt(value, path.slice(dot + 1)));
}

function valueOf(field, found) {
  const values = found.filter((value) => value !== null && value !== undefined).map((value) => checked(field.name, field.type, value));
  if (field.list) return values.length ? values : undefined;
  if (!values.length) return field.default;
  return values.reduce((least, value) => (value < least ? value : least));
}

/** The values of a query's parameters, by name: defaults filled in, absent ones left out. Throws as the engine refuses. */
export function parametersOf(manifest, given) {
  for (const name of Object.keys(given)) {
    if (!manifest.params.some((param) => param.name === name)) throw new TypeError(`there is no parameter \`${name}\``);
  }
  const values = new Map();
  for (const param of manifest.params) {
    const value = given[param.name] ?? param.default;
    if (value !== undefined) values.set(param.name, parameterOf(param, value));
    else if (param.required) throw new TypeError(`parameter \`${param.name}\` is required`);
  }
  return values;
}

/** The documents' scores, if the function reads them: then each document needs one. */
export function scoresOf(manifest, scores, length) {
  if (!manifest.inputs.includes("score")) return undefined;
  if (scores.length < length) {
    throw new TypeError(`\`${manifest.name}\` reads the score: \`scores\` has ${scores.length} for ${length} documents`);
  }
  const isScore = (score) => typeof score === "number" && Number.isFinite(Math.fround(score));
  const wrong = scores.findIndex((score) => !isScore(score));
  if (wrong >= 0) throw new TypeError(`\`scores\`: number ${wrong} is ${scores[wrong]}`);
  return scores;
}

function parameterOf(param, value) {
  if (!param.list) return checked(param.name, param.type, value);
  if (!Array.isArray(value)) throw new TypeError(`\`${param.name}\`: expected a list of ${param.type}, got ${value}`);
  return value.map((item) => checked(param.name, param.type, item));
}

/** A value of a type: integers are numbers or bigints, and come out as bigints. */
function checked(name, type, value) {
  if (type in INTEGERS) {
    const integer = typeof value === "bigint" || Number.isSafeInteger(value) ? BigInt(value) : null;
    if (integer !== null && BigInt.asIntN(INTEGERS[type], integer) === integer) return integer;
  } else if (typeof value === { bool: "boolean", str: "string", f64: "number", f32: "number" }[type]) {
    return type === "f32" ? Math.fround(value) : value;
  }
  throw new TypeError(`\`${name}\`: expected ${type}, got ${typeof value === "string" ? `"${value}"` : value}`);
}

// What the type of an argument says.

/** Types that columns and parameters have in a manifest, by the author's name for them. */
const SCALARS = { bool: "bool", boolean: "bool", i32: "i32", i64: "i64", f32: "f32", f64: "f64", number: "f64" };
const STRINGS = { string: "str", Str: "str" };
const INPUTS = { Score: "score", DocId: "doc_id", Id: "id" };

/** What may be written as the type of an argument. */
export const ARGUMENTS = "bool, i64, f64, Str or string; Opt<f64> or `Str | null` if it may be missing; List<Str> for all values; "
  + "Param<…> for a parameter of the query";

/**
 * Reads an argument's type: `role` is `field`, `param` or an input's name; `item` the author's type of a value, `type` the
 * manifest's; `shape` is `bare`, `opt`, `nullable`, `list` or `nullableList`. Where it is none, says so and returns null.
 */
export function readType(node, compiler, complaints) {
  const outer = named(node, compiler);
  if (outer && outer.name === "Param" && outer.inner) {
    const value = readValue(outer.inner, compiler, complaints);
    return value && { role: "param", ...value };
  }
  if (outer && outer.name in INPUTS) return { role: INPUTS[outer.name], shape: "bare" };
  const value = readValue(node, compiler, complaints);
  if (!value) return null;
  if (value.type === "i32" || value.type === "f32") {
    complaints.at(node, `a field has 64 bits: write ${value.type === "i32" ? "i64" : "f64"}`);
    return null;
  }
  if (value.shape === "nullableList") {
    complaints.at(node, "a list field is empty where a document has no value: leave `| null` out");
    return null;
  }
  return { role: "field", ...value };
}

/** How the type of an argument is written if there may be no value; of a list field, and of the inputs, it is the type itself. */
export function optionalType({ role, shape, item }) {
  if (role === "param") return `Param<${optionalValue(shape, item)}>`;
  if (role === "field") return shape === "list" ? `List<${item}>` : optionalValue(shape, item);
  return Object.keys(INPUTS).find((name) => INPUTS[name] === role);
}

function optionalValue(shape, item) {
  if (shape === "list" || shape === "nullableList") return `List<${item}> | null`;
  return item in STRINGS ? `${item} | null` : `Opt<${item}>`;
}

function readValue(node, compiler, complaints) {
  const type = named(node, compiler);
  if (!type) {
    complaints.at(node, `this is no type of an argument; write ${ARGUMENTS}`);
    return null;
  }
  if (type.name === "List") return readList(node, type, compiler, complaints);
  if (type.name === "Opt") return readOpt(node, type, compiler, complaints);
  if (type.name in SCALARS && !type.inner) {
    if (!type.nullable) return { shape: "bare", item: type.name, type: SCALARS[type.name] };
    complaints.at(node, `a ${type.name} can't be null: write Opt<${type.name}>`);
    return null;
  }
  if (type.name in STRINGS && !type.inner) {
    return { shape: type.nullable ? "nullable" : "bare", item: type.name, type: "str" };
  }
  complaints.at(node, `\`${type.name}\` is no type of an argument; write ${ARGUMENTS}`);
  return null;
}

function readList(node, list, compiler, complaints) {
  const item = list.inner && named(list.inner, compiler);
  const type = item && !item.nullable && (SCALARS[item.name] ?? STRINGS[item.name]);
  if (!type) {
    complaints.at(node, "a list is List<bool>, List<i64>, List<f64>, List<Str> or List<string>");
    return null;
  }
  return { shape: list.nullable ? "nullableList" : "list", item: item.name, type };
}

function readOpt(node, opt, compiler, complaints) {
  const item = opt.inner && named(opt.inner, compiler);
  if (item && item.name in SCALARS && !item.nullable && !opt.nullable) {
    return { shape: "opt", item: item.name, type: SCALARS[item.name] };
  }
  const hint = item && (item.name in STRINGS || item.name === "List") ? `: write ${item.text} | null` : "";
  complaints.at(node, `Opt is for numbers and bool${hint}`);
  return null;
}

/** Name, type argument and nullability of a type like `Name`, `Name<Inner>` or `Name | null`. */
function named(node, compiler) {
  if (node.kind !== compiler.NodeKind.NamedType || node.name.next) return null;
  const args = node.typeArguments ?? [];
  if (args.length > 1) return null;
  const text = node.range.source.text.slice(node.range.start, node.range.end);
  return { name: node.name.identifier.text, inner: args[0], nullable: node.isNullable, text };
}

/** What a function returns, for a manifest: `{ item, type, nullable }`, or null if no function of this kind may return it. */
export function readReturn(kind, node, compiler) {
  const type = named(node, compiler);
  if (!type || type.inner) return null;
  const manifest = { bool: "bool", boolean: "bool", i64: "i64", f64: "f64", number: "f64", string: "str", Str: "str" }[type.name];
  const possible = { filter: ["bool"], score: ["f64"], value: ["bool", "i64", "f64", "str"] }[kind];
  if (!possible.includes(manifest) || (type.nullable && manifest !== "str")) return null;
  return { item: type.name, type: manifest, nullable: type.nullable };
}

// The objects that an author writes in decorators: which keys they have, and of which type.

const KINDS = {
  name: "string", version: "string", description: "string", pure: "boolean", limits: "object",
};
const OPTIONS = {
  filter: KINDS,
  score: { ...KINDS, maxScore: "number" },
  value: KINDS,
  field: { name: "string", default: "any", fromParam: "string", paramDefault: "string", optional: "boolean", part: "string" },
  param: { name: "string", default: "any", description: "string" },
};
const LIMITS = {
  memoryBytes: "memory_bytes", batchBaseMs: "batch_base_ms", perDocumentUs: "per_document_us", queryMs: "query_ms",
  instances: "instances", concurrentQueries: "concurrent_queries", queriesPerSecond: "queries_per_second",
};

/** Reads a decorator's object into `{ key: { node, value } }`; complains about keys and types that it doesn't have. */
export function readOptions(decorator, object, compiler, complaints, read) {
  const known = OPTIONS[decorator];
  if (!object) return {};
  if (object.kind !== compiler.NodeKind.Literal || object.literalKind !== compiler.LiteralKind.Object) {
    complaints.at(object, `@${decorator} takes an object: { ${Object.keys(known).map(written).join(", ")} }`);
    return {};
  }
  const options = {};
  for (const [key, entry] of read(object)) {
    if (!(key in known)) {
      complaints.at(entry.name, `@${decorator} has no \`${key}\`; it has ${Object.keys(known).join(", ")}`);
    } else if (entry.value !== undefined && known[key] !== "any" && typeof entry.value !== known[key]) {
      complaints.at(entry.node, `\`${key}\` is a ${known[key]}`);
    } else {
      options[key] = entry;
    }
  }
  return options;
}

/** A key as it is written: words of the language need quotes. */
function written(key) {
  return key === "default" ? '"default"' : key;
}

/** The manifest's limits. */
export function readLimits(entry, complaints) {
  if (!entry) return undefined;
  const limits = {};
  for (const [key, { name, node, value }] of entry.value) {
    if (!(key in LIMITS)) complaints.at(name, `there is no limit \`${key}\`; there are ${Object.keys(LIMITS).join(", ")}`);
    else if (!Number.isSafeInteger(value) || value < 1) complaints.at(node, "a limit is a whole number from 1");
    else limits[LIMITS[key]] = value;
  }
  return limits;
}

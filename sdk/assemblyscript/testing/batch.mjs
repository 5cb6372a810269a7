// Lays a batch out as the engine does: the structs of the batch ABI, version 1.

const BATCH = 64, COLUMN = 32, PARAM = 16, ALIGN = 64;
const TYPES = { bool: 1, i64: 2, f64: 3, str: 4, i32: 2, f32: 3 };
const LIST = 16;
const NONE_MISSING = 1, ALL_MISSING = 2, DICTIONARY = 4;
const utf8 = new TextEncoder();

/** Bytes that will lie at an address. Everything in them begins at a multiple of 64. */
class Block {
  #view = new DataView(new ArrayBuffer(4096));
  #used = 0;

  constructor(base) {
    this.base = base;
  }

  /** Room for so many bytes, zeros; returns its address. */
  take(bytes) {
    const at = this.#used;
    this.#used += Math.ceil(bytes / ALIGN) * ALIGN;
    while (this.#used > this.#view.byteLength) {
      const grown = new Uint8Array(2 * this.#view.byteLength);
      grown.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(grown.buffer);
    }
    return this.base + at;
  }

  u32(address, value) {
    this.#view.setUint32(address - this.base, value, true);
  }

  /** A value of a type of columns or parameters, in 8 bytes; a bool in 1. */
  value(type, address, value) {
    const at = address - this.base;
    if (type === "bool") this.#view.setUint8(at, Number(value));
    else if (TYPES[type] === TYPES.i64) this.#view.setBigInt64(at, BigInt(value), true);
    else this.#view.setFloat64(at, value, true);
  }

  f32(address, value) {
    this.#view.setFloat32(address - this.base, value, true);
  }

  setBit(address, index) {
    const at = address - this.base + (index >> 3);
    this.#view.setUint8(at, this.#view.getUint8(at) | (1 << (index & 7)));
  }

  bytes(address, bytes) {
    new Uint8Array(this.#view.buffer).set(bytes, address - this.base);
  }

  finish() {
    return new Uint8Array(this.#view.buffer, 0, this.#used);
  }
}

/**
 * The bytes of a batch that will lie at `base`. `batch` has `length`; `columns`: `{ type, list, values, mayMiss }`, a value that is
 * missing being `undefined`, and `dictionary`, if strings are to be told by their place among the distinct ones; `params`: `{ type, list, value }`; `ids`, `scores` and `docIds`, if the function asks for them; and the
 * bytes of `out`. Returns also where `out` and its validity are.
 */
export function layOut(batch, base) {
  const block = new Block(base);
  const { length, columns, params } = batch;
  const at = block.take(BATCH);
  const columnsAt = block.take(columns.length * COLUMN);
  const paramsAt = block.take(params.length * PARAM);
  const out = block.take(batch.outBytes);
  const validity = block.take(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) block.setBit(validity, i);
  columns.forEach((column, i) => putColumn(block, columnsAt + i * COLUMN, column));
  params.forEach((param, i) => putParam(block, paramsAt + i * PARAM, param));
  const head = [1, length, columnsAt, columns.length, paramsAt, params.length, putScores(block, batch.scores),
    putDocIds(block, batch.docIds), putIds(block, batch.ids), out, validity];
  head.forEach((word, i) => block.u32(at + 4 * i, word));
  return { bytes: block.finish(), out, validity };
}

function putColumn(block, at, { type, list, values, mayMiss, dictionary }) {
  const missing = values.filter((value) => value === undefined).length;
  const flags = missing === 0 ? NONE_MISSING : missing === values.length ? ALL_MISSING : 0;
  const validity = mayMiss ? block.take(Math.ceil(values.length / 8)) : 0;
  if (mayMiss) values.forEach((value, i) => value !== undefined && block.setBit(validity, i));
  if (!list) {
    if (dictionary && type === "str") putDictionary(block, at, values, flags, validity);
    else putItems(block, at, type, values, flags, validity);
    return;
  }
  const items = values.map((value) => value ?? []);
  const child = block.take(COLUMN);
  putItems(block, child, type, items.flat(), NONE_MISSING, 0);
  putStruct(block, at, [LIST, flags, values.length, 0, validity, putOffsets(block, items), child]);
}

/** Items of one type; a missing one is 0 or an empty string. */
function putItems(block, at, type, values, flags, validity) {
  if (type === "str") {
    const strings = values.map((value) => utf8.encode(value ?? ""));
    const bytes = block.take(strings.reduce((sum, string) => sum + string.length, 0));
    let end = bytes;
    for (const string of strings) {
      block.bytes(end, string);
      end += string.length;
    }
    putStruct(block, at, [TYPES.str, flags, values.length, bytes, validity, putOffsets(block, strings), 0]);
    return;
  }
  const width = type === "bool" ? 1 : 8;
  const address = block.take(values.length * width);
  values.forEach((value, i) => block.value(type, address + i * width, value ?? 0));
  putStruct(block, at, [TYPES[type], flags, values.length, address, validity, 0, 0]);
}

function putDictionary(block, at, values, flags, validity) {
  const strings = values.map((value) => value ?? "");
  const distinct = [...new Set(strings)];
  const indices = block.take(4 * values.length);
  strings.forEach((string, i) => block.u32(indices + 4 * i, distinct.indexOf(string)));
  const child = block.take(COLUMN);
  putItems(block, child, "str", distinct, NONE_MISSING, 0);
  putStruct(block, at, [TYPES.str, flags | DICTIONARY, values.length, indices, validity, 0, child]);
}

function putStruct(block, at, words) {
  words.forEach((word, i) => block.u32(at + 4 * i, word));
}

function putOffsets(block, parts) {
  const at = block.take(4 * (parts.length + 1));
  let end = 0;
  parts.forEach((part, i) => block.u32(at + 4 * (i + 1), (end += part.length)));
  return at;
}

function putParam(block, at, { type, list, value }) {
  if (value === undefined) return;
  if (list) {
    const column = block.take(COLUMN);
    putItems(block, column, type, value, NONE_MISSING, 0);
    putStruct(block, at, [LIST + TYPES[type], value.length, column]);
  } else if (type === "str") {
    const bytes = utf8.encode(value);
    const address = block.take(bytes.length);
    block.bytes(address, bytes);
    putStruct(block, at, [TYPES.str, bytes.length, address]);
  } else {
    putStruct(block, at, [TYPES[type], 0]);
    block.value(type, at + 8, value);
  }
}

function putScores(block, scores) {
  if (!scores) return 0;
  const at = block.take(4 * scores.length);
  scores.forEach((score, i) => block.f32(at + 4 * i, score));
  return at;
}

function putDocIds(block, docIds) {
  if (!docIds) return 0;
  const at = block.take(4 * docIds.length);
  docIds.forEach((id, i) => block.u32(at + 4 * i, id));
  return at;
}

function putIds(block, ids) {
  if (!ids) return 0;
  const at = block.take(COLUMN);
  putItems(block, at, "str", ids, NONE_MISSING, 0);
  return at;
}

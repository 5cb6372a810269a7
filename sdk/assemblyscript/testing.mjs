// Runs functions without an engine: node loads the module, and gets batches as the engine writes them.
//
//   const { functions } = await load("affordable.wasm");
//   functions.affordable.run([{ price: 3 }, {}], { parameters: { budget: 5 } });   // [true, false]

import { readFile } from "node:fs/promises";

import { layOut } from "./testing/batch.mjs";
import { columnOf, parametersOf, scoresOf } from "./testing/values.mjs";

/** Documents of a batch, at most. */
const CAPACITY = 1024;
const ALIGN = 64;
const REASON = 4;
const WIDTHS = { bool: 1, i64: 8, f64: 8 };
/** The largest score. */
const MAX_SCORE = 3.4028234663852886e38;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Of logs and messages, bytes that are no UTF-8 are replaced. */
const lenientUtf8 = new TextDecoder();

/** Stands for the answer about a document that the function said `error` about, or for one that the engine doesn't take. */
export class DocumentError extends Error {}

/** What ended a call: `fail`, `throw`, or an assertion of the language's own. */
export class CallError extends Error {}

/** Loads a module: a path, or its bytes. Its functions are in `functions`, by name; what they logged is in `logs`. */
export async function load(module) {
  const bytes = typeof module === "string" || module instanceof URL ? await readFile(module) : module;
  const compiled = await WebAssembly.compile(bytes);
  return new TestModule(compiled);
}

class TestModule {
  /** `{ level, text }`, oldest first. */
  logs = [];
  functions = {};
  #compiled;
  #instance = null;

  constructor(compiled) {
    this.#compiled = compiled;
    for (const manifest of manifestsOf(compiled)) this.functions[manifest.name] = new TestFunction(manifest, this);
  }

  /** Bytes of the module's memory: it grows, and never shrinks. */
  get memoryBytes() {
    return this.exports().memory.buffer.byteLength;
  }

  /** The exports of the instance. */
  exports() {
    if (!this.#instance) {
      this.#instance = new WebAssembly.Instance(this.#compiled, this.#imports());
      this.#instance.exports._initialize?.();
    }
    return this.#instance.exports;
  }

  /** After a call that failed, the engine goes on with a new instance. */
  discard() {
    this.#instance = null;
  }

  #imports() {
    const memory = () => this.exports().memory.buffer;
    const text = (at, length) => lenientUtf8.decode(new Uint8Array(memory(), at, length));
    return {
      diagon: {
        log: (level, at, length) => void this.logs.push({ level, text: text(at, length) }),
        fail: (at, length) => {
          throw new CallError(text(at, length));
        },
      },
      env: {
        abort: (message, file, line, column) => {
          throw new CallError(`${utf16(memory(), message)} (${utf16(memory(), file)}:${line}:${column})`);
        },
        // What random numbers begin with: the same each time, as in the engine.
        seed: () => 1,
        trace: (message, count, ...values) => {
          this.logs.push({ level: 0, text: [utf16(memory(), message), ...values.slice(0, count)].join(" ") });
        },
      },
    };
  }
}

class TestFunction {
  #module;

  constructor(manifest, module) {
    this.manifest = manifest;
    this.#module = module;
  }

  /**
   * The answers about documents: true or false of a filter, a number of a score function, of a value function its value or
   * null; integers beyond 2^53 are bigints. Where the function said `error`, or answered what the engine doesn't take (a score
   * below 0 or above the largest, text with half of a surrogate pair), it is a `DocumentError`.
   *
   * A document has its fields by name, as the query's parameters name them; `_id`, by default its place. `scores` are
   * the documents' scores, which a function that reads them needs. A date is a number of milliseconds. With `dictionaries`,
   * strings come as the interface also allows them: as places among the distinct ones.
   */
  run(documents, { parameters = {}, scores = [], dictionaries = false } = {}) {
    const values = parametersOf(this.manifest, parameters);
    const given = scoresOf(this.manifest, scores, documents.length);
    const answers = [];
    for (let from = 0; from === 0 || from < documents.length; from += CAPACITY) {
      const some = documents.slice(from, from + CAPACITY);
      const columns = this.manifest.fields.map((field) => ({ ...columnOf(field, some, values), dictionary: dictionaries }));
      answers.push(...this.#runBatch(some, columns, values, given?.slice(from), from));
    }
    return answers;
  }

  #runBatch(documents, columns, parameters, scores, from) {
    const { manifest } = this;
    const exports = this.#module.exports();
    const asks = (input) => manifest.inputs.includes(input);
    const batch = {
      length: documents.length,
      columns,
      params: manifest.params.map((param) => ({ ...param, value: parameters.get(param.name) })),
      scores: scores?.slice(0, documents.length),
      docIds: asks("doc_id") && documents.map((_, i) => from + i),
      ids: asks("id") && documents.map((document, i) => String(document._id ?? from + i)),
      outBytes: outBytes(manifest, documents.length),
    };
    const reserved = exports.diagon_reserve(layOut(batch, 0).bytes.length + ALIGN - 1) >>> 0;
    const base = Math.ceil(reserved / ALIGN) * ALIGN;
    const { bytes, out, validity } = layOut(batch, base);
    new Uint8Array(exports.memory.buffer).set(bytes, base);
    const logged = this.#module.logs.length;
    this.#call(exports[manifest.export], base);
    const messages = this.#module.logs.slice(logged).filter((line) => line.level === REASON).map((line) => line.text);
    return new Answers(manifest, exports.memory.buffer, out, validity, messages).read(documents.length);
  }

  #call(batchFunction, batch) {
    try {
      const result = batchFunction(batch);
      if (result !== 0) throw new CallError(`the function returned ${result}`);
    } catch (error) {
      this.#module.discard();
      throw error;
    }
  }
}

/** Reads what a function wrote about a batch. */
class Answers {
  constructor(manifest, memory, out, validity, messages) {
    Object.assign(this, { manifest, view: new DataView(memory), out, validity, messages });
  }

  read(length) {
    return Array.from({ length }, (_, i) => this.#answer(i));
  }

  #answer(i) {
    const { kind, returns } = this.manifest;
    const { view, out } = this;
    if (kind === "filter") {
      const verdict = view.getUint8(out + i);
      return verdict === 2 ? this.#error() : verdict === 1;
    }
    if (!((view.getUint8(this.validity + (i >> 3)) >> (i & 7)) & 1)) return kind === "score" ? this.#error() : null;
    if (returns === "str") return this.#string(i);
    if (returns === "bool") return view.getUint8(out + i) === 1;
    if (returns === "i64") return plain(view.getBigInt64(out + 8 * i, true));
    const number = view.getFloat64(out + 8 * i, true);
    if (Number.isNaN(number)) return this.#error();
    const why = kind === "score" ? this.#whyNoScore(number) : Number.isFinite(number) ? null : `the value is ${number}`;
    if (why) return new DocumentError(why);
    // No score is a negative zero.
    return kind === "score" ? number + 0 : number;
  }

  #whyNoScore(score) {
    const { max_score: most } = this.manifest;
    if (score > most) return `the score is ${score}, above the manifest's \`max_score\`, ${most}`;
    return score >= 0 && score <= MAX_SCORE ? null : `the score is ${score}, expected a number from 0 to ${MAX_SCORE}`;
  }

  #string(i) {
    const values = this.view.getUint32(this.out + 12, true);
    const offsets = this.view.getUint32(this.out + 20, true);
    const [from, to] = [i, i + 1].map((place) => this.view.getInt32(offsets + 4 * place, true));
    const bytes = new Uint8Array(this.view.buffer, values + from, to - from);
    try {
      return utf8.decode(bytes);
    } catch {
      return new DocumentError("the returned string is not UTF-8");
    }
  }

  /** Messages come in the order of the documents. */
  #error() {
    return new DocumentError(this.messages.shift() ?? "not a number");
  }
}

function outBytes({ kind, returns }, length) {
  if (returns === "str") return 32;
  return length * (kind === "filter" ? 1 : WIDTHS[returns ?? "f64"]);
}

function manifestsOf(compiled) {
  const sections = WebAssembly.Module.customSections(compiled, "diagon.udf");
  const lines = sections.flatMap((section) => utf8.decode(section).split("\n"));
  return lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
}

/** A string of the language's own: UTF-16, its bytes counted before it. */
function utf16(memory, at) {
  if (at === 0) return "";
  const bytes = new DataView(memory).getUint32(at - 4, true);
  return new TextDecoder("utf-16le").decode(new Uint8Array(memory, at, bytes));
}

function plain(integer) {
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

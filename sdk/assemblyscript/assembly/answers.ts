// What the loop does with answers.

import { ANSWERED, FAILED, outcome } from "./host";
import { outOf } from "./layout";

/** Stores a filter's verdict: no, yes, or that the document is at fault. */
// @ts-ignore: decorator
@inline
export function putVerdict(out: usize, index: i32, answer: bool): void {
  store<u8>(out + index, outcome == FAILED ? 2 : <u8>(answer && outcome == ANSWERED));
}

/** Stores a score: 0 if there is none, NaN if the document is at fault. */
// @ts-ignore: decorator
@inline
export function putScore(out: usize, index: i32, answer: f64): void {
  store<f64>(out + (<usize>index << 3), outcome == ANSWERED ? answer : outcome == FAILED ? NaN : 0);
}

/** Stores a value, or that there is none. A document at fault has none; of an f64, it is NaN. */
// @ts-ignore: decorator
@inline
export function putValue<T>(out: usize, outValidity: usize, index: i32, answer: T): void {
  if (outcome == ANSWERED) {
    store<T>(out + <usize>index * sizeof<T>(), answer);
  } else if (isFloat<T>() && outcome == FAILED) {
    store<T>(out + <usize>index * sizeof<T>(), <T>NaN);
  } else {
    clearBit(outValidity, index);
  }
}

// @ts-ignore: decorator
@inline
function clearBit(bits: usize, index: i32): void {
  const at = bits + (index >> 3);
  store<u8>(at, load<u8>(at) & ~(1 << (<u8>index & 7)));
}

// Answers that are strings: their bytes, and where each begins, in memory that is kept and grown.

let bytes: usize = 0;
let bytesCapacity: usize = 0;
let used: i32 = 0;
let offsets: usize = 0;
let offsetsCapacity: usize = 0;
/** How many documents have their string, or an empty one. */
let ended: i32 = 0;

/** Begins a batch of strings. */
export function beginStrings(length: i32): void {
  used = 0;
  ended = 0;
  const wanted = <usize>(length + 1) << 2;
  if (wanted > offsetsCapacity) {
    if (offsets) heap.free(offsets);
    offsets = heap.alloc(wanted);
    offsetsCapacity = wanted;
  }
  store<i32>(offsets, 0);
}

/** Appends a document's string, or that it has none (null). */
// @ts-ignore: decorator
@inline
export function putString<T>(outValidity: usize, index: i32, answer: T): void {
  endStrings(index);
  if (outcome != ANSWERED || changetype<usize>(answer) == 0) {
    clearBit(outValidity, index);
  } else if (isString<T>()) {
    appendString(changetype<string>(answer));
  } else {
    // A Str: address and length.
    appendBytes(load<usize>(changetype<usize>(answer)), load<i32>(changetype<usize>(answer), sizeof<usize>()));
  }
  endStrings(index + 1);
}

/** Fills the out column in, when all documents are done. */
export function finishStrings(batch: usize, length: i32): void {
  endStrings(length);
  const column = outOf(batch);
  store<usize>(column, bytes, 12);
  store<usize>(column, offsets, 20);
}

/** Ends the strings of documents before `index`. */
function endStrings(index: i32): void {
  while (ended < index) {
    ended++;
    store<i32>(offsets + (<usize>ended << 2), used);
  }
}

function appendString(text: string): void {
  const length = String.UTF8.byteLength(text);
  makeRoom(length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes + used);
  used += length;
}

function appendBytes(start: usize, length: i32): void {
  makeRoom(length);
  memory.copy(bytes + used, start, length);
  used += length;
}

function makeRoom(length: i32): void {
  const wanted = <usize>used + length;
  if (wanted <= bytesCapacity && bytes) return;
  bytesCapacity = max<usize>(2 * bytesCapacity, max<usize>(wanted, 1024));
  bytes = bytes ? heap.realloc(bytes, bytesCapacity) : heap.alloc(bytesCapacity);
}

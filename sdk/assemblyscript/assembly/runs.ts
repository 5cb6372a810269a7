// Which documents of a batch the author's function is asked about: those that have a value in every field that must have
// one. They come in runs, so that the loop over a run has nothing to test.

import { validityOf } from "./layout";

/** Where the current run begins and ends. */
export let runStart: i32 = 0;
export let runEnd: i32 = 0;

let documents: i32 = 0;
/** A bit for each document that is asked about; 0 if all are. */
let asked: usize = 0;
let scratch: usize = 0;
let scratchBytes: usize = 0;

/** Begins a batch: all documents are asked about. */
export function beginRuns(length: i32): void {
  documents = length;
  asked = 0;
  runEnd = 0;
}

/** Leaves the documents out that have no value in a column. */
export function requireColumn(column: usize): void {
  const validity = validityOf(column);
  if (!validity) return;
  const words = (documents + 63) >> 6;
  if (!asked) {
    makeScratch(<usize>words << 3);
    memory.fill(scratch, 0xff, <usize>words << 3);
    asked = scratch;
  }
  for (let word = 0; word < words; word++) {
    const at = <usize>word << 3;
    store<u64>(asked + at, load<u64>(asked + at) & load<u64>(validity + at));
  }
}

function makeScratch(bytes: usize): void {
  if (bytes <= scratchBytes) return;
  if (scratch) heap.free(scratch);
  scratch = heap.alloc(bytes);
  scratchBytes = bytes;
}

/** Goes on to the next run of documents that are asked about, if there is one. */
export function nextRun(): bool {
  if (!asked) {
    runStart = runEnd;
    runEnd = documents;
    return runStart < runEnd;
  }
  runStart = firstBit(runEnd, 0);
  if (runStart >= documents) return false;
  runEnd = min(firstBit(runStart, -1), documents);
  return true;
}

/** The first document from one on whose bit, xor `flip`, is 1. */
function firstBit(from: i32, flip: u64): i32 {
  while (from < documents) {
    const word = (load<u64>(asked + (<usize>(from >> 6) << 3)) ^ flip) >> (from & 63);
    if (word) return from + <i32>ctz(word);
    from = (from | 63) + 1;
  }
  return documents;
}

/** Says that the documents that aren't asked about have no value. */
export function clearUnasked(outValidity: usize): void {
  if (!asked) return;
  for (let at: usize = 0, bytes = <usize>(documents + 7) >> 3; at < bytes; at++) {
    store<u8>(outValidity + at, load<u8>(outValidity + at) & load<u8>(asked + at));
  }
}

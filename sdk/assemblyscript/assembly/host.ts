// What a function can tell the engine beside its answer.

@external("diagon", "log")
declare function hostLog(level: i32, text: usize, length: i32): void;

@external("diagon", "fail")
declare function hostFail(text: usize, length: i32): void;

/** What came of the current document beside the returned answer: one of the three below. */
export let outcome: i32 = 0;
export const ANSWERED: i32 = 0;
export const MISSING: i32 = 1;
export const FAILED: i32 = 2;

/** Forgets what the last document's outcome was. */
// @ts-ignore: decorator
@inline
export function newOutcome(): void {
  outcome = ANSWERED;
}

/** Levels of `log`. */
export namespace Level {
  export const DEBUG: i32 = 0;
  export const INFO: i32 = 1;
  export const WARN: i32 = 2;
  export const ERROR: i32 = 3;
}

/** The level of what `error` says: the engine tells it with the document. */
const REASON: i32 = 4;

/** Writes a line into the query's log. */
export function log(level: i32, message: string): void {
  const bytes = String.UTF8.encode(message);
  hostLog(level, changetype<usize>(bytes), bytes.byteLength);
}

/**
 * Says that the function can't answer about this document, and why. It returns `false`, so that `return error("…")` is an
 * answer of every type that is a number or bool; what is returned after it doesn't count.
 */
export function error(message: string): bool {
  outcome = FAILED;
  log(REASON, message);
  return false;
}

/** Says that this document has no answer: a value that is missing, a score of 0, no match. Returns as `error` does. */
// @ts-ignore: decorator
@inline
export function missing(): bool {
  outcome = MISSING;
  return false;
}

/** Ends the call with a message, for what is wrong with the whole query, such as a parameter. */
export function fail(message: string): void {
  const bytes = String.UTF8.encode(message);
  hostFail(changetype<usize>(bytes), bytes.byteLength);
  unreachable(); // the engine has ended the call
}

// Where things are in a batch: the structs of the batch ABI, version 1.

/** Flag of a column of strings: its values are indices into a dictionary. The other flags only repeat what validity says. */
export const DICTIONARY: u32 = 4;

// @ts-ignore: decorator
@inline
export function lengthOf(batch: usize): i32 {
  return load<i32>(batch, 4);
}

// @ts-ignore: decorator
@inline
export function columnOf(batch: usize, index: i32): usize {
  return load<usize>(batch, 8) + (<usize>index << 5);
}

// @ts-ignore: decorator
@inline
export function paramOf(batch: usize, index: i32): usize {
  return load<usize>(batch, 16) + (<usize>index << 4);
}

// @ts-ignore: decorator
@inline
export function scoresOf(batch: usize): usize {
  return load<usize>(batch, 24);
}

// @ts-ignore: decorator
@inline
export function docIdsOf(batch: usize): usize {
  return load<usize>(batch, 28);
}

// @ts-ignore: decorator
@inline
export function idsOf(batch: usize): usize {
  return load<usize>(batch, 32);
}

// @ts-ignore: decorator
@inline
export function outOf(batch: usize): usize {
  return load<usize>(batch, 36);
}

// @ts-ignore: decorator
@inline
export function outValidityOf(batch: usize): usize {
  return load<usize>(batch, 40);
}

// @ts-ignore: decorator
@inline
export function flagsOf(column: usize): u32 {
  return load<u32>(column, 4);
}

// @ts-ignore: decorator
@inline
export function valuesOf(column: usize): usize {
  return load<usize>(column, 12);
}

// @ts-ignore: decorator
@inline
export function validityOf(column: usize): usize {
  return load<usize>(column, 16);
}

// @ts-ignore: decorator
@inline
export function offsetsOf(column: usize): usize {
  return load<usize>(column, 20);
}

// @ts-ignore: decorator
@inline
export function childOf(column: usize): usize {
  return load<usize>(column, 24);
}

/** A number or bool of a buffer. */
// @ts-ignore: decorator
@inline
export function valueAt<T>(values: usize, index: i32): T {
  return load<T>(values + <usize>index * sizeof<T>());
}

/** Whether a value is there, by the bits of a column's validity; of a column without, always. */
// @ts-ignore: decorator
@inline
export function isThere(validity: usize, index: i32): bool {
  return !validity || ((load<u8>(validity + (index >> 3)) >> (<u8>index & 7)) & 1) != 0;
}

// What the loop does with columns: takes what it needs of one before the loop, and sets views in it.

import { DICTIONARY, childOf, flagsOf, isThere, offsetsOf, valueAt, valuesOf } from "./layout";
import { List } from "./list";
import { Opt } from "./opt";
import { Str } from "./str";

// @ts-ignore: decorator
@inline
export function setOpt<T>(opt: Opt<T>, values: usize, validity: usize, index: i32): Opt<T> {
  opt.has = isThere(validity, index);
  opt.value = valueAt<T>(values, index);
  return opt;
}

/** Of a column of strings, the index of each document's string in the dictionary; 0 if it has none. */
// @ts-ignore: decorator
@inline
export function indicesOf(column: usize): usize {
  return flagsOf(column) & DICTIONARY ? valuesOf(column) : 0;
}

/** The column with the strings themselves. */
// @ts-ignore: decorator
@inline
export function stringsOf(column: usize): usize {
  return flagsOf(column) & DICTIONARY ? childOf(column) : column;
}

// @ts-ignore: decorator
@inline
export function setStr(str: Str, bytes: usize, offsets: usize, indices: usize, index: i32): Str {
  const place = indices ? load<u32>(indices + (<usize>index << 2)) : index;
  const offset = offsets + (<usize>place << 2);
  const from = load<i32>(offset);
  str.start = bytes + from;
  str.length = load<i32>(offset, 4) - from;
  return str;
}

/** The bytes that a list's offsets are counted from: of strings, those of the items. */
// @ts-ignore: decorator
@inline
export function listBytesOf(column: usize): usize {
  return valuesOf(childOf(column));
}

/** Where a list's items are: of strings, their offsets. */
// @ts-ignore: decorator
@inline
export function listItemsOf<T>(column: usize): usize {
  return isReference<T>() ? offsetsOf(childOf(column)) : valuesOf(childOf(column));
}

// @ts-ignore: decorator
@inline
export function setList<T>(list: List<T>, items: usize, bytes: usize, offsets: usize, index: i32): List<T> {
  const offset = offsets + (<usize>index << 2);
  const from = load<i32>(offset);
  // Offsets of strings have 4 bytes.
  list.items = items + <usize>from * (isReference<T>() ? 4 : sizeof<T>());
  list.bytes = bytes;
  list.length = load<i32>(offset, 4) - from;
  return list;
}

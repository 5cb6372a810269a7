// Parameters of a query, taken once a batch.

import { offsetsOf, valuesOf } from "./layout";
import { List } from "./list";
import { Opt } from "./opt";
import { Str } from "./str";

// @ts-ignore: decorator
@inline
function isAbsent(param: usize): bool {
  return load<u32>(param) == 0;
}

/** A number or bool; 0 if it is absent. Those of 32 bits arrive as 64. */
// @ts-ignore: decorator
@inline
export function scalarParam<T>(param: usize): T {
  if (isFloat<T>()) return <T>load<f64>(param, 8);
  return <T>load<i64>(param, 8);
}

export function optParam<T>(opt: Opt<T>, param: usize): Opt<T> {
  opt.has = !isAbsent(param);
  opt.value = scalarParam<T>(param);
  return opt;
}

export function strParam(str: Str, param: usize): Str {
  str.start = load<usize>(param, 8);
  str.length = load<i32>(param, 4);
  return str;
}

export function optStrParam(str: Str, param: usize): Str | null {
  return isAbsent(param) ? null : strParam(str, param);
}

export function stringParam(param: usize): string {
  return String.UTF8.decodeUnsafe(load<usize>(param, 8), load<i32>(param, 4));
}

export function optStringParam(param: usize): string | null {
  return isAbsent(param) ? null : stringParam(param);
}

/** A list; empty if it is absent. */
export function listParam<T>(list: List<T>, param: usize): List<T> {
  const column = load<usize>(param, 8);
  list.length = load<i32>(param, 4);
  if (column) {
    list.items = isReference<T>() ? offsetsOf(column) : valuesOf(column);
    list.bytes = valuesOf(column);
  }
  return list;
}

export function optListParam<T>(list: List<T>, param: usize): List<T> | null {
  return isAbsent(param) ? null : listParam(list, param);
}

// What a function's author imports.

import { Str } from "./str";

export { List } from "./list";
export { Opt } from "./opt";
export { Str } from "./str";
export { Level, error, fail, log, missing } from "./host";

/** A parameter of the query. In the function it is its value. */
export type Param<T> = T;
/** The score that the query gave the document. */
export type Score = f64;
/** The document's number, within its segment. */
export type DocId = u32;
/** The document's `_id`. */
export type Id = Str;

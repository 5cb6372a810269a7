// What the code that the transform writes uses; not for authors.

export { List } from "./list";
export { Opt } from "./opt";
export { Str } from "./str";
export { beginArena, keepArena, resetArena } from "./arena";
export { newOutcome } from "./host";
export { beginStrings, finishStrings, putScore, putString, putValue, putVerdict } from "./answers";
export { indicesOf, listBytesOf, listItemsOf, setList, setOpt, setStr, stringsOf } from "./columns";
export {
  columnOf, docIdsOf, idsOf, isThere, lengthOf, offsetsOf, outOf, outValidityOf, paramOf, scoresOf, validityOf, valueAt, valuesOf,
} from "./layout";
export { listParam, optListParam, optParam, optStrParam, optStringParam, scalarParam, strParam, stringParam } from "./params";
export { beginRuns, clearUnasked, nextRun, requireColumn, runEnd, runStart } from "./runs";
export { putEightVerdicts } from "./vector";

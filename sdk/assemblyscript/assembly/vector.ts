// Eight documents at a time, for filters that only compare numbers.

/** Stores the verdicts about eight documents, of which each pair has a mask: all bits of a document's half, or none. */
// @ts-ignore: decorator
@inline
export function putEightVerdicts(out: usize, first: v128, second: v128, third: v128, fourth: v128): void {
  const words = v128.narrow<i32>(v128.shuffle<i32>(first, second, 0, 2, 4, 6), v128.shuffle<i32>(third, fourth, 0, 2, 4, 6));
  const verdicts = v128.and(v128.narrow<i16>(words, words), v128.splat<i8>(1));
  store<u64>(out, v128.extract_lane<u64>(verdicts, 0));
}

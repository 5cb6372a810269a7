// Comparisons of bytes. Up to 7 bytes behind a string are read, too: batches and copies have that room behind them.

/** Whether `length` bytes at both addresses are the same. */
// @ts-ignore: decorator
@inline
export function sameBytes(a: usize, b: usize, length: i32): bool {
  if (length > 8) return sameLongBytes(a, b, length);
  return sameTail(load<u64>(a), load<u64>(b), length);
}

/** Of two words in memory order, whether the first `length` bytes are the same, which are 0 to 8. */
// @ts-ignore: decorator
@inline
function sameTail(a: u64, b: u64, length: i32): bool {
  // A shift counts modulo 64, so that no bytes at all need a word of their own.
  return length == 0 || (a ^ b) << (64 - 8 * length) == 0;
}

function sameLongBytes(a: usize, b: usize, length: i32): bool {
  while (length > 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
    length -= 8;
  }
  return sameTail(load<u64>(a), load<u64>(b), length);
}

/** How the bytes at `a` are ordered beside those at `b`: negative, 0 or positive. */
export function compareBytes(a: usize, aLength: i32, b: usize, bLength: i32): i32 {
  const shared = min(aLength, bLength);
  for (let i = 0; i < shared; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference) return difference;
  }
  return aLength - bLength;
}

/**
 * How many bytes at `bytes` (of `length`) spell `text`, which is UTF-16: all of it, or -1. Encodes on the way, so that
 * nothing is allocated.
 */
export function spelled(bytes: usize, length: i32, text: string): i32 {
  const units = text.length;
  let at = 0;
  for (let i = 0; i < units; i++) {
    const unit = <u32>text.charCodeAt(i);
    if (unit < 0x80) {
      if (at >= length || load<u8>(bytes + at) != unit) return -1;
      at++;
    } else {
      const point = <u32>text.codePointAt(i);
      if (point > 0xffff) i++;
      const width = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (at + width > length || decoded(bytes + at, width) != point) return -1;
      at += width;
    }
  }
  return at;
}

/** The code point of the `width` bytes there, if they are one of that width; else another number. */
function decoded(at: usize, width: i32): u32 {
  const lead = <u32>load<u8>(at);
  const mark = width == 2 ? 0xc0 : width == 3 ? 0xe0 : 0xf0;
  let point = lead ^ mark;
  for (let i = 1; i < width; i++) point = (point << 6) | (<u32>load<u8>(at + i) ^ 0x80);
  return point;
}

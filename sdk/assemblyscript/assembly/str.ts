import { take } from "./arena";
import { compareBytes, sameBytes, spelled } from "./bytes";

/**
 * A string as the engine has it: UTF-8 bytes in memory that somebody else owns. Lengths and places are in bytes.
 *
 * It is valid during the call that it was given to: keep `toString()`, or `copy()`, not the object. Wherever another
 * string is an argument, that may be a `Str` or a `string`; a `Str` is faster.
 */
// @ts-ignore: decorator
@unmanaged
export class Str {
  /** Address of the first byte. */
  start!: usize;
  /** Bytes. */
  length!: i32;

  /** A string of the program's own as a `Str`, forever: for constants of the module. */
  static of(text: string): Str {
    const length = String.UTF8.byteLength(text);
    const str = changetype<Str>(heap.alloc(offsetof<Str>() + length + 8));
    str.start = changetype<usize>(str) + offsetof<Str>();
    str.length = length;
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, str.start);
    return str;
  }

  /** A view of bytes anywhere, until the end of the call. */
  // @ts-ignore: decorator
  @inline
  static view(start: usize, length: i32): Str {
    const str = changetype<Str>(take(offsetof<Str>()));
    str.start = start;
    str.length = length;
    return str;
  }

  /** Whether it is this string, byte for byte. */
  // @ts-ignore: decorator
  @inline
  equals<T>(other: T): bool {
    if (isString<T>()) return spelled(this.start, this.length, changetype<string>(other)) == this.length;
    const str = changetype<Str>(other);
    return this.length == str.length && sameBytes(this.start, str.start, str.length);
  }

  // @ts-ignore: decorator
  @inline @operator("==")
  private static same(a: Str | null, b: Str | null): bool {
    if (changetype<usize>(a) == 0 || changetype<usize>(b) == 0) return changetype<usize>(a) == changetype<usize>(b);
    return a.equals(b);
  }

  // @ts-ignore: decorator
  @inline @operator("!=")
  private static different(a: Str | null, b: Str | null): bool {
    return !(a == b);
  }

  // @ts-ignore: decorator
  @inline
  startsWith<T>(prefix: T): bool {
    if (isString<T>()) return spelled(this.start, this.length, changetype<string>(prefix)) >= 0;
    const str = changetype<Str>(prefix);
    return this.length >= str.length && sameBytes(this.start, str.start, str.length);
  }

  // @ts-ignore: decorator
  @inline
  endsWith<T>(suffix: T): bool {
    const length = isString<T>() ? String.UTF8.byteLength(changetype<string>(suffix)) : changetype<Str>(suffix).length;
    const from = this.length - length;
    if (from < 0) return false;
    if (isString<T>()) return spelled(this.start + from, length, changetype<string>(suffix)) == length;
    return sameBytes(this.start + from, changetype<Str>(suffix).start, length);
  }

  /** The first place, not before `from`, where the other string stands; -1 if there is none. */
  indexOf<T>(other: T, from: i32 = 0): i32 {
    const length = isString<T>() ? String.UTF8.byteLength(changetype<string>(other)) : changetype<Str>(other).length;
    for (let at = max(from, 0), last = this.length - length; at <= last; at++) {
      if (isString<T>()) {
        if (spelled(this.start + at, length, changetype<string>(other)) == length) return at;
      } else if (sameBytes(this.start + at, changetype<Str>(other).start, length)) return at;
    }
    return -1;
  }

  // @ts-ignore: decorator
  @inline
  includes<T>(other: T): bool {
    return this.indexOf(other) >= 0;
  }

  /** Negative, 0 or positive as this string is before, equal to or behind the other one in the order of bytes. */
  compare(other: Str): i32 {
    return compareBytes(this.start, this.length, other.start, other.length);
  }

  /** The byte at a place. */
  // @ts-ignore: decorator
  @inline
  byteAt(index: i32): u8 {
    if (<u32>index >= <u32>this.length) throw new RangeError("byte " + index.toString() + " of " + this.length.toString());
    return load<u8>(this.start + index);
  }

  /** The bytes from a place to another, as a view; both are cut to what there is. */
  slice(from: i32, to: i32 = i32.MAX_VALUE): Str {
    const end = max(0, min(to, this.length));
    const begin = max(0, min(from, end));
    return Str.view(this.start + begin, end - begin);
  }

  /** The same string in memory of its own, forever: for what is kept beyond the call. */
  copy(): Str {
    const str = changetype<Str>(heap.alloc(offsetof<Str>() + this.length + 8));
    str.start = changetype<usize>(str) + offsetof<Str>();
    str.length = this.length;
    memory.copy(str.start, this.start, this.length);
    return str;
  }

  /** Decoded, as a string of the language. Allocates. */
  toString(): string {
    return String.UTF8.decodeUnsafe(this.start, this.length);
  }
}

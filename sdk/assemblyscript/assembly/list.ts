import { sameBytes, spelled } from "./bytes";
import { Str } from "./str";

/**
 * All values of a field in one document, in the document's order, or a list that is a parameter. Items are `bool`, `i64`,
 * `f64`, `Str` or `string`; of parameters also `i32` and `f32`. It is valid during the call that it was given to.
 */
// @ts-ignore: decorator
@unmanaged
export class List<T> {
  /** Address of the first item; of strings, of the first one's offset. */
  items!: usize;
  /** Where the bytes of strings are counted from. */
  bytes!: usize;
  /** How many items there are. */
  length!: i32;

  // @ts-ignore: decorator
  @inline @operator("[]")
  private get(index: i32): T {
    if (<u32>index >= <u32>this.length) throw new RangeError("item " + index.toString() + " of " + this.length.toString());
    return this.item(index);
  }

  // @ts-ignore: decorator
  @inline @operator("{}")
  private item(index: i32): T {
    if (isString<T>()) return changetype<T>(String.UTF8.decodeUnsafe(this.startOf(index), this.lengthOf(index)));
    if (isReference<T>()) return changetype<T>(Str.view(this.startOf(index), this.lengthOf(index)));
    // 32 bits arrive as 64.
    if (isFloat<T>()) return <T>load<f64>(this.items + (<usize>index << 3));
    if (sizeof<T>() == 1) return load<T>(this.items + index);
    return <T>load<i64>(this.items + (<usize>index << 3));
  }

  /** Whether the value is among the items. Strings are not decoded for it. */
  includes<U>(value: U): bool {
    for (let i = 0, length = this.length; i < length; i++) {
      if (isReference<T>()) {
        const itemLength = this.lengthOf(i);
        if (isString<U>()) {
          if (spelled(this.startOf(i), itemLength, changetype<string>(value)) == itemLength) return true;
        } else {
          const str = changetype<Str>(value);
          if (itemLength == str.length && sameBytes(this.startOf(i), str.start, itemLength)) return true;
        }
      } else if (unchecked(this[i]) == <T>value) return true;
    }
    return false;
  }

  // @ts-ignore: decorator
  @inline
  private startOf(index: i32): usize {
    return this.bytes + load<i32>(this.items + (<usize>index << 2));
  }

  // @ts-ignore: decorator
  @inline
  private lengthOf(index: i32): i32 {
    const offset = this.items + (<usize>index << 2);
    return load<i32>(offset, 4) - load<i32>(offset);
  }
}

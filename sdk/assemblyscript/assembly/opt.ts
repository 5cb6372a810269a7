/**
 * A number or bool that may be missing. The object belongs to the loop, which fills it anew for each document: keep the
 * value, not the object.
 */
// @ts-ignore: decorator
@unmanaged
export class Opt<T> {
  /** 0 or false where there is none. */
  value!: T;
  /** Whether there is a value. */
  has!: bool;

  /** The value, or another one where there is none. */
  // @ts-ignore: decorator
  @inline
  or(otherwise: T): T {
    return this.has ? this.value : otherwise;
  }
}

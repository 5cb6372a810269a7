// Exports of every module.

/** So many bytes behind a batch may be read: whole words are compared. */
const ROOM: usize = 64;

let buffer: usize = 0;
let capacity: usize = 0;

/** Says which ABI the module was built for. */
export function diagon_abi_v1(): void {}

/** Makes room for a batch. What was there before is not kept. */
export function diagon_reserve(bytes: u32): usize {
  const wanted = <usize>bytes + ROOM;
  if (wanted > capacity) {
    if (buffer) heap.free(buffer);
    buffer = heap.alloc(wanted);
    capacity = wanted;
  }
  return buffer;
}

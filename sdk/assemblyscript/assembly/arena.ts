// Memory for small objects that live as long as one call of the author's function: taking some is an addition.

/** Bytes of the first block. */
const FIRST: usize = 4096;
/** At the beginning of a block: the address of the one before it, which is full. */
const HEADER: usize = 16;

let block: usize = 0;
let next: usize = 0;
let end: usize = 0;

/** Memory until the next `resetArena`; at most 64 bytes. */
// @ts-ignore: decorator
@inline
export function take(bytes: usize): usize {
  if (next + bytes > end) newBlock();
  const at = next;
  next += bytes;
  return at;
}

/** Takes everything back. */
// @ts-ignore: decorator
@inline
export function resetArena(): void {
  if (block) {
    if (load<usize>(block)) freeFullBlocks();
    next = block + HEADER;
  }
}

function newBlock(): void {
  const size: usize = block ? 2 * (end - block) : FIRST;
  const fresh = heap.alloc(size);
  store<usize>(fresh, block);
  block = fresh;
  next = fresh + HEADER;
  end = fresh + size;
}

function freeFullBlocks(): void {
  let full = load<usize>(block);
  while (full) {
    const before = load<usize>(full);
    heap.free(full);
    full = before;
  }
  store<usize>(block, 0);
}

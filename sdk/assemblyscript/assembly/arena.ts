// Memory for small objects that live as long as one call of the author's function, or as what was made before the first one:
// taking some is an addition.

/** Bytes of the first block. */
const FIRST: usize = 4096;
/** At the beginning of a block: the addresses of the block before it, and of its own end. */
const HEADER: usize = 16;

/** Whether there is a block. In a module that takes nothing, the optimizer sees that there never is one. */
let used: bool = false;
let block: usize = 0;
let next: usize = 0;
let end: usize = 0;
/** What is kept: a block, and how far it was used. */
let keptBlock: usize = 0;
let kept: usize = 0;
/** Whether there was a batch, and what was taken before the first one: constants of the author's files, which stay. */
let begun: bool = false;
let ownBlock: usize = 0;
let own: usize = 0;

/** Memory that is taken back by `resetArena`, or `beginArena`; a few bytes. */
// @ts-ignore: decorator
@inline
export function take(bytes: usize): usize {
  if (next + bytes > end) addBlock();
  const at = next;
  next += bytes;
  return at;
}

/** Takes everything back: a batch begins. */
// @ts-ignore: decorator
@inline
export function beginArena(): void {
  if (!begun) {
    begun = true;
    ownBlock = block;
    own = next;
  }
  if (used) dropAll();
}

/** Keeps what was taken until the batch ends. */
// @ts-ignore: decorator
@inline
export function keepArena(): void {
  if (used) keep();
}

/** Takes back what is not kept: the next document. */
// @ts-ignore: decorator
@inline
export function resetArena(): void {
  if (used) {
    if (block != keptBlock) dropUnkept();
    next = kept;
  }
}

function dropAll(): void {
  if (ownBlock) {
    while (block != ownBlock) dropBlock();
    next = own;
  } else {
    while (load<usize>(block)) dropBlock();
    next = block + HEADER;
  }
  keep();
}

function keep(): void {
  keptBlock = block;
  kept = next;
}

function dropUnkept(): void {
  while (block != keptBlock) dropBlock();
}

function addBlock(): void {
  const size: usize = block ? 2 * (end - block) : FIRST;
  const fresh = heap.alloc(size);
  store<usize>(fresh, block);
  store<usize>(fresh, fresh + size, sizeof<usize>());
  useBlock(fresh);
  next = fresh + HEADER;
  // The first block stays.
  if (!used) keep();
  used = true;
}

function dropBlock(): void {
  const before = load<usize>(block);
  heap.free(block);
  useBlock(before);
}

function useBlock(one: usize): void {
  block = one;
  end = load<usize>(one, sizeof<usize>());
}

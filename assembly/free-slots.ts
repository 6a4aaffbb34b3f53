/**
 * Which slots are free.
 *
 * Owns: one bit for each slot, and one for each word of those bits that has any. Slots are taken in the order of their indices, a word at
 * a time, so that things made one after the other lie side by side, in the core's table and in the host's, whatever order
 * their predecessors ended in. A list of free slots hands them out in the reverse of that order: with a million timers,
 * most of which were cancelled, nearly each access is a miss of the cache then.
 *
 * Does not own: what is in a slot (`slots.ts`).
 */

const WORD_BITS_LOG2: i32 = 6;
const WORD_BYTES_LOG2: usize = 3;
/** The table has two words of bits at the least, so that each level can double by one `realloc`. */
const WORD_BITS: i32 = 64;

/** One bit for each slot; those of the current word are in `bits`, and zero here. */
let words: usize = 0;
/** One bit for each word that is not zero. */
let summary: usize = 0;
let summaryCount: i32 = 0;
/** All words of the summary before this one are zero. */
let firstSummary: i32 = 0;
/** The free slots of the current word, and the slot of its first bit. */
let bits: u64 = 0;
let first: i32 = 0;

/** Takes a free slot. Returns its index, or -1 when there is none. */
// @ts-ignore: decorator
@inline
export function takeFree(): i32 {
  if (bits == 0 && !turn()) return -1;
  const index = first + <i32>ctz(bits);
  bits &= bits - 1;
  return index;
}

/** Gives a slot back. */
// @ts-ignore: decorator
@inline
export function giveFree(index: i32): void {
  const bit = (<u64>1) << (<u64>(index & (WORD_BITS - 1)));
  if ((index ^ first) < WORD_BITS && (index ^ first) >= 0) {
    bits |= bit;
    return;
  }
  const at = wordAt(words, index >> WORD_BITS_LOG2);
  const word = load<u64>(at);
  if (word == 0) noteWord(index >> WORD_BITS_LOG2);
  store<u64>(at, word | bit);
}

/** Makes room for slots up to `capacity`, a multiple of 64, and gives those from `start` on. */
export function extendFree(start: i32, capacity: i32): void {
  const count = capacity >> WORD_BITS_LOG2;
  words = enlarge(words, start >> WORD_BITS_LOG2, count);
  const wanted = ((count - 1) >> WORD_BITS_LOG2) + 1;
  summary = enlarge(summary, summaryCount, wanted);
  summaryCount = wanted;
  for (let index = start; index < capacity; index++) giveFree(index);
}

/** Goes on to the first word that has free slots. Returns whether there is one. */
function turn(): bool {
  for (; firstSummary < summaryCount; firstSummary++) {
    const at = wordAt(summary, firstSummary);
    const found = load<u64>(at);
    if (found == 0) continue;
    store<u64>(at, found & (found - 1));
    const word = (firstSummary << WORD_BITS_LOG2) + <i32>ctz(found);
    first = word << WORD_BITS_LOG2;
    bits = load<u64>(wordAt(words, word));
    store<u64>(wordAt(words, word), 0);
    return true;
  }
  return false;
}

/** Notes that a word is not zero any more. */
function noteWord(word: i32): void {
  const index = word >> WORD_BITS_LOG2;
  const at = wordAt(summary, index);
  store<u64>(at, load<u64>(at) | ((<u64>1) << (<u64>(word & (WORD_BITS - 1)))));
  if (index < firstSummary) firstSummary = index;
}

// @ts-ignore: decorator
@inline
function wordAt(base: usize, index: i32): usize {
  return base + ((<usize>index) << WORD_BYTES_LOG2);
}

/** Moves `count` words to a place for `wanted`, the new ones zero. */
function enlarge(base: usize, count: i32, wanted: i32): usize {
  if (count == wanted) return base;
  const bytes = (<usize>wanted) << WORD_BYTES_LOG2;
  const next = base == 0 ? heap.alloc(bytes) : heap.realloc(base, bytes);
  memory.fill(wordAt(next, count), 0, (<usize>(wanted - count)) << WORD_BYTES_LOG2);
  return next;
}

/**
 * The ready queue: ids in the order in which they are to run.
 *
 * Owns: a ring that doubles when it is full. First in, first out.
 *
 * Does not own: what running an id means (`loop.ts`), nor whether it was cancelled meanwhile (the flag in `slots.ts`).
 */
import { Flag, slotOf } from "./slots";

const CAPACITY_FIRST: i32 = 64;
const ID_BYTES_LOG2: usize = 2;

let base: usize = 0;
let capacity: i32 = 0;
let head: i32 = 0;
let count: i32 = 0;

/** Appends an id, and marks its slot as queued. */
export function push(id: i32): void {
  if (count == capacity) grow();
  store<i32>(address(count), id);
  count++;
  slotOf(id).flags |= <u8>Flag.Queued;
}

/** Takes the oldest id, which must exist, and marks its slot as no longer queued. */
export function pop(): i32 {
  const id = load<i32>(address(0));
  head = (head + 1) & (capacity - 1);
  count--;
  slotOf(id).flags &= ~(<u8>Flag.Queued);
  return id;
}

/** The oldest id, which must exist. */
export function peek(): i32 {
  return load<i32>(address(0));
}

/** Ids in the queue, cancelled ones included. */
// @ts-ignore: decorator
@inline
export function readyCount(): i32 {
  return count;
}

/** Forgets every id. */
export function clearReady(): void {
  head = 0;
  count = 0;
}

// @ts-ignore: decorator
@inline
function address(offset: i32): usize {
  return base + ((<usize>((head + offset) & (capacity - 1))) << ID_BYTES_LOG2);
}

function grow(): void {
  const next = capacity == 0 ? CAPACITY_FIRST : capacity << 1;
  const fresh = heap.alloc((<usize>next) << ID_BYTES_LOG2);
  for (let i = 0; i < count; i++) store<i32>(fresh + ((<usize>i) << ID_BYTES_LOG2), load<i32>(address(i)));
  if (base != 0) heap.free(base);
  base = fresh;
  capacity = next;
  head = 0;
}

/**
 * The ready queue: ids in the order in which they are to run, and series.
 *
 * A series stands for calls that were made one right after the other and that the host keeps itself, in a queue of its
 * own: they have no ids, and the core only counts them. While nothing else comes after it, a series is open: the host
 * makes it longer by counting the word at `openSeries` up, without a call into the core.
 *
 * Owns: a ring that doubles when it is full. First in, first out. An entry is an id, or the length of a series below zero.
 *
 * Does not own: what running an entry means (`loop.ts`), nor whether it was cancelled meanwhile (the flag in `slots.ts`, the host).
 */
import { Flag, slotOf } from "./slots";

const CAPACITY_FIRST: i32 = 64;
const ID_BYTES_LOG2: usize = 2;

let base: usize = 0;
let capacity: i32 = 0;
let head: i32 = 0;
let count: i32 = 0;

/** How long the open series is; 0 while the queue's last entry is none. */
const open: usize = memory.data(4, 4);

/**
 * Where the length of the open series is: an i32 that a host counts up when it is above 0, and otherwise leaves to `extendSeries`. The
 * core sets it to 0 whenever something else is queued and when an iteration begins, so a host looks at it each time. The address stays.
 */
export function openSeries(): usize {
  return open;
}

/** Appends an id, and marks its slot as queued. */
export function push(id: i32): void {
  if (load<i32>(open) != 0) closeSeries();
  append(id);
  slotOf(id).flags |= <u8>Flag.Queued;
}

/** Makes the open series one call longer, or opens one. */
export function extendSeries(): void {
  const length = load<i32>(open);
  // The entry keeps the place; it is written when the series is closed.
  if (length == 0) append(0);
  store<i32>(open, length + 1);
}

/** Fixes the length of the open series, if there is one. What comes after it is another. */
export function closeSeries(): void {
  const length = load<i32>(open);
  if (length == 0) return;
  store<i32>(address(count - 1), -length);
  store<i32>(open, 0);
}

/** Takes the oldest entry, which must exist and be closed, and marks the slot of an id as no longer queued. */
export function pop(): i32 {
  const entry = load<i32>(address(0));
  head = (head + 1) & (capacity - 1);
  count--;
  if (entry > 0) slotOf(entry).flags &= ~(<u8>Flag.Queued);
  return entry;
}

/** Puts a closed entry in front of all others: what a series has left. */
export function putBack(series: i32): void {
  if (count == capacity) grow();
  head = (head - 1) & (capacity - 1);
  count++;
  store<i32>(address(0), series);
}

/** The oldest entry, which must exist and be closed. */
export function peek(): i32 {
  return load<i32>(address(0));
}

/** Entries in the queue, cancelled ids included. A series counts as one. */
// @ts-ignore: decorator
@inline
export function readyCount(): i32 {
  return count;
}

/** Forgets every entry. */
export function clearReady(): void {
  head = 0;
  count = 0;
  store<i32>(open, 0);
}

// @ts-ignore: decorator
@inline
function append(entry: i32): void {
  if (count == capacity) grow();
  store<i32>(address(count), entry);
  count++;
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

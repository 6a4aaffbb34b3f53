/**
 * The timer heap: which timer is due next.
 *
 * Owns: a 4-ary heap of (when, sequence, id), and the count of cancelled entries. Cancelling leaves the entry where it is; it goes
 * when it reaches the top, or in a sweep when more than half of a large heap is cancelled.
 *
 * From: CPython 3.13, base_events `_run_once`: the same laziness and the same limits.
 * Differs: equal deadlines come in the order in which they were set, where CPython leaves that open.
 */
import { NO_ID, TIMER_SWEEP_MIN, TIMER_SWEEP_SHARE } from "./abi";
import { Flag, release, slotOf } from "./slots";

@unmanaged
class Entry {
  when: f64;
  sequence: u32;
  id: i32;
}

const ENTRY_BYTES_LOG2: usize = 4;
const CAPACITY_FIRST: i32 = 64;

let base: usize = 0;
let capacity: i32 = 0;
let count: i32 = 0;
let cancelled: i32 = 0;
let sequence: u32 = 0;

/** Sets a timer whose slot holds `when`. */
export function schedule(id: i32): void {
  if (count == capacity) grow();
  const slot = slotOf(id);
  slot.flags |= <u8>Flag.Scheduled;
  siftUp(count++, slot.when, sequence++, id);
}

/** Notes that a scheduled timer was cancelled. Its slot is released when its entry goes. */
export function noteCancelled(): void {
  cancelled++;
}

/** Drops cancelled entries: all of them when they are too many, else those at the top. */
export function purgeCancelled(): void {
  if (count > TIMER_SWEEP_MIN && <f64>cancelled > <f64>count * TIMER_SWEEP_SHARE) return sweep();
  while (cancelled > 0 && count > 0) {
    const id = at(0).id;
    if (!(slotOf(id).flags & <u8>Flag.Cancelled)) return;
    takeFirst();
    cancelled--;
    release(id);
  }
}

/** When the first timer is due, in seconds; Infinity when there is none. A cancelled timer at the top counts. */
export function firstDeadline(): f64 {
  return count == 0 ? Infinity : at(0).when;
}

/**
 * Takes the first timer that is due by `now` or before `end`, both in seconds, releasing cancelled ones on the way. Returns its id or
 * NO_ID. Where the clock is so high that adding its resolution changes nothing, `end` alone would never let the last timer be due.
 */
export function takeDue(now: f64, end: f64): i32 {
  while (count > 0 && (at(0).when < end || at(0).when <= now)) {
    const id = at(0).id;
    takeFirst();
    const slot = slotOf(id);
    if (!(slot.flags & <u8>Flag.Cancelled)) {
      slot.flags &= ~(<u8>Flag.Scheduled);
      return id;
    }
    cancelled--;
    release(id);
  }
  return NO_ID;
}

/** Entries in the heap, cancelled ones included. */
export function timerCount(): i32 {
  return count;
}

/** Cancelled entries in the heap. */
export function cancelledTimerCount(): i32 {
  return cancelled;
}

/** Forgets every entry. */
export function clearTimers(): void {
  count = 0;
  cancelled = 0;
}

// @ts-ignore: decorator
@inline
function at(index: i32): Entry {
  return changetype<Entry>(base + ((<usize>index) << ENTRY_BYTES_LOG2));
}

// @ts-ignore: decorator
@inline
function isBefore(entry: Entry, when: f64, order: u32): bool {
  if (entry.when != when) return entry.when < when;
  // The difference, not the numbers: the sequence may have wrapped around between the two.
  return <i32>(entry.sequence - order) < 0;
}

// @ts-ignore: decorator
@inline
function put(index: i32, when: f64, order: u32, id: i32): void {
  const entry = at(index);
  entry.when = when;
  entry.sequence = order;
  entry.id = id;
}

function siftUp(hole: i32, when: f64, order: u32, id: i32): void {
  while (hole > 0) {
    const parent = (hole - 1) >> 2;
    const above = at(parent);
    if (isBefore(above, when, order)) break;
    put(hole, above.when, above.sequence, above.id);
    hole = parent;
  }
  put(hole, when, order, id);
}

function siftDown(hole: i32, when: f64, order: u32, id: i32): void {
  for (;;) {
    const first = (hole << 2) + 1;
    if (first >= count) break;
    const end = first + 4 < count ? first + 4 : count;
    let least = first;
    for (let child = first + 1; child < end; child++) {
      const best = at(least);
      if (isBefore(at(child), best.when, best.sequence)) least = child;
    }
    const child = at(least);
    if (!isBefore(child, when, order)) break;
    put(hole, child.when, child.sequence, child.id);
    hole = least;
  }
  put(hole, when, order, id);
}

function takeFirst(): void {
  const last = at(--count);
  if (count > 0) siftDown(0, last.when, last.sequence, last.id);
}

function sweep(): void {
  let kept = 0;
  for (let index = 0; index < count; index++) {
    const entry = at(index);
    if (slotOf(entry.id).flags & <u8>Flag.Cancelled) release(entry.id);
    else put(kept++, entry.when, entry.sequence, entry.id);
  }
  count = kept;
  cancelled = 0;
  for (let index = (kept - 2) >> 2; index >= 0; index--) {
    const entry = at(index);
    siftDown(index, entry.when, entry.sequence, entry.id);
  }
}

function grow(): void {
  const next = capacity == 0 ? CAPACITY_FIRST : capacity << 1;
  const bytes = (<usize>next) << ENTRY_BYTES_LOG2;
  base = base == 0 ? heap.alloc(bytes) : heap.realloc(base, bytes);
  capacity = next;
}

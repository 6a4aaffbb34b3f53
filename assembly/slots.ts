/**
 * The slot table: one 32-byte record for each thing that has an id.
 *
 * Owns: ids, their generations, and the flags that say who still refers to a slot. A slot is released
 * only when neither a queue, nor the heap, nor a list refers to it, so the generation guards against stale ids of the host's alone.
 *
 * Does not own: which slots are free (`free-slots.ts`), nor what the kinds do: `ready-queue.ts`, `timer-heap.ts`,
 * `watches.ts`, `futures.ts`, `tasks.ts`.
 */
import { GENERATION_MASK, INDEX_BITS, INDEX_MASK, NO_ID, SLOTS_MAX, Status } from "./abi";
import { extendFree, giveFree, takeFree } from "./free-slots";

export const enum Kind {
  Free = 0,
  Call = 1,
  Timer = 2,
  Watch = 3,
  Future = 4,
  Callback = 5,
  Task = 6,
  Arrival = 7,
}

export const enum Flag {
  /** Its id is in the ready queue. */
  Queued = 1,
  /** It is not to run any more; the slot is released by whoever still refers to it. */
  Cancelled = 2,
  /** Its id is in the timer heap. */
  Scheduled = 4,
  /** Its id is in the batch that `takeReady` handed out; unless it is a task, `next` is the number of its record. */
  Taken = 8,
  /** A task into which a cancellation is to be thrown at its next step. */
  MustCancel = 16,
  /** A task that the host drives. */
  Detached = 32,
  /** An arrival that stays after it has run. */
  Repeats = 64,
}

@unmanaged
export class Slot {
  kind: u8;
  flags: u8;
  generation: u8;
  /** The next in the list of those who wait for a future. */
  next: i32;
  /** Future, task: the first who waits for it. */
  head: i32;
  /** Future, task: the last who waits for it. Arrival: its EventKind. */
  tail: i32;
  /** Task: the future it waits for. Callback: the future it belongs to. */
  waitsFor: i32;
  /** Task: cancellations asked for, less those taken back. */
  cancels: i32;
  /** Timer: when it is due, in seconds. */
  when: f64;
}

const SLOT_BYTES_LOG2: usize = 5;
const CAPACITY_FIRST: i32 = 64;

let base: usize = 0;
let capacity: i32 = 0;
let live: i32 = 0;
let clears: i32 = 0;

/** The slot at an index. The reference is good until the next `allocate`. */
// @ts-ignore: decorator
@inline
function at(index: i32): Slot {
  return changetype<Slot>(base + ((<usize>index) << SLOT_BYTES_LOG2));
}

/** The slot of an id that is known to be alive. The reference is good until the next `allocate`. */
// @ts-ignore: decorator
@inline
export function slotOf(id: i32): Slot {
  return at(id & INDEX_MASK);
}

/** Takes a slot. Returns its id, or Status.OutOfSlots. */
export function allocate(kind: Kind): i32 {
  let index = takeFree();
  if (index < 0) {
    if (!grow()) return Status.OutOfSlots;
    index = takeFree();
  }
  live++;
  const slot = at(index);
  slot.kind = <u8>kind;
  slot.flags = 0;
  slot.next = NO_ID;
  // Two fields at a time.
  store<u64>(changetype<usize>(slot), 0, offsetof<Slot>("head"));
  store<u64>(changetype<usize>(slot), 0, offsetof<Slot>("waitsFor"));
  return ((<i32>slot.generation) << INDEX_BITS) | index;
}

/** Gives a slot back. Its id names nothing from now on. */
export function release(id: i32): void {
  const index = id & INDEX_MASK;
  const slot = at(index);
  slot.kind = <u8>Kind.Free;
  slot.generation = <u8>((<i32>slot.generation + 1) & GENERATION_MASK);
  giveFree(index);
  live--;
}

/** Whether an id from outside names a slot that is alive. */
export function isAlive(id: i32): bool {
  const index = id & INDEX_MASK;
  if (id <= 0 || index >= capacity) return false;
  const slot = at(index);
  return slot.kind != Kind.Free && <i32>slot.generation == id >> INDEX_BITS;
}

/** Whether an id from outside names a live slot of that kind. */
export function isKind(id: i32, kind: Kind): bool {
  return isAlive(id) && slotOf(id).kind == kind;
}

/** Whether a slot is kept when its callback has run, to run again: a watch, or an arrival that repeats. */
export function staysAfterRun(id: i32): bool {
  const slot = slotOf(id);
  return slot.kind == Kind.Watch || (slot.flags & <u8>Flag.Repeats) != 0;
}

/** Slots that are alive. */
export function liveSlots(): i32 {
  return live;
}

/** How often every slot was given back: after a call of the host tells whether what was alive before may still be. */
// @ts-ignore: decorator
@inline
export function clearCount(): i32 {
  return clears;
}

/** Gives every slot back. */
export function releaseAll(): void {
  clears++;
  for (let index = 1; index < capacity; index++) {
    const slot = at(index);
    if (slot.kind != Kind.Free) release(((<i32>slot.generation) << INDEX_BITS) | index);
  }
}

function grow(): bool {
  if (capacity > SLOTS_MAX) return false;
  const next = capacity == 0 ? CAPACITY_FIRST : capacity << 1;
  const bytes = (<usize>next) << SLOT_BYTES_LOG2;
  const old = (<usize>capacity) << SLOT_BYTES_LOG2;
  base = base == 0 ? heap.alloc(bytes) : heap.realloc(base, bytes);
  memory.fill(base + old, 0, bytes - old);
  // Slot 0 stays unused, so that no id is 0.
  extendFree(max(capacity, 1), next);
  capacity = next;
  return true;
}

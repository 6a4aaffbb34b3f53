/**
 * Watches: which fd wakes which callback.
 *
 * Owns: a table fd → (reader, writer, generation), and what the selector is asked to tell of each fd. A watch may run many times;
 * replacing or removing it cancels it even when it is queued already.
 *
 * From: CPython 3.13, selector_events `_add_reader` … `_process_events`.
 * Differs: each registration of an fd has a generation, so an event of a former owner of the number wakes nobody.
 */
import { FD_MAX, NO_ID, Readiness, Status } from "./abi";
import { withdraw } from "./batch";
import { watch } from "./host";
import { push } from "./ready-queue";
import { allocate, clearCount, Flag, Kind, release, slotOf } from "./slots";

@unmanaged
class Registration {
  reader: i32;
  writer: i32;
  generation: i32;
  reserved: i32;
}

const REGISTRATION_BYTES_LOG2: usize = 4;
const CAPACITY_FIRST: i32 = 64;
const GENERATION_MAX: i32 = 0x7fffffff;

let base: usize = 0;
let capacity: i32 = 0;

/**
 * Watches `fd` for reading. Returns the watch's id, a negative errno of the selector, Status.BadFd, Status.OutOfSlots, or Status.BadId when
 * the selector has cleared the core. A watch that it replaces has ended: `readerOf`, asked before, tells its id.
 */
export function addReader(fd: i32): i32 {
  return add(fd, Readiness.Read);
}

/** Watches `fd` for writing. Returns as `addReader`. */
export function addWriter(fd: i32): i32 {
  return add(fd, Readiness.Write);
}

/** Ends the watch of `fd` for reading. Returns its id, which names nothing any more, or NO_ID when there was none. */
export function removeReader(fd: i32): i32 {
  return remove(fd, Readiness.Read);
}

/** Ends the watch of `fd` for writing. Returns as `removeReader`. */
export function removeWriter(fd: i32): i32 {
  return remove(fd, Readiness.Write);
}

/** The watch of `fd` for reading, or NO_ID. */
export function readerOf(fd: i32): i32 {
  return <u32>fd < <u32>capacity ? at(fd).reader : NO_ID;
}

/** The watch of `fd` for writing, or NO_ID. */
export function writerOf(fd: i32): i32 {
  return <u32>fd < <u32>capacity ? at(fd).writer : NO_ID;
}

/** Queues what watches `fd`, the reader first. An event of another generation wakes nobody. */
export function fdReady(fd: i32, readiness: i32, generation: i32): void {
  if (<u32>fd >= <u32>capacity) return;
  const registration = at(fd);
  if (registration.generation != generation) return;
  if (readiness & (Readiness.Read | Readiness.Hangup)) wake(registration.reader);
  if (readiness & (Readiness.Write | Readiness.Hangup)) wake(registration.writer);
}

/** Forgets every watch, without a word to the selector. Generations go on, so what it still tells wakes nobody. */
export function clearWatches(): void {
  for (let fd = 0; fd < capacity; fd++) {
    const registration = at(fd);
    registration.reader = NO_ID;
    registration.writer = NO_ID;
  }
}

// @ts-ignore: decorator
@inline
function at(fd: i32): Registration {
  return changetype<Registration>(base + ((<usize>fd) << REGISTRATION_BYTES_LOG2));
}

// @ts-ignore: decorator
@inline
function interestOf(registration: Registration): i32 {
  return (registration.reader ? Readiness.Read : 0) | (registration.writer ? Readiness.Write : 0);
}

function add(fd: i32, side: Readiness): i32 {
  if (<u32>fd > <u32>FD_MAX) return Status.BadFd;
  if (fd >= capacity) grow(fd);
  const id = allocate(Kind.Watch);
  if (id <= 0) return id;
  const before = at(fd);
  const interest = interestOf(before);
  const generation = interest ? before.generation : nextGeneration(before.generation);
  // Even when the interest stays the same: the fd may have been closed and opened again behind our back.
  const clears = clearCount();
  const status = watch(fd, interest | side, generation);
  if (clearCount() != clears) return Status.BadId;
  if (status < 0) {
    release(id);
    return status;
  }
  // The table has moved if the host has watched another fd meanwhile.
  const registration = at(fd);
  registration.generation = generation;
  if (side == Readiness.Read) {
    retire(registration.reader);
    registration.reader = id;
  } else {
    retire(registration.writer);
    registration.writer = id;
  }
  return id;
}

function remove(fd: i32, side: Readiness): i32 {
  if (<u32>fd >= <u32>capacity) return NO_ID;
  const registration = at(fd);
  const id = side == Readiness.Read ? registration.reader : registration.writer;
  if (id == NO_ID) return NO_ID;
  if (side == Readiness.Read) registration.reader = NO_ID;
  else registration.writer = NO_ID;
  retire(id);
  // An fd that is closed already is no error: nothing of it is left to watch.
  watch(fd, interestOf(registration), registration.generation);
  return id;
}

function wake(id: i32): void {
  if (id != NO_ID && !(slotOf(id).flags & <u8>Flag.Queued)) push(id);
}

function retire(id: i32): void {
  if (id == NO_ID) return;
  const slot = slotOf(id);
  if (slot.flags & (<u8>Flag.Queued | <u8>Flag.Taken)) {
    slot.flags |= <u8>Flag.Cancelled;
    withdraw(id);
  } else release(id);
}

function nextGeneration(generation: i32): i32 {
  return generation == GENERATION_MAX ? 1 : generation + 1;
}

function grow(fd: i32): void {
  let next = capacity == 0 ? CAPACITY_FIRST : capacity;
  while (next <= fd) next <<= 1;
  const bytes = (<usize>next) << REGISTRATION_BYTES_LOG2;
  const old = (<usize>capacity) << REGISTRATION_BYTES_LOG2;
  base = base == 0 ? heap.alloc(bytes) : heap.realloc(base, bytes);
  memory.fill(base + old, 0, bytes - old);
  capacity = next;
}

/**
 * Arrivals: callbacks that wait for something from outside that has no fd: a signal, a child's exit, finished work, a call of a thread.
 *
 * Owns: making and dropping them, and which event record wakes which. The id goes out with whatever is to happen, and comes back as
 * the record's source. One that was dropped, has run, or is of another kind wakes nobody.
 *
 * Does not own: what the kinds mean to the host, and the order of records (the host's: they queue as they are written).
 */
import { EventKind, Status } from "./abi";
import { withdraw } from "./batch";
import { push } from "./ready-queue";
import { allocate, Flag, isKind, Kind, release, slotOf } from "./slots";

/** Waits for one event of `kind`. Returns an id, Status.BadKind for what is no such kind, or Status.OutOfSlots. */
export function expect(kind: i32): i32 {
  return open(kind, 0);
}

/** Waits for events of `kind` until `forget`; those that come while it is queued count as one. Returns as `expect`. */
export function listen(kind: i32): i32 {
  return open(kind, <u8>Flag.Repeats);
}

/** Drops what `expect` or `listen` made, queued or not. Returns 1, 0 when it was dropped before, or Status.BadId. */
export function forget(id: i32): i32 {
  if (!isKind(id, Kind.Arrival)) return Status.BadId;
  const slot = slotOf(id);
  if (slot.flags & <u8>Flag.Cancelled) return 0;
  if (slot.flags & (<u8>Flag.Queued | <u8>Flag.Taken)) {
    slot.flags |= <u8>Flag.Cancelled;
    withdraw(id);
  } else release(id);
  return 1;
}

/** Whether event records of `kind` name an arrival. */
export function isArrivalKind(kind: i32): bool {
  return kind >= EventKind.SignalArrived && kind <= EventKind.ThreadCall;
}

/** Queues what waits for an event of `kind` under that id, unless it is queued. */
export function arrived(id: i32, kind: i32): void {
  if (!isKind(id, Kind.Arrival)) return;
  const slot = slotOf(id);
  if (slot.tail != kind || slot.flags & (<u8>Flag.Queued | <u8>Flag.Cancelled)) return;
  // One that is to run once and was handed out has had its event, though its slot lives until the batch ends.
  if (slot.flags & <u8>Flag.Taken && !(slot.flags & <u8>Flag.Repeats)) return;
  push(id);
}

function open(kind: i32, flags: u8): i32 {
  if (!isArrivalKind(kind)) return Status.BadKind;
  const id = allocate(Kind.Arrival);
  if (id <= 0) return id;
  const slot = slotOf(id);
  slot.tail = kind;
  slot.flags = flags;
  return id;
}

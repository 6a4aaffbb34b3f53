/**
 * Calls and timers: callbacks that run once.
 *
 * Owns: making and cancelling them. A call goes to the end of the ready queue, a timer into the heap.
 *
 * Does not own: when a timer becomes ready, and running either (`loop.ts`).
 */
import { Status } from "./abi";
import { withdraw } from "./batch";
import { push } from "./ready-queue";
import { allocate, Flag, isAlive, Kind, slotOf } from "./slots";
import { noteCancelled, schedule } from "./timer-heap";

/** Queues a call that can be cancelled by its id; `extendSeries` is for those that need none. Returns its id, or Status.OutOfSlots. */
export function callSoon(): i32 {
  const id = allocate(Kind.Call);
  if (id > 0) push(id);
  return id;
}

/** Sets a timer for `when`, in seconds. Returns its id, Status.BadTime for NaN, or Status.OutOfSlots. */
export function callAt(when: f64): i32 {
  if (when != when) return Status.BadTime;
  const id = allocate(Kind.Timer);
  if (id <= 0) return id;
  slotOf(id).when = when;
  schedule(id);
  return id;
}

/** Cancels a call or a timer that has not run. Returns 1, 0 when it was cancelled before, or Status.BadId. */
export function cancel(id: i32): i32 {
  if (!isAlive(id)) return Status.BadId;
  const slot = slotOf(id);
  if (slot.kind != Kind.Call && slot.kind != Kind.Timer) return Status.BadId;
  if (slot.flags & <u8>Flag.Cancelled) return 0;
  slot.flags |= <u8>Flag.Cancelled;
  if (slot.flags & <u8>Flag.Scheduled) noteCancelled();
  else withdraw(id);
  return 1;
}

/**
 * Futures: a state, and the list of those who wait for it to change.
 *
 * Owns: PENDING → CANCELLED | FINISHED, which happens once; the waiting list, in order of registration, of done callbacks and tasks;
 * queueing them when it happens. A settled future leaves nothing behind: its slot is released at once.
 *
 * Does not own: the value or the exception, which stay in the host.
 *
 * From: CPython 3.13, futures.py.
 */
import { FutureState, NO_ID, Status } from "./abi";
import { push } from "./ready-queue";
import { allocate, Flag, isAlive, isKind, Kind, release, slotOf } from "./slots";

/** Makes a pending future. Returns its id, or Status.OutOfSlots. */
export function createFuture(): i32 {
  return allocate(Kind.Future);
}

/** Whether the id names a pending future or task. */
export function isPending(id: i32): bool {
  if (!isAlive(id)) return false;
  const kind = slotOf(id).kind;
  return kind == Kind.Future || kind == Kind.Task;
}

/** Adds a done callback to a pending future or task. Returns the callback's id, Status.BadId or Status.OutOfSlots. */
export function addCallback(future: i32): i32 {
  if (!isPending(future)) return Status.BadId;
  const id = allocate(Kind.Callback);
  if (id <= 0) return id;
  link(future, id);
  return id;
}

/** Takes a done callback back whose future is still pending. Returns Status.Ok or Status.BadId. */
export function removeCallback(callback: i32): i32 {
  if (!isKind(callback, Kind.Callback)) return Status.BadId;
  if (slotOf(callback).waitsFor == NO_ID) return Status.BadId;
  unlink(callback);
  release(callback);
  return Status.Ok;
}

/**
 * Settles a pending future, or a detached task, and queues all who wait. Returns Status.Ok, Status.BadId, or Status.InvalidState when
 * `state` is none to end in, or the task still has steps to take.
 */
export function settle(id: i32, state: i32): i32 {
  if (!isPending(id)) return Status.BadId;
  if (state != FutureState.Cancelled && state != FutureState.Finished) return Status.InvalidState;
  if (slotOf(id).kind == Kind.Task && !(slotOf(id).flags & <u8>Flag.Detached)) return Status.InvalidState;
  queueWaiters(id);
  release(id);
  return Status.Ok;
}

/**
 * Forgets a pending future that nobody can settle any more, with its done callbacks. Returns Status.Ok, Status.BadId, or
 * Status.InvalidState when a task waits for it: that task could never go on.
 */
export function dropFuture(id: i32): i32 {
  if (!isKind(id, Kind.Future)) return Status.BadId;
  for (let waiter = slotOf(id).head; waiter != NO_ID; waiter = slotOf(waiter).next) {
    if (slotOf(waiter).kind == Kind.Task) return Status.InvalidState;
  }
  let callback = slotOf(id).head;
  while (callback != NO_ID) {
    const next = slotOf(callback).next;
    release(callback);
    callback = next;
  }
  release(id);
  return Status.Ok;
}

/** Puts a waiter at the end of a future's list. */
export function link(future: i32, waiter: i32): void {
  const owner = slotOf(future);
  slotOf(waiter).waitsFor = future;
  slotOf(waiter).next = NO_ID;
  if (owner.tail == NO_ID) owner.head = waiter;
  else slotOf(owner.tail).next = waiter;
  owner.tail = waiter;
}

/** Takes a waiter out of the list of the future that it waits for. */
export function unlink(waiter: i32): void {
  const slot = slotOf(waiter);
  const owner = slotOf(slot.waitsFor);
  let previous = NO_ID;
  for (let current = owner.head; current != waiter; current = slotOf(current).next) previous = current;
  if (previous == NO_ID) owner.head = slot.next;
  else slotOf(previous).next = slot.next;
  if (slot.next == NO_ID) owner.tail = previous;
  slot.waitsFor = NO_ID;
}

/** Moves a future's waiters to the ready queue. */
export function queueWaiters(future: i32): void {
  let waiter = slotOf(future).head;
  while (waiter != NO_ID) {
    const slot = slotOf(waiter);
    const next = slot.next;
    slot.waitsFor = NO_ID;
    push(waiter);
    waiter = next;
  }
}

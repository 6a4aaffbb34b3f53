/**
 * Tasks: futures that are driven by a coroutine.
 *
 * Owns: when a task takes its next step and what the step's answer leads to, whom it waits for, its cancellations. A detached task is
 * driven by the host (an async function) and settled by it.
 *
 * Does not own: the coroutine, which the host resumes, and its values.
 *
 * From: CPython 3.13, tasks.py `__step`, `__wakeup`, `cancel`, `uncancel`.
 */
import { Answer, FutureState, NO_ID, Outcome, Report, ResumeHow, Status } from "./abi";
import { isPending, link, queueWaiters, unlink } from "./futures";
import * as host from "./host";
import { push } from "./ready-queue";
import { allocate, clearCount, Flag, isKind, Kind, liveSlots, release, slotOf } from "./slots";

/** Makes a task and queues its first step. Returns its id, or Status.OutOfSlots. */
export function createTask(): i32 {
  const id = allocate(Kind.Task);
  if (id > 0) push(id);
  return id;
}

/** Makes a task whose first step is the host's at once, as if it had been handed out. Returns as `createTask`. */
export function createEagerTask(): i32 {
  const id = allocate(Kind.Task);
  if (id > 0) slotOf(id).flags = <u8>Flag.Taken;
  return id;
}

/** Takes one step. Returns an Outcome. */
export function step(id: i32): Outcome {
  const clears = clearCount();
  const result = host.resume(id, takeMustCancel(id) ? ResumeHow.Cancel : ResumeHow.Next);
  // The step may have cleared the core, and then there is no task to go on with, also if its id is another's by now.
  return clearCount() == clears ? answer(id, result) : Outcome.Ok;
}

/** Takes what a step answered. Returns an Outcome. */
export function answer(id: i32, result: i32): Outcome {
  if (result > 0) return waitFor(id, result);
  switch (result) {
    case Answer.Yielded:
      push(id);
      return Outcome.Ok;
    case Answer.Detached:
      slotOf(id).flags |= <u8>Flag.Detached;
      return Outcome.Ok;
    case Answer.Returned:
      return end(id, takeMustCancel(id) ? FutureState.Cancelled : FutureState.Finished);
    case Answer.Raised:
      return end(id, FutureState.Finished);
    case Answer.Cancelled:
      return end(id, FutureState.Cancelled);
    case Answer.Fatal:
      end(id, FutureState.Finished);
      return Outcome.Fatal;
    default:
      return badAnswer(id);
  }
}

/**
 * Asks a task to end. What it waits for is cancelled, through a chain of tasks down to the last; where nothing agrees to be cancelled,
 * a cancellation is thrown into that last task at its next step. Where the chain ends in tasks that wait for each other in a ring,
 * there is no last one, and the cancellation is thrown into the task itself.
 *
 * Returns the id of the task that the cancellation will be thrown into, NO_ID when what it waits for was cancelled or it has ended
 * at once, or Status.BadId.
 */
export function cancelTask(id: i32): i32 {
  if (!isKind(id, Kind.Task)) return Status.BadId;
  let last = lastInChain(id);
  if (last == NO_ID) {
    last = id;
    unlink(id);
    push(id);
  }
  for (let task = id; task != last; task = slotOf(task).waitsFor) slotOf(task).cancels++;
  slotOf(last).cancels++;
  const mayBeCancelled = slotOf(last).waitsFor != NO_ID || slotOf(last).flags & <u8>Flag.Detached;
  if (mayBeCancelled && host.cancelWaiter(last)) return NO_ID;
  // A detached task may have been settled at once.
  if (!isKind(last, Kind.Task)) return NO_ID;
  slotOf(last).flags |= <u8>Flag.MustCancel;
  return last;
}

/** Whether a cancellation was due to be thrown into the task; it no longer is. For detached tasks, whose host throws it. */
export function takeMustCancel(id: i32): bool {
  const slot = slotOf(id);
  if (!(slot.flags & <u8>Flag.MustCancel)) return false;
  slot.flags &= ~(<u8>Flag.MustCancel);
  return true;
}

/** Cancellations asked for and not taken back, or Status.BadId. */
export function cancelling(id: i32): i32 {
  return isKind(id, Kind.Task) ? slotOf(id).cancels : Status.BadId;
}

/**
 * Takes one cancellation request back. With the last one goes a cancellation that is still to be thrown into the task. Returns how many
 * are left, or Status.BadId.
 */
export function uncancel(id: i32): i32 {
  if (!isKind(id, Kind.Task)) return Status.BadId;
  const slot = slotOf(id);
  if (slot.cancels == 0) return 0;
  slot.cancels--;
  if (slot.cancels == 0) slot.flags &= ~(<u8>Flag.MustCancel);
  return slot.cancels;
}

/** The last task of the chain in which each waits for the next, or NO_ID when the chain runs into a ring. */
function lastInChain(id: i32): i32 {
  let task = id;
  // A chain that is longer than there are tasks passes some of them again.
  for (let left = liveSlots(); left > 0; left--) {
    const inner = slotOf(task).waitsFor;
    if (inner == NO_ID || slotOf(inner).kind != Kind.Task) return task;
    task = inner;
  }
  return NO_ID;
}

function waitFor(id: i32, future: i32): Outcome {
  if (future == id || !isPending(future)) return badAnswer(id);
  link(future, id);
  // Cancelled during its own step: what it has come to wait for takes the cancellation on.
  if (slotOf(id).flags & <u8>Flag.MustCancel && host.cancelWaiter(id) && isKind(id, Kind.Task)) takeMustCancel(id);
  return Outcome.Ok;
}

function end(id: i32, state: FutureState): Outcome {
  const clears = clearCount();
  host.taskDone(id, state);
  if (clearCount() != clears) return Outcome.Ok;
  queueWaiters(id);
  release(id);
  return Outcome.Ok;
}

function badAnswer(id: i32): Outcome {
  push(id);
  return host.report(Report.BadAnswer, id);
}

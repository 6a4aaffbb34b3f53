/**
 * The exports: all that a host may call.
 *
 * Owns: the list, and the guards on ids that come from outside where the functions behind it trust theirs.
 *
 * Does not own: the imports (`host.ts`) and the numbers (`abi.ts`). `dist-scripts/boundary.txt` keeps both sides from changing unnoticed.
 */
import { ABI_VERSION, Status } from "./abi";
import { takeStep } from "./batch";
import { isKind, Kind } from "./slots";
import * as tasks from "./tasks";

export { expect, forget, listen } from "./arrivals";
export { batchBuffer } from "./batch";
export { callAt, callSoon, cancel } from "./calls";
export { addCallback, createFuture, dropFuture, removeCallback, settle } from "./futures";
export {
  beginBatch,
  clear,
  clearStop,
  eventBuffer,
  init,
  pollTimeout,
  runForever,
  runOnce,
  runReady,
  stop,
  takeEvents,
  takeReady,
} from "./loop";
export { extendSeries, openSeries, readyCount } from "./ready-queue";
export { liveSlots } from "./slots";
export { cancelling, cancelTask, createEagerTask, createTask, uncancel } from "./tasks";
export { cancelledTimerCount, firstDeadline, timerCount } from "./timer-heap";
export { addReader, addWriter, readerOf, removeReader, removeWriter, writerOf } from "./watches";

/** ABI_VERSION of `abi.ts`; a host refuses a core of another version. */
export function abiVersion(): i32 {
  return ABI_VERSION;
}

/**
 * For hosts that use `takeReady`, and after `createEagerTask`: what a task's step answered. Returns an Outcome, Status.BadId, or Status.InvalidState when the task
 * was not handed out, or has answered already.
 */
export function answer(task: i32, result: i32): i32 {
  if (!isKind(task, Kind.Task)) return Status.BadId;
  return takeStep(task) ? tasks.answer(task, result) : Status.InvalidState;
}

/** For detached tasks: 1 when a cancellation is due, which the host now throws; else 0 or Status.BadId. */
export function takeMustCancel(task: i32): i32 {
  return isKind(task, Kind.Task) ? i32(tasks.takeMustCancel(task)) : Status.BadId;
}

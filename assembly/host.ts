/**
 * The imports: everything the core asks of its host, and its only way to learn anything that is not deterministic.
 *
 * Owns: the nine signatures, in the one module `IMPORT_MODULE`. In a build for WASI (the core's own tests) each call goes to a
 * scripted host in AssemblyScript instead, and the import is left out of the module.
 *
 * What an import may call: `dispatch`, `runSeries` and `resume` whatever does not iterate, `clear` included; `taskDone`, `cancelWaiter`,
 * `report` and `watch` what makes, ends and cancels; `now` and `select` nothing. One that throws, or traps, leaves an iteration half
 * done: the instance is of no use any more. So does memory that cannot grow.
 *
 * Does not own: what the numbers mean (`abi.ts`).
 */
import * as scripted from "../test/core/scripted-host";

// @ts-ignore: decorator
@external("host", "now")
declare function importNow(): f64;
// @ts-ignore: decorator
@external("host", "select")
declare function importSelect(timeoutSeconds: f64): i32;
// @ts-ignore: decorator
@external("host", "watch")
declare function importWatch(fd: i32, interest: i32, generation: i32): i32;
// @ts-ignore: decorator
@external("host", "dispatch")
declare function importDispatch(id: i32): i32;
// @ts-ignore: decorator
@external("host", "runSeries")
declare function importRunSeries(length: i32): i32;
// @ts-ignore: decorator
@external("host", "resume")
declare function importResume(task: i32, how: i32): i32;
// @ts-ignore: decorator
@external("host", "taskDone")
declare function importTaskDone(task: i32, state: i32): void;
// @ts-ignore: decorator
@external("host", "cancelWaiter")
declare function importCancelWaiter(task: i32): i32;
// @ts-ignore: decorator
@external("host", "report")
declare function importReport(what: i32, id: i32): i32;

/** The host's monotonic clock, in seconds. Asked only while a timer is set. */
// @ts-ignore: decorator
@inline
export function now(): f64 {
  if (isDefined(ASC_WASI)) return scripted.now();
  else return importNow();
}

/**
 * Waits up to `timeoutSeconds` (Infinity: for ever; 0: not at all) for something to happen outside, and writes it as event
 * records at `eventBuffer()`. Returns their number.
 */
// @ts-ignore: decorator
@inline
export function select(timeoutSeconds: f64): i32 {
  if (isDefined(ASC_WASI)) return scripted.select(timeoutSeconds);
  else return importSelect(timeoutSeconds);
}

/** Sets what the selector is to tell of `fd`: a set of Readiness bits, 0 for nothing. Returns 0 or a negative errno. */
// @ts-ignore: decorator
@inline
export function watch(fd: i32, interest: i32, generation: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.watch(fd, interest, generation);
  else return importWatch(fd, interest, generation);
}

/** Runs the callback of a call, timer, watch, arrival or done callback. Returns an Outcome. */
// @ts-ignore: decorator
@inline
export function dispatch(id: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.dispatch(id);
  else return importDispatch(id);
}

/**
 * Runs the next `length` calls of the host's own queue, and reports itself what they raise. Returns 0, or after a fatal error how many of
 * them are left to run, and one more: at least 1, at most `length`. A series whose call has called `clear` is over, and returns 0.
 */
// @ts-ignore: decorator
@inline
export function runSeries(length: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.runSeries(length);
  else return importRunSeries(length);
}

/** Takes one step of a task's coroutine. Returns an Answer, or the id of the pending future that the task waits for. */
// @ts-ignore: decorator
@inline
export function resume(task: i32, how: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.resume(task, how);
  else return importResume(task, how);
}

/** Tells that a task has ended, and how, before its done callbacks are queued. The id is gone afterwards. */
// @ts-ignore: decorator
@inline
export function taskDone(task: i32, state: i32): void {
  if (isDefined(ASC_WASI)) scripted.taskDone(task, state);
  else importTaskDone(task, state);
}

/** Cancels what a task waits for, as the host sees fit. Returns 1 when the cancellation will reach the task that way, else 0. */
// @ts-ignore: decorator
@inline
export function cancelWaiter(task: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.cancelWaiter(task);
  else return importCancelWaiter(task);
}

/** Tells of an error; `what` is a Report. Returns Outcome.Ok, or Outcome.Fatal when the handler of the error was fatal itself. */
// @ts-ignore: decorator
@inline
export function report(what: i32, id: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.report(what, id);
  else return importReport(what, id);
}

/**
 * The imports: everything the core asks of its host, and its only way to learn anything that is not deterministic.
 *
 * Owns: the nine signatures, in the one module `IMPORT_MODULE`. In a build for WASI (the core's own tests) each call goes to a
 * scripted host in AssemblyScript instead, and the import is left out of the module.
 *
 * What an import may call: every export that does not iterate, `clear` included. Those that iterate are `pollTimeout`, `takeEvents`,
 * `beginBatch`, `runReady`, `takeReady`, `runOnce` and `runForever`; of these the last alone refuses (Status.Running). The others leave the
 * core whole, but what was to run in the outer iteration runs in the inner one.
 *
 * What an import must not do: throw, or trap. That leaves an iteration half done, and the instance is of no use any more. So does
 * memory that cannot grow, where the core traps itself. Other instances do not notice.
 *
 * What an import answers that means nothing does no harm to the core; each says below what it is taken for.
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

/**
 * The host's monotonic clock, in seconds; where it begins is the host's choice. Asked only while a timer is set. While it goes back, timers
 * wait until it comes to them; while it is NaN, none is due, and `select` is not to wait.
 */
// @ts-ignore: decorator
@inline
export function now(): f64 {
  if (isDefined(ASC_WASI)) return scripted.now();
  else return importNow();
}

/**
 * Waits up to `timeoutSeconds` (Infinity: for ever; 0: not at all; never NaN or less) for something to happen outside, and writes it as
 * event records at `eventBuffer()`. Returns their number: below 0 counts as 0, and above EVENT_CAPACITY as that; what there was no room for
 * is the host's to tell of the next time. It may answer early, and with 0. `runOnce` and `runForever` alone ask it.
 */
// @ts-ignore: decorator
@inline
export function select(timeoutSeconds: f64): i32 {
  if (isDefined(ASC_WASI)) return scripted.select(timeoutSeconds);
  else return importSelect(timeoutSeconds);
}

/**
 * Sets what the selector is to tell of `fd`: a set of Readiness bits, in the place of what it was to tell before; 0 for nothing, and then
 * the watch that ended is gone already. `generation` goes into the records of its events, as their tag. Asked at each `addReader` and
 * `addWriter`, also where the set stays the same, because the number may have become another file's.
 *
 * Returns 0 (or more), or a negative number above -1000, which is what `addReader` and `addWriter` answer then: an errno where there are
 * errnos. When a watch ends the answer is not looked at: its file may be closed already.
 */
// @ts-ignore: decorator
@inline
export function watch(fd: i32, interest: i32, generation: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.watch(fd, interest, generation);
  else return importWatch(fd, interest, generation);
}

/**
 * Runs the callback of a call, timer, watch, arrival or done callback. Returns an Outcome; what is none counts as Ok.
 *
 * The ids of all but watches and what `listen` gave name nothing any more, and what the callback makes may have their place. So a host
 * takes its object out of its table before it runs it.
 */
// @ts-ignore: decorator
@inline
export function dispatch(id: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.dispatch(id);
  else return importDispatch(id);
}

/**
 * Runs the next `length` calls of the host's own queue, and reports itself what they raise. Returns 0, or after a fatal error how many of
 * them are left to run, and one more: at least 1, at most `length`. A series whose call has called `clear` is over, and returns 0.
 * A host that never calls `extendSeries` is never asked. What is below 0 counts as 1, and what is above `length` makes the host be asked
 * for as many.
 */
// @ts-ignore: decorator
@inline
export function runSeries(length: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.runSeries(length);
  else return importRunSeries(length);
}

/**
 * Takes one step of a task's coroutine, the first one too; `how` is a ResumeHow. Returns an Answer, or the id of the pending future or task
 * that the task waits for. Anything else, such as an id whose future has ended, is reported as BadAnswer: a future that is done
 * is not waited for, the host goes on with the coroutine itself.
 */
// @ts-ignore: decorator
@inline
export function resume(task: i32, how: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.resume(task, how);
  else return importResume(task, how);
}

/**
 * Tells that a task has ended, in which FutureState, before its done callbacks are queued. The id names the task until this returns, and
 * nothing afterwards. It is told of tasks that their answer ends; not of detached ones, which the host ends by `settle`, nor by `clear`.
 */
// @ts-ignore: decorator
@inline
export function taskDone(task: i32, state: i32): void {
  if (isDefined(ASC_WASI)) scripted.taskDone(task, state);
  else importTaskDone(task, state);
}

/**
 * Cancels what a task waits for, as the host sees fit: mostly by `settle(future, FutureState.Cancelled)`, or by `cancelTask` where that is
 * a task. Returns 0 when the cancellation will not reach the task that way, and then it is thrown at the task's next step, whenever
 * that comes; else 1.
 */
// @ts-ignore: decorator
@inline
export function cancelWaiter(task: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.cancelWaiter(task);
  else return importCancelWaiter(task);
}

/**
 * Tells of an error; `what` is a Report, `id` what that says. Returns Outcome.Ok, or Outcome.Fatal when the handler of the error was fatal
 * itself and the iteration is to end; anything else counts as Ok, and all of it for a BadEvent.
 */
// @ts-ignore: decorator
@inline
export function report(what: i32, id: i32): i32 {
  if (isDefined(ASC_WASI)) return scripted.report(what, id);
  else return importReport(what, id);
}

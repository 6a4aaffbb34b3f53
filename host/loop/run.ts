/**
 * Running a program on a loop of its own.
 *
 * Owns: `run` and the functions that work on the loop of this thread.
 *
 * CPython 3.11, runners.py `run` and events.py.
 */
import { CancelledError, describe, typeError } from "../errors.js";
import type { Executable } from "../executors/shipped-function.js";
import { asyncTask } from "../futures/awaiting.js";
import { type Awaitable, isAwaitable, type Main } from "../futures/coroutine.js";
import { futureOf, notAwaitable } from "../futures/ensure-future.js";
import { Future } from "../futures/future.js";
import { sleepOn } from "../futures/sleep.js";
import { Task } from "../futures/task.js";
import { checkOptions } from "../net/options.js";
import { EventLoop } from "./event-loop.js";
import { Interrupts } from "./interrupts.js";
import { checkNoLoopRuns, currentLoop, getRunningLoop, runningLoop, setCurrentLoop } from "./running-loop.js";

/** What `run` takes besides the program. */
export interface RunOptions {
  /** Whether debug mode is on; the environment decides when this is left out. */
  debug?: boolean;
  /** Cancels the main task when it is aborted. */
  signal?: AbortSignal;
}

/** Makes a loop. @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM` */
export function newEventLoop(): EventLoop {
  return new EventLoop();
}

/** The loop that runs in this thread, or else the one that was set, or else a new one, which is then set. */
export function getEventLoop(): EventLoop {
  let loop = runningLoop() ?? currentLoop();
  if (loop === null) {
    loop = newEventLoop();
    setCurrentLoop(loop);
  }
  return loop;
}

/** Sets the loop that `getEventLoop` returns while none is running; null for none. */
export function setEventLoop(loop: EventLoop | null): void {
  if (loop !== null) checkLoop(loop);
  setCurrentLoop(loop);
}

/**
 * Runs a program on a new loop. Ctrl-C (SIGINT) cancels its main task, and a second one ends the process, unless the program or
 * somebody else handles that signal. It waits for `main`, cancels the tasks that are left and waits for them too, closes the
 * asynchronous generators that the loop tracks, waits for the default executor's work, and closes the loop.
 *
 * @param main a coroutine, a future's worth of anything, or a function that returns one, which is called on the running loop
 * @returns what `main` comes to; rejects with KeyboardInterrupt if SIGINT ended it
 * @throws RuntimeError `ERR_ANOTHER_LOOP_RUNNING`; TypeError `ERR_NOT_AWAITABLE`, `ERR_NOT_A_SIGNAL`
 */
export async function run<T>(main: Main<T>, options: RunOptions = {}): Promise<T> {
  checkOptions("run", options, ["debug", "signal"]);
  const { debug, signal } = options;
  checkNoLoopRuns();
  if (typeof main !== "function" && !isAwaitable(main)) throw notAwaitable(main);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw typeError("ERR_NOT_A_SIGNAL", `the option signal must be an AbortSignal, not ${describe(signal)}`);
  }
  const loop = newEventLoop();
  if (debug !== undefined) loop.setDebug(debug);
  const before = currentLoop();
  setCurrentLoop(loop);
  try {
    const body = typeof main === "function" ? main : () => main;
    const task = loop.createTask(() => body() as Awaitable<T> as PromiseLike<T>);
    const cancel = (): void => void task.cancel(String(signal?.reason ?? ""));
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    const interrupts = new Interrupts(loop, task);
    try {
      return await loop.runUntilComplete(task);
    } catch (error) {
      throw interrupts.explain(error);
    } finally {
      signal?.removeEventListener("abort", cancel);
      await cancelAllTasks(loop);
      await loop.runUntilComplete(loop.shutdownAsyncgens());
      if (loop._hasExecutor()) await loop.runUntilComplete(loop.shutdownDefaultExecutor());
    }
  } finally {
    setCurrentLoop(before);
    loop.close();
  }
}

/**
 * Has a function called in a worker thread, by the default executor of the running loop; see `EventLoop.runInExecutor`.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`; as `runInExecutor`
 */
export function toThread<A extends unknown[], R>(func: Executable<A, R>, ...args: A): Future<Awaited<R>> {
  return getRunningLoop().runInExecutor(null, func, ...args);
}

/**
 * Waits for `delay` seconds; 0 or less takes exactly one iteration.
 *
 * @param result what the future comes to
 * @throws TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME` for NaN; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function sleep(delay: number): Future<void>;
export function sleep<T>(delay: number, result: T): Future<T>;
export function sleep<T>(delay: number, result?: T): Future<T> {
  const loop = getRunningLoop();
  return sleepOn(loop, loop._scheduler, delay, result as T);
}

/**
 * Makes a future of it: a future is returned as it is, a coroutine becomes a task, a promise is followed.
 *
 * @throws TypeError `ERR_NOT_AWAITABLE`; ValueError `ERR_FOREIGN_FUTURE` for a future of another loop
 */
export function ensureFuture<T>(awaitable: Awaitable<T>, options: { loop?: EventLoop } = {}): Future<T> {
  checkOptions("ensureFuture", options, ["loop"]);
  const { loop } = options;
  if (loop !== undefined) checkLoop(loop);
  const own = loop ?? (awaitable instanceof Future ? awaitable.getLoop() : getEventLoop());
  return futureOf(own, own._scheduler, awaitable);
}

/** The task that runs right now on a loop, this thread's running one by default; null in a plain callback. */
export function currentTask(loop: EventLoop = getRunningLoop()): Task<unknown> | null {
  if (loop._currentTask !== null) return loop._currentTask;
  const task = asyncTask();
  return task instanceof Task && task._loop === loop ? task : null;
}

/** The tasks of a loop, this thread's running one by default, that have not ended. */
export function allTasks(loop: EventLoop = getRunningLoop()): Set<Task<unknown>> {
  const tasks = new Set<Task<unknown>>();
  for (const entry of loop._scheduler.entries()) if (entry instanceof Task) tasks.add(entry);
  return tasks;
}

function checkLoop(value: unknown): void {
  if (!(value instanceof EventLoop))
    throw typeError("ERR_NOT_A_LOOP", `an EventLoop is required, not ${describe(value)}`);
}

async function cancelAllTasks(loop: EventLoop): Promise<void> {
  const tasks = allTasks(loop);
  if (tasks.size === 0) return;
  for (const task of tasks) task.cancel();
  await loop.runUntilComplete(allDone(tasks));
  for (const task of tasks) {
    if (task.cancelled()) continue;
    const exception = task.exception();
    if (exception !== null) {
      loop.callExceptionHandler({ message: "unhandled exception during run() shutdown", exception, task });
    }
  }
}

function* allDone(tasks: Iterable<Task<unknown>>): Generator<Future<unknown> | undefined, void, unknown> {
  for (const task of tasks) {
    try {
      yield* task;
    } catch (error) {
      if (error instanceof CancelledError && !task.done()) throw error;
    }
  }
}

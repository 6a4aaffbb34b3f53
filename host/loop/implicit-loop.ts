/**
 * Calls that find their loop themselves: the one that runs in this thread, or that was set for it.
 *
 * Owns: making that loop where there is none. Does not own: which it is (`running-loop.ts`).
 *
 * From: CPython 3.13, events.py `new_event_loop`, `get_event_loop`, `set_event_loop`; tasks.py `create_task`, `sleep`,
 * `ensure_future`; threads.py.
 */
import { checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import type { Executable } from "../executors/shipped-function.js";
import type { Awaitable } from "../futures/coroutine.js";
import { futureOf } from "../futures/ensure-future.js";
import { Future } from "../futures/future.js";
import { sleepOn } from "../futures/sleep.js";
import type { Task } from "../futures/task.js";
import type { CreateTaskOptions, TaskBody } from "../futures/task-body.js";
import { EventLoop } from "./event-loop.js";
import { currentLoop, getRunningLoop, runningLoop, setCurrentLoop } from "./running-loop.js";

/** Makes a loop. @throws UnsupportedError `ERR_UNSUPPORTED_PLATFORM` */
export function newEventLoop(): EventLoop {
  return new EventLoop();
}

/** The loop that runs in this thread, or else the one that was set, or else a new one, which is then set. @throws as `newEventLoop` */
export function getEventLoop(): EventLoop {
  let loop = runningLoop() ?? currentLoop();
  if (loop === null) {
    loop = newEventLoop();
    setCurrentLoop(loop);
  }
  return loop;
}

/** Sets the loop that `getEventLoop` returns while none is running; null for none. @throws TypeError `ERR_NOT_A_LOOP` */
export function setEventLoop(loop: EventLoop | null): void {
  if (loop !== null) checkLoop(loop);
  setCurrentLoop(loop);
}

/**
 * Runs a coroutine as a task on the running loop; see `EventLoop.createTask`.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`; as `EventLoop.createTask`
 */
export function createTask<T>(body: TaskBody<T>, options?: CreateTaskOptions): Task<T> {
  return getRunningLoop().createTask(body, options);
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
 * @param options `loop`: the loop of what is made; by default the one that `getEventLoop` answers
 * @throws TypeError `ERR_NOT_AWAITABLE`, `ERR_NOT_A_LOOP`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_FOREIGN_FUTURE` for a future of another loop
 */
export function ensureFuture<T>(awaitable: Awaitable<T>, options: { loop?: EventLoop } = {}): Future<T> {
  checkOptions("ensureFuture", options, ["loop"]);
  const { loop } = options;
  if (loop !== undefined) checkLoop(loop);
  const own = loop ?? (awaitable instanceof Future ? awaitable.getLoop() : getEventLoop());
  return futureOf(own, own._scheduler, awaitable);
}

/** @throws TypeError `ERR_NOT_A_LOOP` */
export function checkLoop(value: unknown): void {
  if (!(value instanceof EventLoop))
    throw typeError("ERR_NOT_A_LOOP", `an EventLoop is required, not ${describe(value)}`);
}

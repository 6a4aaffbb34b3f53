/**
 * Waiting for some of several things, and waiting no longer than a certain time.
 *
 * From: CPython 3.13, tasks.py `wait` and `wait_for`.
 */
import { checkOptions } from "../arguments.js";
import { CancelledError, describe, TimeoutError, ValueError } from "../errors.js";
import type { Awaitable, ResultOf } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { isKept, keepResult } from "../futures/late-cancellation.js";
import { markSeen } from "../futures/never-retrieved.js";
import { OwnFuture } from "../futures/own-future.js";
import { OwnResult } from "../futures/own-result.js";
import { checkSeconds } from "../futures/sleep.js";
import { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";
import { ensureFuture } from "./implicit-loop.js";
import { allOnOneLoop, checkSeveral } from "./one-loop.js";
import { steppingTask } from "./tasks.js";

/** When `wait` has waited enough. */
export type ReturnWhen = "FIRST_COMPLETED" | "FIRST_EXCEPTION" | "ALL_COMPLETED";

/** What `wait` takes besides the futures. */
export interface WaitOptions {
  /** In seconds; null, the default, for ever. Running out of time is no error. */
  timeout?: number | null;
  /** `ALL_COMPLETED` by default. */
  returnWhen?: ReturnWhen;
}

/** What `wait` comes to. */
export interface WaitResult<T> {
  readonly done: Set<Future<T>>;
  readonly pending: Set<Future<T>>;
}

const RETURN_WHEN: readonly ReturnWhen[] = ["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"];

/**
 * Waits until enough of them are done, or the time is over. Cancels none of them.
 *
 * @throws ValueError `ERR_NOTHING_TO_WAIT_FOR`, `ERR_BAD_OPTION`, `ERR_BAD_TIME`, `ERR_FOREIGN_FUTURE`; TypeError `ERR_INVALID_ARG_TYPE`,
 *   `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`, `ERR_UNKNOWN_OPTION`
 */
export function wait<A extends Awaitable<unknown>>(
  futures: Iterable<A>,
  options: WaitOptions = {},
): Future<WaitResult<ResultOf<A>>> {
  type T = ResultOf<A>;
  checkSeveral("wait", futures);
  checkOptions("wait", options, ["timeout", "returnWhen"]);
  const { timeout = null, returnWhen = "ALL_COMPLETED" } = options;
  if (!RETURN_WHEN.includes(returnWhen)) {
    throw new ValueError(
      "ERR_BAD_OPTION",
      `returnWhen must be one of ${RETURN_WHEN.join(", ")}, not ${describe(returnWhen)}`,
    );
  }
  if (timeout !== null) checkSeconds("timeout", timeout);
  const all = [...new Set(allOnOneLoop(futures))] as Future<T>[];
  const [first] = all;
  if (first === undefined)
    throw new ValueError("ERR_NOTHING_TO_WAIT_FOR", "there is nothing to wait for: pass at least one future");
  const loop = first.getLoop();
  const waiting = new Waiting(loop, all);
  let left = all.length;
  const timer = timeout === null ? null : loop.callLater(timeout, () => waiting._finish());
  const ended = (one: Future<T>): void => {
    left--;
    if (left === 0 || returnWhen === "FIRST_COMPLETED" || (returnWhen === "FIRST_EXCEPTION" && one._failed)) {
      waiting._finish();
    }
  };
  // Futures that are done already count from the next iteration on, so that a task which waits again and again lets others run.
  for (const one of all) one.addDoneCallback(ended);
  waiting.addDoneCallback(() => {
    timer?.cancel();
    for (const one of all) one.removeDoneCallback(ended);
  });
  return waiting;
}

/** Who waits for several, until it is told that it is enough. */
class Waiting<T> extends OwnResult<WaitResult<T>> {
  readonly #all: readonly Future<T>[];
  #isTaken = false;

  constructor(loop: EventLoop, all: readonly Future<T>[]) {
    super(loop, loop._scheduler);
    this.#all = all;
  }

  override get _parts(): Iterable<Future> {
    return this.#all as readonly Future[];
  }

  _finish(): void {
    if (!this.done()) this._succeed({ done: new Set(), pending: new Set(this.#all) });
  }

  /** Futures that have ended between the end of the wait and now are among those that are done. */
  override _take(): WaitResult<T> {
    const result = super._take();
    if (this.#isTaken) return result;
    this.#isTaken = true;
    for (const one of result.pending) {
      if (!one.done()) continue;
      result.pending.delete(one);
      result.done.add(one);
    }
    return result;
  }
}

/**
 * Waits for something, `timeout` seconds at the longest; then cancels it, waits until it has ended, and fails.
 *
 * @param timeout in seconds; null for ever
 * @returns a task that ends as it does, or with TimeoutError; whose cancellation reaches it
 * @throws TypeError `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME` for NaN
 */
export function waitFor<T>(awaitable: Awaitable<T>, timeout: number | null): Task<T> {
  if (timeout !== null) checkSeconds("timeout", timeout);
  const inner = ensureFuture(awaitable);
  // A coroutine runs for this call alone, so its result must not be lost. A future that was passed may have others who look at it.
  const isOurs = isKept(inner as Future<unknown>) || (inner !== awaitable && inner instanceof Task);
  if (isOurs) keepResult(inner as Task<T>);
  const loop = inner.getLoop();
  let expired = false;
  const expire = (): void => {
    expired = inner.cancel();
  };
  const timer = timeout !== null && timeout > 0 ? loop.callLater(timeout, expire) : null;
  // Without any time not even the first step is taken.
  if (timeout !== null && timeout <= 0) expire();
  let isTaken = false;
  const task = loop.createTask<T>(function* () {
    const own = steppingTask(loop);
    const wasTaken = inner instanceof OwnFuture && inner._isTaken;
    try {
      const result = yield* inner;
      isTaken = true;
      // The result is not taken yet: the task hands it on, and it is taken by the one who awaits the task.
      if (inner instanceof OwnFuture) inner._isTaken = wasTaken;
      return result;
    } catch (error) {
      isTaken = inner._endedWith(error);
      if (expired && error instanceof CancelledError && own.cancelling() === 0) {
        throw new TimeoutError(`it took longer than ${timeout} seconds`, { cause: error });
      }
      throw error;
    }
  });
  // Whoever awaits the task may be cancelled when it is done already.
  task._undelivered = () => inner._undelivered();
  task._take = () => inner._take();
  task.addDoneCallback(() => {
    timer?.cancel();
    if (isTaken) return;
    // It was cancelled before it had begun to wait: in asyncio the call would not have begun.
    if (!inner.done()) return void inner.cancel();
    inner._undelivered();
    if (inner instanceof OwnResult) markSeen(inner);
  });
  return isOurs ? keepResult(task) : task;
}

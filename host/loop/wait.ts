/**
 * Waiting for some of several things, and waiting no longer than a certain time.
 *
 * CPython 3.11, tasks.py `wait`; 3.12, `wait_for`, which waits until what it cancelled has ended.
 */
import { CancelledError, describe, TimeoutError, ValueError } from "../errors.js";
import type { Awaitable, ResultOf } from "../futures/coroutine.js";
import { Future } from "../futures/future.js";
import { checkSeconds } from "../futures/sleep.js";
import type { Task } from "../futures/task.js";
import { checkOptions } from "../net/options.js";
import { ensureFuture } from "./implicit-loop.js";
import { allOnOneLoop, checkSeveral } from "./one-loop.js";

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
 * @throws ValueError `ERR_NOTHING_TO_WAIT_FOR`, `ERR_BAD_OPTION`; TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`
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
  const waiter = loop.createFuture<WaitResult<T>>();
  const enough = (): boolean => {
    const done = all.filter((one) => one.done());
    if (done.length === all.length) return true;
    if (returnWhen === "FIRST_COMPLETED") return done.length > 0;
    return returnWhen === "FIRST_EXCEPTION" && done.some((one) => !one.cancelled() && one._failed);
  };
  const finish = (): void => {
    if (waiter.done()) return;
    const done = new Set(all.filter((one) => one.done()));
    waiter.setResult({ done, pending: new Set(all.filter((one) => !done.has(one))) });
  };
  if (enough()) {
    finish();
    return waiter;
  }
  const timer = timeout === null ? null : loop.callLater(timeout, finish);
  const finishWhenEnough = (): void => {
    if (enough()) finish();
  };
  for (const one of all) one.addDoneCallback(finishWhenEnough);
  waiter.addDoneCallback(() => {
    timer?.cancel();
    for (const one of all) one.removeDoneCallback(finishWhenEnough);
  });
  return waiter;
}

/**
 * Waits for something, `timeout` seconds at the longest; then cancels it, waits until it has ended, and fails.
 *
 * @param timeout in seconds; null for ever
 * @returns a task that ends as it does, or with TimeoutError; whose cancellation reaches it
 * @throws TypeError `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`
 */
export function waitFor<T>(awaitable: Awaitable<T>, timeout: number | null): Task<T> {
  if (timeout !== null) checkSeconds("timeout", timeout);
  const inner = ensureFuture(awaitable, awaitable instanceof Future ? { loop: awaitable.getLoop() } : {});
  const loop = inner.getLoop();
  let expired = false;
  const expire = (): void => {
    expired = inner.cancel();
  };
  const timer = timeout === null ? null : timeout > 0 ? loop.callLater(timeout, expire) : loop.callSoon(expire);
  const task: Task<T> = loop.createTask(function* () {
    try {
      return yield* inner;
    } catch (error) {
      if (expired && error instanceof CancelledError && task.cancelling() === 0) {
        throw new TimeoutError(`it took longer than ${timeout} seconds`, { cause: error });
      }
      throw error;
    }
  });
  // Whoever awaits the task may be cancelled when it is done already.
  task._undelivered = () => inner._undelivered();
  task.addDoneCallback(() => {
    timer?.cancel();
    // It was cancelled before it had begun to wait.
    if (!inner.done()) inner.cancel();
  });
  return task;
}

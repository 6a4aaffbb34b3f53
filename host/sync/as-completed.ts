/**
 * Taking several things as they come in.
 *
 * CPython 3.11, tasks.py `as_completed`. Differs: gives futures; the time begins with the call.
 */
import { TimeoutError } from "../errors.js";
import type { Awaitable } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { checkSeconds } from "../futures/sleep.js";
import { allOnOneLoop, checkSeveral } from "../loop/one-loop.js";
import { getEventLoop } from "../loop/run.js";
import { checkOptions } from "../net/options.js";
import { Queue } from "./queue.js";

/** What `asCompleted` takes besides the awaitables. */
export interface AsCompletedOptions {
  /** How long all of it may take, in seconds; null, the default, for ever. */
  timeout?: number | null;
}

/**
 * Gives a future for each of several awaitables: the first comes to what the first does that is done, and so on. A `for` takes them in both kinds of
 * coroutine, `yield*` or `await` waits for each; `for await` gives the results themselves.
 *
 * A future fails as what has failed, or with TimeoutError when the time is over. Nothing is cancelled then, nor when the futures are.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`; ValueError `ERR_FOREIGN_FUTURE`, `ERR_BAD_TIME`
 */
export function asCompleted<T>(
  awaitables: Iterable<Awaitable<T>>,
  options: AsCompletedOptions = {},
): IterableIterator<Future<T>> {
  checkSeveral("asCompleted", awaitables);
  checkOptions("asCompleted", options, ["timeout"]);
  const { timeout = null } = options;
  if (timeout !== null) checkSeconds("timeout", timeout);
  const todo = new Set(allOnOneLoop(awaitables) as Future<T>[]);
  const loop = [...todo][0]?.getLoop() ?? getEventLoop();
  const done = new Queue<Future<T> | null>();
  const completed = (future: Future<T>): void => {
    todo.delete(future);
    done.putNowait(future);
    if (todo.size === 0) timer?.cancel();
  };
  const expired = (): void => {
    for (const future of todo) {
      future.removeDoneCallback(completed);
      done.putNowait(null);
    }
    todo.clear();
  };
  const timer = timeout === null || todo.size === 0 ? null : loop.callLater(timeout, expired);
  for (const future of todo) future.addDoneCallback(completed);
  const next = (): Future<T> =>
    loop.createTask<T>(function* () {
      const future = yield* done.get();
      if (future === null) throw new TimeoutError(`it took longer than ${timeout} seconds`);
      return future.result();
    });
  return times(todo.size, next);
}

function* times<T>(count: number, make: () => T): Generator<T, void, unknown> {
  for (let left = count; left > 0; left--) yield make();
}

/**
 * Waiting for several things at once.
 *
 * Owns: `gather`, and the future that it returns, whose cancellation reaches every one of them.
 *
 * From: CPython 3.13, tasks.py `gather`.
 */
import { checkOptions } from "../arguments.js";
import { CancelledError } from "../errors.js";
import { Composite } from "../futures/composite.js";
import type { Awaitable } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { markSeen } from "../futures/never-retrieved.js";
import { getEventLoop } from "./implicit-loop.js";
import { allOnOneLoop, checkSeveral } from "./one-loop.js";

/** What `gather` takes besides the awaitables. */
export interface GatherOptions {
  /** Puts exceptions among the results, where they stand for those that failed, instead of failing at the first. */
  returnExceptions?: boolean;
}

/** What each of several awaitables comes to. */
export type Results<T extends readonly Awaitable<unknown>[]> = {
  -readonly [K in keyof T]: T[K] extends Awaitable<infer R> ? R : never;
};

/** What each of several awaitables comes to, or the exception with which it has failed. */
export type ResultsOrErrors<T extends readonly Awaitable<unknown>[]> = {
  -readonly [K in keyof T]: (T[K] extends Awaitable<infer R> ? R : never) | Error;
};

/**
 * Waits for all of them.
 *
 * The first exception is passed on at once, and the others go on. Cancelling the future cancels all of them. One that
 * is given twice is waited for once, and its result is given twice. Where all are done already, so is the future.
 *
 * @returns a future of their results, in the order in which they were given
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_AWAITABLE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_FOREIGN_FUTURE`
 *   for futures of several loops
 */
export function gather<T extends readonly Awaitable<unknown>[] | []>(
  awaitables: T,
  options?: GatherOptions & { returnExceptions?: false },
): Future<Results<T>>;
/** As above; what failed has its exception in the place of a result, which is almost always an Error. */
export function gather<T extends readonly Awaitable<unknown>[] | []>(
  awaitables: T,
  options: GatherOptions,
): Future<ResultsOrErrors<T>>;
export function gather(awaitables: readonly Awaitable<unknown>[], options: GatherOptions = {}): Future<unknown[]> {
  checkSeveral("gather", awaitables);
  checkOptions("gather", options, ["returnExceptions"]);
  const returnExceptions = options.returnExceptions ?? false;
  const children = allOnOneLoop(awaitables);
  const loop = children[0]?.getLoop() ?? getEventLoop();
  const outer = new Gathering(loop, children);
  if (children.length === 0) outer.setResult([]);
  const distinct = new Set(children);
  let left = distinct.size;
  const finished = (child: Future): void => {
    left--;
    if (outer.done()) return markSeen(child);
    if (!returnExceptions && failed(child)) return outer._raise(child._takeException());
    if (left > 0) return;
    if (outer.cancelRequested) outer.setException(new CancelledError(outer.cancelMessage));
    else outer.setResult(children.map((one) => (failed(one) ? one._takeException() : one.result())));
  };
  const done = [...distinct].filter((child) => child.done());
  for (const child of distinct) if (!child.done()) child.addDoneCallback(finished);
  for (const child of done) finished(child);
  return outer;
}

class Gathering extends Composite<unknown[]> {
  cancelRequested = false;
  cancelMessage: string | undefined;

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    let agreed = false;
    for (const child of this._parts) agreed = child.cancel(message) || agreed;
    if (agreed) {
      // Not cancelled before the last child is: they may have cleaning up to do.
      this.cancelRequested = true;
      this.cancelMessage = message;
    }
    return agreed;
  }
}

function failed(future: Future): boolean {
  return future.cancelled() || future._failed;
}

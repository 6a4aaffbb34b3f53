/**
 * Waiting without passing cancellation on.
 *
 * From: CPython 3.13, tasks.py `shield`.
 */

import { Composite } from "../futures/composite.js";
import type { Awaitable } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { markSeen } from "../futures/never-retrieved.js";
import { ensureFuture } from "./implicit-loop.js";

/**
 * Waits for something that is to go on even if the waiting is cancelled.
 *
 * @returns a future that ends as it does, and whose cancellation does not reach it
 * @throws TypeError `ERR_NOT_AWAITABLE`
 */
export function shield<T>(awaitable: Awaitable<T>): Future<T> {
  const inner = ensureFuture(awaitable);
  if (inner.done()) return inner;
  const outer = new Composite<T>(inner.getLoop(), [inner as Future<unknown>]);
  const passOn = (): void => {
    if (outer.done()) markSeen(inner);
    else outer._endAs(inner);
  };
  inner.addDoneCallback(passOn);
  outer.addDoneCallback(() => {
    if (!inner.done()) inner.removeDoneCallback(passOn);
  });
  return outer;
}

/**
 * Making futures of several awaitables, all of one loop.
 */
import { ValueError } from "../errors.js";
import type { Awaitable } from "../futures/coroutine.js";
import { futureOf } from "../futures/ensure-future.js";
import { Future } from "../futures/future.js";
import { getEventLoop } from "./run.js";

/**
 * Makes a future of each, on the loop of those that have one, else on this thread's. What is given twice becomes one future.
 *
 * @throws TypeError `ERR_NOT_AWAITABLE`; ValueError `ERR_FOREIGN_FUTURE` for futures of several loops
 */
export function allOnOneLoop(awaitables: Iterable<Awaitable<unknown>>): Future[] {
  const list = [...awaitables];
  if (list.length === 0) return [];
  const loops = new Set(list.filter((one) => one instanceof Future).map((one) => (one as Future).getLoop()));
  if (loops.size > 1) {
    throw new ValueError(
      "ERR_FOREIGN_FUTURE",
      "the futures belong to different loops: wait for those of one loop at a time",
    );
  }
  const [loop = getEventLoop()] = loops;
  const made = new Map<Awaitable<unknown>, Future>();
  return list.map((one) => {
    const future = made.get(one) ?? futureOf(loop, loop._scheduler, one);
    made.set(one, future);
    return future;
  });
}

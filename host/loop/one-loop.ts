/**
 * Making futures of several awaitables, all of one loop.
 */
import { describe, typeError, ValueError } from "../errors.js";
import { type Awaitable, isAwaitable } from "../futures/coroutine.js";
import { futureOf } from "../futures/ensure-future.js";
import { Future } from "../futures/future.js";
import { getEventLoop } from "./implicit-loop.js";

/**
 * Tests that a call was given several awaitables, as one argument. A single one would be iterated: futures and generators can be.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 */
export function checkSeveral(call: string, awaitables: unknown): void {
  const isIterable = typeof (awaitables as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === "function";
  if (isIterable && !isAwaitable(awaitables) && typeof awaitables !== "string") return;
  throw typeError(
    "ERR_INVALID_ARG_TYPE",
    `${call}() takes its awaitables in one array, not ${describe(awaitables)}: write ${call}([first, second])`,
  );
}

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

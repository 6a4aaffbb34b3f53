/**
 * Making a future of whatever can be awaited.
 *
 * Owns: wrapping coroutines in tasks and promises in futures.
 *
 * From: CPython 3.13, tasks.py `ensure_future`.
 */
import { describe, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import { asError } from "../show.js";
import { type Awaitable, isCoroutine, isPromiseLike } from "./coroutine.js";
import { Future } from "./future.js";

/**
 * Makes a future of it: a future is returned as it is, a coroutine becomes a task, a promise is followed.
 *
 * @throws TypeError `ERR_NOT_AWAITABLE`; ValueError `ERR_FOREIGN_FUTURE` for a future of another loop
 */
export function futureOf<T>(loop: EventLoop, scheduler: Scheduler, awaitable: Awaitable<T>): Future<T> {
  if (awaitable instanceof Future) {
    if (awaitable.getLoop() !== loop) {
      throw new ValueError(
        "ERR_FOREIGN_FUTURE",
        `${awaitable} belongs to another loop: await it on the loop that made it`,
      );
    }
    return awaitable;
  }
  if (isCoroutine<T>(awaitable)) return loop.createTask(awaitable);
  if (isPromiseLike<T>(awaitable)) return follow(loop, scheduler, awaitable);
  throw notAwaitable(awaitable);
}

/** The error for what cannot be awaited. */
export function notAwaitable(value: unknown): TypeError {
  const hint = typeof value === "function" ? ": call it, and pass what it returns" : "";
  return typeError(
    "ERR_NOT_AWAITABLE",
    `a Future, a coroutine or a promise is required, not ${describe(value)}${hint}`,
  );
}

function follow<T>(loop: EventLoop, scheduler: Scheduler, promise: PromiseLike<T>): Future<T> {
  scheduler.checkNodeGoesOn("a promise settles");
  const future = loop.createFuture<T>();
  // A promise may throw when it is asked for its class.
  const native = Promise.resolve(promise);
  scheduler.promisesAwaited++;
  const settle = (apply: () => void): void => {
    scheduler.promisesAwaited--;
    if (scheduler.closed) return;
    if (!future.done()) apply();
    scheduler.wake();
  };
  native.then(
    (value) => settle(() => future.setResult(value)),
    (error) => settle(() => future.setException(asError(error))),
  );
  return future;
}

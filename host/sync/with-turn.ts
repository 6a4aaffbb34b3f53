/**
 * Having something for as long as a function runs.
 *
 * From: `async with lock` of CPython 3.13, locks.py `_ContextManagerMixin`. Differs: the function runs in a task of its
 * own, whose cancellation reaches it.
 */
import type { Future } from "../futures/future.js";
import { keepResult } from "../futures/late-cancellation.js";
import type { Task } from "../futures/task.js";
import { type Body, checkBody, startBody } from "../loop/body.js";
import type { EventLoop } from "../loop/event-loop.js";

/** What is had from `acquire` to `release`. */
export interface Turns {
  acquire(): Future<true>;
  release(): void;
}

/** Runs `body` once `turns` is acquired, and releases it afterwards, however that ends. @throws TypeError `ERR_NOT_CALLABLE` */
export function withTurn<T>(loop: EventLoop, turns: Turns, body: Body<T>): Task<T> {
  checkBody(body);
  const task = loop.createTask<T>(function* () {
    yield* turns.acquire();
    try {
      return yield* startBody(loop, body);
    } finally {
      turns.release();
    }
  });
  return keepResult(task);
}

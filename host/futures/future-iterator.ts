/**
 * Awaiting a future in a generator.
 *
 * Owns: the iterator that `yield*` runs through. It gives the pending future to the task, which waits for it, and then its result to
 * the generator.
 */
import { FutureState } from "../../assembly/abi.js";
import { CancelledError } from "../errors.js";
import type { Future } from "./future.js";
import { keepsResult } from "./late-cancellation.js";
import { noteWait } from "./stack.js";

/** One `yield*`. */
export class FutureIterator<T> {
  readonly #future: Future<T>;

  constructor(future: Future<T>) {
    this.#future = future;
  }

  next(): IteratorResult<Future<T>, T> {
    const future = this.#future;
    if (future._state !== FutureState.Pending) return { done: true, value: future.result() };
    if (future._scheduler.debug) noteWait(future._loop._currentTask, future);
    return { done: false, value: future };
  }

  [Symbol.iterator](): this {
    return this;
  }

  throw(error: unknown): IteratorResult<Future<T>, T> {
    const future = this.#future;
    const task = future._loop._currentTask;
    if (task !== null && error instanceof CancelledError && keepsResult(future as Future<unknown>)) {
      task._owe(error.message);
      return { done: true, value: future.result() };
    }
    if (!future._endedWith(error)) future._givenUp();
    throw error;
  }

  return(value: T): IteratorResult<Future<T>, T> {
    this.#future._undelivered();
    return { done: true, value };
  }
}

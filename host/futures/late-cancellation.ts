/**
 * Cancellations that come when what is awaited is done already.
 *
 * A function that runs inside a task of ours (with a lock, with a time limit, in a group) may have got something that nobody else can
 * give back, such as an item of a queue. Where asyncio has `async with`, there is no await between the end of the block and what follows,
 * so nothing can be lost there. Here there is one: so whoever awaits such a task gets what it came to in any case, and owes the
 * cancellation to its next await. A task that ends while it still owes one leaves it to whoever awaits it, if that was cancelled.
 *
 * Owns: which tasks are such, and which have left one. Does not own: delivering it (`task.ts`, `future.ts`).
 */
import type { Future } from "./future.js";
import type { Task } from "./task.js";

const firstComesTheResult = new WeakSet<Future>();
/** The number of the cancellation that each has left. */
const left = new WeakMap<Future, number>();

/** What the task comes to is not to be lost. Returns the task. */
export function keepResult<T>(task: Task<T>): Task<T> {
  firstComesTheResult.add(task as Future<unknown>);
  return task;
}

/** Whether it is such a task. */
export function isKept(future: Future): boolean {
  return firstComesTheResult.has(future);
}

/** Whether it is such a task, and has come to something. */
export function keepsResult(future: Future): boolean {
  return isKept(future) && future.done() && !future.cancelled();
}

/** It has ended and owes a cancellation, of that number. */
export function leaveCancellation(future: Future, number: number): void {
  left.set(future, number);
}

/** The number of the cancellation that it has left, if it has. */
export function leftCancellation(future: Future): number | undefined {
  return left.get(future);
}

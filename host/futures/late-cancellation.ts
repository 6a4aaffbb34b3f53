/**
 * Cancellations that come when what is awaited is done already.
 *
 * A function that runs inside a task of ours (with a lock, with a time limit, in a group) may have got something that nobody else can
 * give back, such as an item of a queue. Where asyncio has `async with`, there is no await between the end of the block and what follows,
 * so nothing can be lost there. Here there is one. So whoever awaits such a task gets its result even if it is cancelled in that very
 * turn, and the cancellation is thrown at its next await: it is "owed". A task that ends while it still owes a cancellation leaves it
 * to the one who awaits it, if the same call of `cancel` was meant for that one too.
 *
 * Owns: which tasks are such, and which have left one. Does not own: delivering it (`task.ts`, `future.ts`).
 */
import type { Future } from "./future.js";
import type { Task } from "./task.js";

/** The tasks whose result is had before a cancellation. */
const kept = new WeakSet<Future>();
/** For each task that has ended and owed one: the number of the cancellation that it has left. */
const left = new WeakMap<Future, number>();

/** What the task comes to is not to be lost. Returns the task. */
export function keepResult<T>(task: Task<T>): Task<T> {
  kept.add(task as Future<unknown>);
  return task;
}

/** Whether the result of this task is kept. */
export function isKept(future: Future): boolean {
  return kept.has(future);
}

/** Whether the result of this task is kept, and is there. */
export function keepsResult(future: Future): boolean {
  return isKept(future) && future.done() && !future.cancelled();
}

/** Notes that a task has ended while it owed the cancellation of that number. */
export function leaveCancellation(future: Future, number: number): void {
  left.set(future, number);
}

/** The number of the cancellation that a task has left, if it has left one. */
export function leftCancellation(future: Future): number | undefined {
  return left.get(future);
}

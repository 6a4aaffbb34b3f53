/**
 * Which task an async function belongs to.
 *
 * Owns: the store that follows an async function through its awaits. Node calls the `then` of an awaited thenable in
 * the awaiting function's context, so a future knows which task waits for it.
 *
 * Does not own: the task that steps a generator right now (`task.ts`); generators need no store.
 */
import type { AsyncLocalStorage } from "node:async_hooks";
import type { CancelledError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { ownStorage } from "../scheduler/context.js";
import type { Future } from "./future.js";

/** A task as the futures see it that its async function awaits. */
export interface AwaitingTask {
  readonly _loop: EventLoop;
  done(): boolean;
  /** The cancellation that is due, which the caller now sees to; else null. */
  _takeCancellation(): CancelledError | null;
  _awaits(future: Future): void;
  /** Returns whether the function may have left the future behind, so that nobody hears of it. */
  _stopsAwaiting(future: Future): boolean;
  /** A cancellation is to be thrown at the next await. */
  _owe(message: string | undefined): void;
  /** Takes on a cancellation that what it awaited has left to it. */
  _inherit(future: Future): void;
}

const tasks = ownStorage as AsyncLocalStorage<AwaitingTask>;
/** Asking the store is not free, and before the first async function there is nothing in it. */
let used = false;

/** Calls an async function as the body of a task. */
export function runAsTask<R>(task: AwaitingTask, body: () => R): R {
  used = true;
  return tasks.run(task, body);
}

/** Calls a function as if no task ran: what keeps the store that it was made in, and is made here, belongs to no task. */
export function runOutsideTasks<R>(body: () => R): R {
  // `exit` would switch the hooks off and on again that follow the stores of all promises.
  return asyncTask() === null ? body() : tasks.run(undefined as never, body);
}

/** The task whose async function runs right now, or null. */
export function asyncTask(): AwaitingTask | null {
  return used ? (tasks.getStore() ?? null) : null;
}

/**
 * Scopes: something that holds while a body runs, in the task that runs it. What `async with` is in Python.
 *
 * Owns: running a body of either kind between entering and leaving. A generator makes a generator, to be delegated to with `yield*`; an async
 * function makes a promise.
 *
 * Does not own: what a scope does (`timeout.ts`, `task-group.ts`). It is written once, as a generator.
 */
import { CancelledError, RuntimeError } from "../errors.js";
import { type Coroutine, isCoroutine } from "../futures/coroutine.js";
import { sleepOn } from "../futures/sleep.js";
import type { Task } from "../futures/task.js";
import { currentTask } from "./run.js";

/** What a body came to. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

export abstract class Scope {
  /** @internal The task that runs the body. */ readonly _task: Task;

  /** @throws RuntimeError `ERR_NO_TASK`, `ERR_NO_RUNNING_LOOP` */
  constructor(call: string) {
    const task = currentTask();
    if (task === null) {
      throw new RuntimeError(
        "ERR_NO_TASK",
        `${call}() works inside a task: call it from what run() or createTask() runs`,
      );
    }
    this._task = task;
  }

  /** @internal The body begins. */
  abstract _enter(): void;

  /** @internal The body has ended. Comes to what the whole comes to. */
  abstract _leave<T>(outcome: Outcome<T>): Coroutine<T>;

  /** @internal The generator was closed before its end: nobody waits any more. */
  abstract _abandon(): void;
}

/** Runs a body in a scope. */
export function inScope<S extends Scope, T>(
  scope: S,
  body: (scope: S) => Coroutine<T> | PromiseLike<T>,
): Coroutine<T> | Promise<T> {
  const begun = body(scope);
  return isCoroutine<T>(begun) ? scoped(scope, begun) : drive(scope._task, scoped(scope, awaited(begun)));
}

/**
 * Takes back a cancellation that a scope has asked for and that the body has not noticed, because it waited for nothing any more. Takes an iteration.
 *
 * @param cancelling how often the task has been cancelled by others
 */
export function* takeBackCancellation(task: Task, cancelling: number): Coroutine<void> {
  try {
    yield;
  } catch (error) {
    if (!(error instanceof CancelledError) || task.cancelling() > cancelling) throw error;
  }
}

function* scoped<T>(scope: Scope, body: Coroutine<T>): Coroutine<T> {
  let outcome: Outcome<T> | null = null;
  scope._enter();
  try {
    outcome = { value: yield* body };
  } catch (error) {
    outcome = { error };
  } finally {
    if (outcome === null) scope._abandon();
  }
  return yield* scope._leave(outcome);
}

/** A promise as the body of a scope: `drive` awaits what this yields. */
function* awaited<T>(promise: PromiseLike<T>): Coroutine<T> {
  return yield promise as never;
}

/** Does what a task does with a generator, inside of an async function. */
async function drive<T>(task: Task, work: Coroutine<T>): Promise<T> {
  let step = work.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await (step.value ?? sleepOn(task._loop, task._scheduler, 0, undefined));
    } catch (error) {
      step = work.throw(error);
      continue;
    }
    step = work.next(value);
  }
  return step.value;
}

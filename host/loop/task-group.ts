/**
 * Task groups: tasks that end before the body which has made them does.
 *
 * Owns: the tasks of a group. The first that fails has the others and the body cancelled, and the whole fails with all their errors, once
 * every one has ended.
 *
 * CPython 3.11, taskgroups.py. Differs: there is no `async with`, so a group is that of a function, which runs in a task of its own; whoever cancels
 * that task cancels the group. The errors come as an AggregateError.
 */
import { CancelledError, FatalError, RuntimeError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import type { Task, TaskBody } from "../futures/task.js";
import { type Body, checkBody, runBody } from "./body.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";

/** What a body came to. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** The tasks of a function: what `taskGroup` hands to it. */
export class TaskGroup {
  readonly #loop: EventLoop;
  /** The task of the function. */
  #parent: Task | null = null;
  readonly #tasks = new Set<Task>();
  readonly #errors: unknown[] = [];
  /** An error that ends the run comes out by itself. */
  #fatal: FatalError | null = null;
  #isAborting = false;
  #isLeaving = false;
  /** Whether a task that failed has cancelled the function. */
  #hasCancelledParent = false;
  #allDone: Future<void> | null = null;

  /** @internal Users call `taskGroup()`. */
  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /**
   * Makes a task of the group. Tasks of the group may make others, for as long as there are any.
   *
   * @throws RuntimeError `ERR_GROUP_OVER` when the group is shutting down, or over; and as `loop.createTask`
   */
  createTask<T>(body: TaskBody<T>, options?: { name?: string }): Task<T> {
    if (this.#isAborting || (this.#isLeaving && this.#tasks.size === 0)) {
      const state = this.#isAborting ? "shutting down" : "over";
      throw new RuntimeError("ERR_GROUP_OVER", `the task group is ${state}: it takes no more tasks`);
    }
    const task = this.#loop.createTask(body, options);
    this.#tasks.add(task as Task);
    task.addDoneCallback(() => this.#ended(task as Task));
    return task;
  }

  /** Such as `<TaskGroup tasks=2 errors=1>`. */
  toString(): string {
    const words = [`tasks=${this.#tasks.size}`, `errors=${this.#errors.length}`];
    if (this.#isAborting) words.push("aborting");
    return `<TaskGroup ${words.join(" ")}>`;
  }

  /** @internal The task of the function begins. */
  _begin(parent: Task): void {
    this.#parent = parent;
  }

  /** @internal The function has ended. Waits for the tasks, and comes to what the whole comes to. */
  *_end<T>(outcome: Outcome<T>): Coroutine<T> {
    this.#isLeaving = true;
    const failed = "error" in outcome;
    const error = failed ? outcome.error : null;
    if (error instanceof FatalError) this.#fatal ??= error;
    if (failed) this.#abort();
    let cancelled = (yield* this.#waitForAll()) ?? (error instanceof CancelledError ? error : null);
    if (this.#fatal !== null) throw this.#fatal;
    if (this.#hasCancelledParent && this.#parent?.uncancel() === 0) cancelled = null;
    if (cancelled !== null && this.#errors.length === 0) throw cancelled;
    if (failed && !(error instanceof CancelledError)) this.#errors.push(error);
    const count = this.#errors.length;
    if (count > 0) {
      throw new AggregateError(this.#errors, `${count} unhandled ${count === 1 ? "error" : "errors"} in a task group`);
    }
    if (failed) throw error;
    return outcome.value;
  }

  /** Waits until every task has ended. Comes to the cancellation that came meanwhile from elsewhere, or null. */
  *#waitForAll(): Coroutine<CancelledError | null> {
    let cancelled: CancelledError | null = null;
    while (this.#tasks.size > 0) {
      this.#allDone = this.#loop.createFuture();
      try {
        yield* this.#allDone;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        if (!this.#isAborting) cancelled = error;
        this.#abort();
      }
      this.#allDone = null;
    }
    return cancelled;
  }

  #ended(task: Task): void {
    this.#tasks.delete(task);
    if (this.#tasks.size === 0 && this.#allDone !== null && !this.#allDone.done()) this.#allDone.setResult();
    if (task.cancelled()) return;
    const error = task.exception();
    if (error === null) return;
    this.#errors.push(error);
    if (error instanceof FatalError) this.#fatal ??= error;
    if (this.#isAborting) return;
    this.#abort();
    this.#hasCancelledParent = true;
    this.#parent?.cancel();
  }

  #abort(): void {
    if (this.#isAborting) return;
    this.#isAborting = true;
    for (const task of this.#tasks) task.cancel();
  }
}

/**
 * Runs a function that makes tasks, and waits until all of them have ended. When one fails, the others and the function are cancelled, and
 * the whole fails with an AggregateError of all that went wrong; those that were cancelled do not count.
 *
 *     await taskGroup(async (group) => {
 *       group.createTask(() => fetchOne());
 *       group.createTask(() => fetchAnother());
 *     });
 *
 * @returns a task that comes to what the function returns; whose cancellation reaches the group
 * @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function taskGroup<T>(body: Body<T, [TaskGroup]>): Task<T> {
  checkBody(body);
  const loop = getRunningLoop();
  const group = new TaskGroup(loop);
  const task: Task<T> = loop.createTask<T>(function* () {
    group._begin(task as Task);
    let outcome: Outcome<T>;
    try {
      outcome = { value: yield* runBody(loop, body, group) };
    } catch (error) {
      outcome = { error };
    }
    return yield* group._end(outcome);
  });
  return task;
}

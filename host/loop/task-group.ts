/**
 * Task groups: tasks that end before the body which has made them does.
 *
 * Owns: the tasks of a group. The first that fails has the others and the body cancelled, and the whole fails with all their errors, once
 * every one has ended.
 *
 * CPython 3.11, taskgroups.py; from 3.13 what becomes of a cancellation that comes at the same time as an error. Differs: a function that takes the body,
 * since there is no `async with`; the errors come as an AggregateError.
 */
import { CancelledError, FatalError, RuntimeError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import type { Task, TaskBody } from "../futures/task.js";
import { inScope, type Outcome, Scope, takeBackCancellation } from "./scope.js";

/** The tasks of a body: what `taskGroup` hands to it. */
export class TaskGroup extends Scope {
  readonly #tasks = new Set<Task>();
  readonly #errors: unknown[] = [];
  /** An error that ends the run comes out by itself. */
  #fatal: FatalError | null = null;
  #isAborting = false;
  #isLeaving = false;
  /** Whether the group itself has cancelled the task that runs the body, and whether that was noticed. */
  #cancelledBody: "no" | "asked" | "noticed" = "no";
  #allDone: Future<void> | null = null;

  /** @internal Users call `taskGroup()`. */
  constructor() {
    super("taskGroup");
  }

  /**
   * Makes a task of the group. It may be made by other tasks of the group too, for as long as there are any.
   *
   * @throws RuntimeError `ERR_GROUP_OVER` when the group is shutting down, or over; and as `loop.createTask`
   */
  createTask<T>(body: TaskBody<T>, options?: { name?: string }): Task<T> {
    if (this.#isAborting || (this.#isLeaving && this.#tasks.size === 0)) {
      if (typeof body === "object") body.return?.(undefined as T);
      const state = this.#isAborting ? "shutting down" : "over";
      throw new RuntimeError("ERR_GROUP_OVER", `the task group is ${state}: it takes no more tasks`);
    }
    const task = this._task._loop.createTask(body, options);
    this.#tasks.add(task as Task);
    task.addDoneCallback(() => this.#ended(task as Task));
    return task;
  }

  /** Such as `<TaskGroup tasks=2 errors=1>`. */
  override toString(): string {
    const words = [`tasks=${this.#tasks.size}`, `errors=${this.#errors.length}`];
    if (this.#isAborting) words.push("aborting");
    return `<TaskGroup ${words.join(" ")}>`;
  }

  /** @internal */
  override _enter(): void {}

  /** @internal */
  override *_leave<T>(outcome: Outcome<T>): Coroutine<T> {
    this.#isLeaving = true;
    const failed = "error" in outcome;
    const error = failed ? outcome.error : null;
    if (error instanceof FatalError) this.#fatal ??= error;
    if (failed) this.#abort();
    const cancelled = (yield* this.#waitForAll()) ?? (error instanceof CancelledError ? this.#noticed(error) : null);
    if (this.#fatal !== null) throw this.#fatal;
    const propagated = yield* this.#settleCancellation(cancelled);
    if (propagated !== null && this.#errors.length === 0) throw propagated;
    if (failed && !(error instanceof CancelledError)) this.#errors.push(error);
    if (this.#errors.length > 0) throw this.#allErrors();
    if (failed) throw error;
    return outcome.value;
  }

  /** @internal */
  override _abandon(): void {
    this.#isLeaving = true;
    this.#abort();
  }

  /** Waits until every task has ended. Comes to the cancellation that came meanwhile from elsewhere, or null. */
  *#waitForAll(): Coroutine<CancelledError | null> {
    let cancelled: CancelledError | null = null;
    while (this.#tasks.size > 0) {
      this.#allDone = this._task._loop.createFuture();
      try {
        yield* this.#allDone;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        if (this.#isAborting) this.#noticed(error);
        else cancelled = error;
        this.#abort();
      }
      this.#allDone = null;
    }
    return cancelled;
  }

  /** The body's task has seen a cancellation, which may be the group's own. */
  #noticed(error: CancelledError): CancelledError {
    if (this.#cancelledBody === "asked") this.#cancelledBody = "noticed";
    return error;
  }

  /** Takes the group's own cancellation back. Comes to what is left of those of others. */
  *#settleCancellation(cancelled: CancelledError | null): Coroutine<CancelledError | null> {
    if (this.#cancelledBody === "no") return cancelled;
    if (this._task.uncancel() > 0) return cancelled;
    if (this.#cancelledBody === "asked") yield* takeBackCancellation(this._task, 0);
    return null;
  }

  #allErrors(): AggregateError {
    const task = this._task;
    if (task.cancelling() > 0) {
      // Whoever has cancelled the task from outside is not forgotten over the errors: it is thrown at the next wait.
      task.uncancel();
      task.cancel();
    }
    const count = this.#errors.length;
    return new AggregateError(this.#errors, `${count} unhandled ${count === 1 ? "error" : "errors"} in a task group`);
  }

  #ended(task: Task): void {
    this.#tasks.delete(task);
    if (this.#tasks.size === 0 && this.#allDone !== null && !this.#allDone.done()) this.#allDone.setResult();
    if (task.cancelled()) return;
    const error = task.exception();
    if (error === null) return;
    this.#errors.push(error);
    if (error instanceof FatalError) this.#fatal ??= error;
    const parent = this._task;
    if (parent.done()) {
      const message = `${task} has failed, but the task that its group belongs to has ended already`;
      parent._loop.callExceptionHandler({ message, exception: error, task });
    } else if (!this.#isAborting && this.#cancelledBody === "no") {
      this.#abort();
      this.#cancelledBody = "asked";
      parent.cancel();
    }
  }

  #abort(): void {
    if (this.#isAborting) return;
    this.#isAborting = true;
    for (const task of this.#tasks) task.cancel();
  }
}

/**
 * Runs a body that makes tasks, and waits until all of them have ended. When one fails, the others and the body are cancelled, and
 * the whole fails with an AggregateError of all that went wrong; cancelled ones do not count.
 *
 *     await taskGroup(async (group) => {
 *       group.createTask(() => fetchOne());
 *       group.createTask(() => fetchAnother());
 *     });
 *
 * @param body a generator function or an async one; it runs in the current task
 * @returns what the body returns: a generator to be delegated to, or a promise, as the body is
 * @throws RuntimeError `ERR_NO_TASK` outside of a task, `ERR_NO_RUNNING_LOOP`
 */
export function taskGroup<T>(body: (group: TaskGroup) => Coroutine<T>): Coroutine<T>;
export function taskGroup<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<T>;
export function taskGroup<T>(body: (group: TaskGroup) => Coroutine<T> | PromiseLike<T>): Coroutine<T> | Promise<T> {
  return inScope(new TaskGroup(), body);
}

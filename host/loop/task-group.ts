/**
 * Groups of tasks that end together.
 *
 * Owns: cancelling the others, and the function that made them, when one fails; waiting until all have ended; and what comes of that.
 *
 * From: CPython 3.13, taskgroups.py. Differs: there is no `async with`, so the group is that of a function, which runs
 * in a task of its own.
 */
import { CancelledError, FatalError, RuntimeError, typeError } from "../errors.js";
import { ExceptionGroup } from "../exception-group.js";
import { Composite } from "../futures/composite.js";
import type { Coroutine } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { keepResult } from "../futures/late-cancellation.js";
import type { Task } from "../futures/task.js";
import type { CreateTaskOptions, TaskBody } from "../futures/task-body.js";
import { type Body, checkBody, startBody } from "./body.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";
import { steppingTask } from "./tasks.js";

/** What the function gets that makes tasks. */
export class TaskGroup {
  readonly #loop: EventLoop;
  readonly #tasks = new Set<Task<unknown>>();
  readonly #errors: unknown[] = [];
  #parent: Task<unknown> | null = null;
  /** Whether the group has cancelled the function. */
  #hasCancelledParent = false;
  #isExiting = false;
  #isAborting = false;
  /** What has ended the loop, from a task or from the function. */
  #fatal: FatalError | null = null;
  #allEnded: Future<void> | null = null;

  /** @internal Users call `taskGroup`. */
  constructor(loop: EventLoop) {
    if (loop === undefined) {
      throw typeError(
        "ERR_NOT_A_LOOP",
        "task groups are made by taskGroup(): pass it the function that makes the tasks",
      );
    }
    this.#loop = loop;
  }

  /**
   * Makes a task of the group, as `loop.createTask` does. If it fails, the others and the group's function are
   * cancelled; if it is cancelled, it just ends.
   *
   * @throws RuntimeError `ERR_GROUP_FINISHED` when all has ended, `ERR_GROUP_ABORTING` when something has failed; as `loop.createTask`
   */
  createTask<T>(coro: TaskBody<T>, options?: CreateTaskOptions): Task<T> {
    if (this.#isExiting && this.#tasks.size === 0) {
      throw new RuntimeError("ERR_GROUP_FINISHED", `${this} is finished: make its tasks before its function has ended`);
    }
    if (this.#isAborting) {
      throw new RuntimeError(
        "ERR_GROUP_ABORTING",
        `${this} is shutting down: something in it has failed or was cancelled`,
      );
    }
    const task = this.#loop.createTask(coro, options);
    // Also of one that has ended at once: if it has failed, it must not cancel the function in the middle of a step.
    this.#tasks.add(task as Task<unknown>);
    task.addDoneCallback(() => this.#ended(task as Task<unknown>));
    return task;
  }

  /** Such as `<TaskGroup tasks=2 errors=1 cancelling>`. */
  toString(): string {
    const tasks = this.#tasks.size > 0 ? ` tasks=${this.#tasks.size}` : "";
    const errors = this.#errors.length > 0 ? ` errors=${this.#errors.length}` : "";
    return `<TaskGroup${tasks}${errors}${this.#isAborting ? " cancelling" : ""}>`;
  }

  /** @internal Runs the function, and then waits for the tasks. */
  *_run<T>(parent: Task<unknown>, body: Body<T, [TaskGroup]>): Coroutine<T> {
    this.#parent = parent;
    let outcome: { result: T } | null = null;
    let error: unknown = null;
    try {
      outcome = { result: yield* startBody(this.#loop, body, this) };
    } catch (thrown) {
      error = thrown;
    }
    this.#isExiting = true;
    if (error instanceof FatalError) this.#fatal ??= error;
    let cancellation = error instanceof CancelledError ? error : null;
    if (outcome === null) this.#abort();
    cancellation = (yield* this.#waitForAll()) ?? cancellation;
    if (this.#fatal !== null) throw this.#fatal;
    // What the group itself has asked for is over; its cause is among the errors.
    if (this.#hasCancelledParent) parent.uncancel();
    if (cancellation !== null && this.#errors.length === 0) throw cancellation;
    if (outcome === null && !(error instanceof CancelledError)) this.#errors.push(error);
    if (this.#errors.length > 0) {
      // The errors come first, and what others have asked for comes at the next await.
      if (parent.cancelling() > 0) {
        parent.uncancel();
        parent._cancelFromWithin();
      }
      throw new ExceptionGroup("unhandled errors in a TaskGroup", this.#errors);
    }
    if (outcome === null) throw error;
    return outcome.result;
  }

  /** Waits until no task is left. Returns the cancellation that came meanwhile from outside, the group being told of it. */
  *#waitForAll(): Coroutine<CancelledError | null> {
    let cancellation: CancelledError | null = null;
    while (this.#tasks.size > 0) {
      this.#allEnded = new Composite(this.#loop, this.#tasks);
      try {
        yield* this.#allEnded;
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
        if (!this.#isAborting) {
          cancellation = error;
          this.#abort();
        }
      }
      this.#allEnded = null;
    }
    return cancellation;
  }

  #abort(): void {
    if (this.#isAborting) return;
    this.#isAborting = true;
    for (const task of this.#tasks) task.cancel();
  }

  #ended(task: Task<unknown>): void {
    this.#tasks.delete(task);
    if (this.#tasks.size === 0 && this.#allEnded !== null && !this.#allEnded.done()) this.#allEnded.setResult();
    if (task.cancelled() || !task._failed) return;
    const error = task.exception();
    this.#errors.push(error);
    if (error instanceof FatalError) this.#fatal ??= error;
    if (this.#isAborting) return;
    this.#abort();
    this.#hasCancelledParent = true;
    this.#parent?._cancelFromWithin();
  }
}

/**
 * Runs a function that makes tasks in a group, and waits for all of them. When one fails, the others and the function are cancelled.
 *
 * @returns a task of what the function comes to, once all have ended; or of an ExceptionGroup of all that was thrown,
 *   but for cancellations; or of a FatalError, if there is one among that. Its cancellation reaches the function and
 *   the tasks; if there are errors, whoever awaits it has those first, and the cancellation at the next await
 * @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function taskGroup<T>(body: Body<T, [TaskGroup]>): Task<T> {
  checkBody(body);
  const loop = getRunningLoop();
  const group = new TaskGroup(loop);
  const task = loop.createTask<T>(function* () {
    return yield* group._run(steppingTask(loop), body);
  });
  return keepResult(task);
}

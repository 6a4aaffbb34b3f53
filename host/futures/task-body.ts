/**
 * What tasks are made of.
 *
 * Owns: what a task may run, what may be said about it, and checking both. Does not own: running it (`task.ts`).
 */
import { checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import { type Coroutine, isCoroutine } from "./coroutine.js";

/** What a task runs: a generator, or a function that makes one or is async. The function is called in the task's first step. */
export type TaskBody<T> = Coroutine<T> | (() => Coroutine<T> | PromiseLike<T>);

/** What `new Task` takes. */
export interface TaskOptions {
  /** `Task-1` and so on when left out. */
  name?: string;
  /**
   * Whether it takes its first step at once, inside the call that makes it, if its loop runs; false by default. One that comes to its end in that step
   * never waits for an iteration.
   */
  eagerStart?: boolean;
}

/** What `createTask` takes: what concerns any future that a task factory may make, besides what a Task is made with. */
export interface CreateTaskOptions extends TaskOptions {
  /** Cancels the task when it is aborted; the reason is the message. */
  signal?: AbortSignal;
}

export const NO_OPTIONS: TaskOptions = {};

/** @throws TypeError `ERR_NOT_A_COROUTINE`, `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION` */
export function checkTask(body: unknown, options: TaskOptions = NO_OPTIONS): void {
  if (options !== NO_OPTIONS) {
    checkOptions("new Task", options, ["name", "eagerStart"]);
    const { name, eagerStart = false } = options;
    if (name !== undefined) checkTaskName(name);
    if (typeof eagerStart !== "boolean") {
      throw typeError(
        "ERR_INVALID_ARG_TYPE",
        `the option eagerStart must be true or false, not ${describe(eagerStart)}`,
      );
    }
  }
  if (typeof body === "function" || isCoroutine(body)) return;
  throw typeError(
    "ERR_NOT_A_COROUTINE",
    `a generator, a generator function or an async function is required, not ${describe(body)}: pass the function itself, or wrap a promise with ensureFuture()`,
  );
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkTaskName(name: unknown): string {
  if (typeof name === "string") return name;
  throw typeError("ERR_INVALID_ARG_TYPE", `the name of a task must be a string, not ${describe(name)}`);
}

/**
 * Task factories for tasks that start at once.
 *
 * Owns: both of them. Does not own: the first step (`task.ts`).
 *
 * From: CPython 3.13, tasks.py `eager_task_factory` and `create_eager_task_factory`.
 */
import { describe, typeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { attempt } from "../show.js";
import type { Future } from "./future.js";
import { Task } from "./task.js";
import type { TaskBody, TaskOptions } from "./task-body.js";

/** A class of tasks, or a function that makes them when called with `new`. */
export type TaskConstructor = new <T>(loop: EventLoop, body: TaskBody<T>, options: TaskOptions) => Future<T>;

/** Makes tasks that take their first step at once, unless they are told not to: `loop.setTaskFactory(eagerTaskFactory)`. */
export const eagerTaskFactory = createEagerTaskFactory(Task);

/**
 * Such a factory for a class of tasks.
 *
 * @throws TypeError `ERR_NOT_CALLABLE`
 */
export function createEagerTaskFactory(
  taskClass: TaskConstructor,
): <T>(loop: EventLoop, body: TaskBody<T>, options?: TaskOptions) => Future<T> {
  if (!isConstructor(taskClass)) {
    throw typeError("ERR_NOT_CALLABLE", `a class of tasks is required, not ${describe(taskClass)}`);
  }
  return (loop, body, options) => new taskClass(loop, body, { eagerStart: true, ...options });
}

/** Whether `new` can be said to it: it is not run to find out. */
function isConstructor(value: unknown): boolean {
  if (typeof value !== "function") return false;
  return attempt(() => Boolean(Reflect.construct(Object, [], value)), false);
}

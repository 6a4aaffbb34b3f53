/**
 * Which tasks there are.
 *
 * Owns: asking a loop for its tasks. Does not own: the tasks (`futures/task.ts`), where they are kept (`scheduler/scheduler.ts`).
 *
 * From: CPython 3.13, tasks.py `current_task` and `all_tasks`.
 */
import { describe, RuntimeError, typeError } from "../errors.js";
import { asyncTask } from "../futures/awaiting.js";
import { Task } from "../futures/task.js";
import { Scheduler } from "../scheduler/scheduler.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";

/**
 * The task that runs right now on a loop, this thread's running one by default; null in a plain callback.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`; TypeError `ERR_NOT_A_LOOP`
 */
export function currentTask(loop: EventLoop = getRunningLoop()): Task<unknown> | null {
  checkHasTasks(loop);
  if (loop._currentTask !== null) return loop._currentTask;
  const task = asyncTask();
  return task instanceof Task && task._loop === loop ? task : null;
}

/**
 * The task whose generator takes a step. Generators of ours ask for their own, which may step before `createTask` has returned it.
 *
 * @throws RuntimeError `ERR_NO_TASK` where a task factory has made something else that steps it
 */
export function steppingTask(loop: EventLoop): Task<unknown> {
  if (loop._currentTask !== null) return loop._currentTask;
  throw new RuntimeError(
    "ERR_NO_TASK",
    "no task takes this step: a task factory must make a Task, or an instance of a subclass, of what it is given",
  );
}

/**
 * The tasks of a loop, this thread's running one by default, that have not ended.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`; TypeError `ERR_NOT_A_LOOP`
 */
export function allTasks(loop: EventLoop = getRunningLoop()): Set<Task<unknown>> {
  checkHasTasks(loop);
  const tasks = new Set<Task<unknown>>();
  for (const entry of loop._scheduler.entries()) if (entry instanceof Task) tasks.add(entry);
  return tasks;
}

/** Tells a loop by what it has: importing its class would go round in a circle, since `event-loop.ts` asks for tasks by this file. */
function checkHasTasks(loop: EventLoop): void {
  if (loop?._scheduler instanceof Scheduler && loop._currentTask !== undefined) return;
  throw typeError("ERR_NOT_A_LOOP", `an EventLoop is required, not ${describe(loop)}`);
}

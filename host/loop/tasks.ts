/**
 * Which tasks there are.
 *
 * Owns: asking a loop for its tasks. Does not own: the tasks (`futures/task.ts`), where they are kept (`scheduler/scheduler.ts`).
 *
 * CPython 3.11, tasks.py `current_task` and `all_tasks`.
 */
import { asyncTask } from "../futures/awaiting.js";
import { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";

/** The task that runs right now on a loop, this thread's running one by default; null in a plain callback. */
export function currentTask(loop: EventLoop = getRunningLoop()): Task<unknown> | null {
  if (loop._currentTask !== null) return loop._currentTask;
  const task = asyncTask();
  return task instanceof Task && task._loop === loop ? task : null;
}

/** The tasks of a loop, this thread's running one by default, that have not ended. */
export function allTasks(loop: EventLoop = getRunningLoop()): Set<Task<unknown>> {
  const tasks = new Set<Task<unknown>>();
  for (const entry of loop._scheduler.entries()) if (entry instanceof Task) tasks.add(entry);
  return tasks;
}

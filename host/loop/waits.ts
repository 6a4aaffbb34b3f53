/**
 * Who waits for whom, one step at a time.
 *
 * Owns: following futures of `gather`, `wait`, `shield` and task groups between a task and the next; how a task reads in a text.
 *
 * Does not own: what a single future waits for (`futures/pending-parts.ts`), whole graphs (`call-graph.ts`) and trees
 * (`task-tree.ts`). Nothing is noted while tasks run: all is found out when somebody asks.
 */
import type { Future } from "../futures/future.js";
import { pendingPartsOf } from "../futures/pending-parts.js";
import { Task } from "../futures/task.js";
import type { StackFrame } from "../scheduler/user-frames.js";
import { textOf } from "../show.js";

/** The next tasks that a task waits for. */
export function tasksBelow(task: Task): Task[] {
  return nextTasks(task as Future, pendingPartsOf);
}

/** For each future that some of the tasks wait for those that wait for it, be they tasks or not. */
export function waitersOf(tasks: Iterable<Task>): Map<Future, Set<Future>> {
  const waiters = new Map<Future, Set<Future>>();
  // The loop also visits what is added to the set meanwhile. Each future is looked at once, so that thousands may wait
  // for the same thousands.
  const found = new Set<Future>(tasks as Iterable<Future>);
  for (const one of found) {
    for (const part of pendingPartsOf(one)) {
      found.add(part);
      const others = waiters.get(part);
      if (others === undefined) waiters.set(part, new Set([one]));
      else others.add(one);
    }
  }
  return waiters;
}

/** The tasks that are met first on the way from a future on. */
export function nextTasks(from: Future, stepsFrom: (future: Future) => Iterable<Future>): Task[] {
  const tasks: Task[] = [];
  const found = new Set<Future>(stepsFrom(from));
  for (const one of found) {
    if (one instanceof Task) tasks.push(one);
    else for (const next of stepsFrom(one)) found.add(next);
  }
  return tasks;
}

/** A task's name and that of its function; the text of any other future. */
export function labelOf(future: Future): string {
  if (!(future instanceof Task)) return textOf(future);
  const { _bodyName: body, _safeName: name } = future;
  return body === "" ? name : `${name} (${body})`;
}

/** Where a frame is. */
export function placeOf({ fileName, lineNumber, columnNumber }: StackFrame): string {
  return `${fileName}:${lineNumber}:${columnNumber}`;
}

/**
 * All tasks, and what they wait for, as text.
 *
 * Owns: the order of the tree, and how much of it an error tells.
 *
 * Does not own: who waits for whom (`waits.ts`).
 *
 * From: CPython 3.14, `python -m asyncio pstree`.
 */
import { checkFile, checkOptions } from "../arguments.js";
import type { Future } from "../futures/future.js";
import { pendingPartsOf } from "../futures/pending-parts.js";
import type { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";
import { allTasks } from "./tasks.js";
import { labelOf, placeOf, tasksBelow, waitersOf } from "./waits.js";

/** How many lines of the tree the message of an error has. */
const SUMMARY_LINES = 20;

/** What `printTaskTree` takes. */
export interface PrintTreeOptions {
  /** Where to; `process.stdout` by default. */
  file?: { write(text: string): unknown };
}

/**
 * All tasks of a loop, this thread's running one by default, as text: below each task those that it waits for. In debug
 * mode each has the place where it waits.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`; TypeError `ERR_NOT_A_LOOP`
 */
export function formatTaskTree(loop: EventLoop = getRunningLoop()): string {
  return treeLines(loop, Number.POSITIVE_INFINITY).join("\n");
}

/** Writes what `formatTaskTree` answers. @throws as `formatTaskTree`; TypeError `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE` */
export function printTaskTree(loop: EventLoop = getRunningLoop(), options: PrintTreeOptions = {}): void {
  checkOptions("printTaskTree", options, ["file"]);
  const { file = process.stdout } = options;
  checkFile(file).write(`${formatTaskTree(loop)}\n`);
}

/** The first lines of the tree, for the message of an error; "" if there are no tasks. */
export function summarizeTasks(loop: EventLoop): string {
  return treeLines(loop, SUMMARY_LINES).join("\n");
}

/** A task of the tree that is to be shown, with what stands before its line and before those below it. */
interface Branch {
  readonly task: Task;
  readonly before: string;
  readonly below: string;
}

function treeLines(loop: EventLoop, linesMax: number): string[] {
  const tasks = [...allTasks(loop)];
  const awaited = waitersOf(tasks);
  const roots = tasks.filter((task) => !awaited.has(task as Future));
  const shown = new Set<Task>();
  const lines: string[] = [];
  // Tasks that no root leads to wait for each other in a ring: they come after the roots.
  for (const root of [...roots, ...tasks]) {
    // No recursion, because a chain of tasks may be longer than the stack.
    const toShow: Branch[] = shown.has(root) ? [] : [{ task: root, before: "", below: "" }];
    for (let branch = toShow.pop(); branch !== undefined; branch = toShow.pop()) {
      const { task, before, below } = branch;
      if (lines.length === linesMax) return [...lines, `… ${tasks.length - shown.size} tasks more`];
      const isNew = !shown.has(task);
      const parts = isNew ? tasksBelow(task) : [];
      const rest = isNew ? whereOf(task, parts.length === 0) : ", as above";
      lines.push(`${before}${labelOf(task as Future)}${rest}`);
      shown.add(task);
      for (let index = parts.length - 1; index >= 0; index--) {
        toShow.push(branchOf(parts[index] as Task, below, index === parts.length - 1));
      }
    }
  }
  return lines;
}

function branchOf(task: Task, indent: string, isLast: boolean): Branch {
  return { task, before: `${indent}${isLast ? "└─ " : "├─ "}`, below: `${indent}${isLast ? "   " : "│  "}` };
}

function whereOf(task: Task, isLeaf: boolean): string {
  const [innermost] = task.getStack({ limit: 1 });
  const place = innermost === undefined ? "" : ` at ${placeOf(innermost)}`;
  const [part] = isLeaf ? pendingPartsOf(task as Future) : [];
  return part === undefined ? place : `${place}, waits for ${part._kind}`;
}

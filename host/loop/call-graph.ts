/**
 * Who waits for whom.
 *
 * Owns: finding the tasks that wait for a future, and those that a task waits for, be it through futures of `gather`, `wait`, `shield` and
 * task groups; showing both as text.
 *
 * Does not own: what a single future waits for (`Future._parts`), the stacks of tasks (`futures/stack.ts`). Nothing is noted while tasks run: all is
 * found out when somebody asks.
 *
 * CPython 3.14, asyncio/graph.py, and `python -m asyncio pstree` for the tree. Differs: the stacks are known in debug mode only; a call graph goes on
 * where a task waits for itself.
 */
import { FutureState } from "../../assembly/abi.js";
import { checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import { Future } from "../futures/future.js";
import { kindOf } from "../futures/future-text.js";
import { checkStackOptions, type StackOptions } from "../futures/stack.js";
import { Task } from "../futures/task.js";
import type { StackFrame } from "../scheduler/user-frames.js";
import { textOf } from "../show.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";
import { allTasks, currentTask } from "./tasks.js";

/** How many lines of the tree the message of an error has. */
const SUMMARY_LINES = 20;

/** A future, and all that wait for it. */
export interface FutureCallGraph {
  readonly future: Future;
  /** Where it is, if it is a task: as `task.getStack()`. */
  readonly callStack: readonly StackFrame[];
  readonly awaitedBy: readonly FutureCallGraph[];
}

/** What `printTaskTree` takes. */
export interface PrintTreeOptions {
  /** Where to; `process.stdout` by default. */
  file?: { write(text: string): unknown };
}

/** What `printCallGraph` takes. */
export interface PrintGraphOptions extends StackOptions, PrintTreeOptions {}

/**
 * The tasks that wait for a future, those that wait for these, and so on, each with where it is.
 *
 * @param future the current task by default
 * @returns null if there is no current task
 * @throws TypeError `ERR_NOT_A_FUTURE`, as `task.getStack`; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function captureCallGraph(future?: Future | null, options: StackOptions = {}): FutureCallGraph | null {
  checkStackOptions("captureCallGraph", options, ["limit"]);
  const start = future ?? currentTask();
  if (start === null) return null;
  if (!(start instanceof Future)) {
    throw typeError("ERR_NOT_A_FUTURE", `a Future or a Task is required, not ${describe(start)}`);
  }
  const tasks = [...allTasks(start.getLoop())];
  const partsOf = new Map(tasks.map((task) => [task, new Set(within(task))]));
  const graphOf = (one: Future, path: readonly Future[]): FutureCallGraph => {
    const waiting = tasks.filter((task) => partsOf.get(task)?.has(one) && !path.includes(task));
    return {
      future: one,
      callStack: one instanceof Task ? one.getStack(options) : [],
      awaitedBy: waiting.map((task) => graphOf(task as Future, [...path, one])),
    };
  };
  return graphOf(start, [start]);
}

/**
 * What `captureCallGraph` answers as text, who waits below what it waits for.
 *
 * @returns "" if there is no current task
 * @throws as `captureCallGraph`
 */
export function formatCallGraph(future?: Future | null, options: StackOptions = {}): string {
  const graph = captureCallGraph(future, options);
  return graph === null ? "" : graphLines(graph).join("\n");
}

/** Writes what `formatCallGraph` answers. @throws as `captureCallGraph` */
export function printCallGraph(future?: Future | null, options: PrintGraphOptions = {}): void {
  checkOptions("printCallGraph", options, ["limit", "file"]);
  const { file = process.stdout, limit = null } = options;
  file.write(`${formatCallGraph(future, { limit })}\n`);
}

/**
 * All tasks of a loop, this thread's running one by default, as text: below each task those that it waits for. In debug mode each has the place where
 * it waits.
 *
 * @throws RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function formatTaskTree(loop: EventLoop = getRunningLoop()): string {
  return treeLines(loop, Number.POSITIVE_INFINITY).join("\n");
}

/** Writes what `formatTaskTree` answers. @throws as `formatTaskTree`; TypeError `ERR_UNKNOWN_OPTION` */
export function printTaskTree(loop: EventLoop = getRunningLoop(), options: PrintTreeOptions = {}): void {
  checkOptions("printTaskTree", options, ["file"]);
  const { file = process.stdout } = options;
  file.write(`${formatTaskTree(loop)}\n`);
}

/** The first lines of the tree, for the message of an error; "" if there are no tasks. */
export function summarizeTasks(loop: EventLoop): string {
  return treeLines(loop, SUMMARY_LINES).join("\n");
}

/** What a task waits for, down to the next tasks and to futures that are no more than that. */
function within(task: Task): Future[] {
  const found = new Set<Future>();
  const add = (parts: Iterable<Future>): void => {
    for (const part of parts) if (part._state === FutureState.Pending) found.add(part);
  };
  add(task._parts);
  // A set that grows while it is gone through is gone through to its end.
  for (const part of found) if (!(part instanceof Task)) add(part._parts);
  return [...found];
}

function graphLines(graph: FutureCallGraph): string[] {
  const lines = [`* ${labelOf(graph.future)}`];
  if (graph.callStack.length > 0)
    lines.push("  + Call stack:", ...graph.callStack.map((frame) => `  |   ${frameText(frame)}`));
  if (graph.awaitedBy.length > 0) {
    lines.push("  + Awaited by:");
    for (const waiting of graph.awaitedBy) lines.push(...graphLines(waiting).map((line) => `     ${line}`));
  }
  return lines;
}

/** A task of the tree that is to be shown, with what stands before its line and before those below it. */
interface Branch {
  readonly task: Task;
  readonly before: string;
  readonly below: string;
}

function treeLines(loop: EventLoop, linesMax: number): string[] {
  const tasks = [...allTasks(loop)];
  const waiting = new Map(tasks.map((task) => [task, within(task).filter((part) => part instanceof Task)]));
  const awaited = new Set([...waiting.values()].flat());
  const roots = tasks.filter((task) => !awaited.has(task));
  const shown = new Set<Task>();
  const lines: string[] = [];
  // Those that no root leads to wait for each other in a ring.
  for (const root of [...roots, ...tasks]) {
    // No recursion, because a chain of tasks may be longer than the stack.
    const toShow: Branch[] = shown.has(root) ? [] : [{ task: root, before: "", below: "" }];
    for (let branch = toShow.pop(); branch !== undefined; branch = toShow.pop()) {
      const { task, before, below } = branch;
      if (lines.length === linesMax) return [...lines, `… ${tasks.length - shown.size} tasks more`];
      const parts = waiting.get(task) ?? [];
      lines.push(
        `${before}${labelOf(task as Future)}${shown.has(task) ? ", as above" : whereOf(task, parts.length === 0)}`,
      );
      if (shown.has(task)) continue;
      shown.add(task);
      toShow.push(...parts.map((part, index) => branchOf(part, below, index === parts.length - 1)).reverse());
    }
  }
  return lines;
}

function branchOf(task: Task, indent: string, isLast: boolean): Branch {
  return { task, before: `${indent}${isLast ? "└─ " : "├─ "}`, below: `${indent}${isLast ? "   " : "│  "}` };
}

function labelOf(future: Future): string {
  if (!(future instanceof Task)) return textOf(future);
  const { _bodyName: body, _safeName: name } = future;
  return body === "" ? name : `${name} (${body})`;
}

function whereOf(task: Task, isLeaf: boolean): string {
  const [innermost] = task.getStack({ limit: 1 });
  const place = innermost === undefined ? "" : ` at ${placeOf(innermost)}`;
  const [part] = isLeaf ? task._parts : [];
  return part === undefined ? place : `${place}, waits for ${kindOf(part)}`;
}

function frameText(frame: StackFrame): string {
  return frame.functionName === "" ? placeOf(frame) : `${frame.functionName} (${placeOf(frame)})`;
}

function placeOf({ fileName, lineNumber, columnNumber }: StackFrame): string {
  return `${fileName}:${lineNumber}:${columnNumber}`;
}

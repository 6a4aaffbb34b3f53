/**
 * The tasks that wait for a future, those that wait for these, and so on.
 *
 * Owns: call graphs, as data and as text.
 *
 * Does not own: who waits for whom (`waits.ts`), the stacks of tasks (`futures/stack.ts`).
 *
 * From: CPython 3.14, asyncio/graph.py. Differs: the stacks are known in debug mode only; a call graph ends where tasks
 * wait for each other in a ring; a task that is met on several ways is one object, and written out once.
 */
import { checkFile, checkOptions } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import { Future } from "../futures/future.js";
import { checkStackOptions, type StackOptions } from "../futures/stack.js";
import { Task } from "../futures/task.js";
import type { StackFrame } from "../scheduler/user-frames.js";
import type { PrintTreeOptions } from "./task-tree.js";
import { allTasks, currentTask } from "./tasks.js";
import { labelOf, nextTasks, placeOf, waitersOf } from "./waits.js";

/** A future, and all that wait for it. */
export interface FutureCallGraph {
  readonly future: Future;
  /** Where it is, if it is a task: as `task.getStack()`. */
  readonly callStack: readonly StackFrame[];
  /** A task that is met on several ways is one object, unless it is in a ring of tasks that wait for each other. */
  readonly awaitedBy: readonly FutureCallGraph[];
}

/** What `printCallGraph` takes. */
export interface PrintGraphOptions extends StackOptions, PrintTreeOptions {}

/** A graph that is being made. */
interface Draft {
  readonly graph: FutureCallGraph & { readonly awaitedBy: FutureCallGraph[] };
  /** Who waits for it, and is not looked at yet; the next one last. */
  readonly left: Task[];
  /** Whether nobody was left out. */
  isWhole: boolean;
}

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
  return graphFrom(start, options);
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

/** Writes what `formatCallGraph` answers. @throws as `captureCallGraph`; TypeError `ERR_INVALID_ARG_TYPE` */
export function printCallGraph(future?: Future | null, options: PrintGraphOptions = {}): void {
  checkOptions("printCallGraph", options, ["limit", "file"]);
  const { file = process.stdout, limit = null } = options;
  checkFile(file).write(`${formatCallGraph(future, { limit })}\n`);
}

/** No recursion, because a chain of tasks may be longer than the stack. */
function graphFrom(start: Future, options: StackOptions): FutureCallGraph {
  const tasks = [...allTasks(start.getLoop())];
  const order = new Map(tasks.map((task, index) => [task, index]));
  const waiters = waitersOf(tasks);
  const draftOf = (future: Future): Draft => {
    const left = nextTasks(future, (one) => waiters.get(one) ?? []);
    left.sort((one, other) => Number(order.get(other)) - Number(order.get(one)));
    const callStack = future instanceof Task ? future.getStack(options) : [];
    return { graph: { future, callStack, awaitedBy: [] }, left, isWhole: true };
  };
  const whole = new Map<Future, FutureCallGraph>();
  const first = draftOf(start);
  const drafts = [first];
  const underWay = new Set<Future>([start]);
  for (let draft: Draft | undefined = first; draft !== undefined; draft = drafts.at(-1)) {
    const next = draft.left.pop() as Future | undefined;
    if (next === undefined) {
      drafts.pop();
      finish(draft, drafts.at(-1));
      continue;
    }
    const known = whole.get(next);
    if (known !== undefined) draft.graph.awaitedBy.push(known);
    else if (underWay.has(next)) draft.isWhole = false;
    else {
      underWay.add(next);
      drafts.push(draftOf(next));
    }
  }
  return first.graph;

  function finish({ graph, isWhole }: Draft, waitedFor: Draft | undefined): void {
    underWay.delete(graph.future);
    if (isWhole) whole.set(graph.future, graph);
    if (waitedFor === undefined) return;
    waitedFor.graph.awaitedBy.push(graph);
    if (!isWhole) waitedFor.isWhole = false;
  }
}

function graphLines(graph: FutureCallGraph): string[] {
  const lines: string[] = [];
  const shown = new Set<FutureCallGraph>();
  const toShow = [{ graph, indent: "" }];
  for (let next = toShow.pop(); next !== undefined; next = toShow.pop()) {
    const { indent } = next;
    const { future, callStack, awaitedBy } = next.graph;
    const label = `${indent}* ${labelOf(future)}`;
    if (shown.has(next.graph)) {
      lines.push(`${label}, as above`);
      continue;
    }
    shown.add(next.graph);
    lines.push(label);
    if (callStack.length > 0) lines.push(`${indent}  + Call stack:`);
    for (const frame of callStack) lines.push(`${indent}  |   ${textOf(frame)}`);
    if (awaitedBy.length > 0) lines.push(`${indent}  + Awaited by:`);
    for (const waiting of [...awaitedBy].reverse()) toShow.push({ graph: waiting, indent: `${indent}     ` });
  }
  return lines;
}

function textOf(frame: StackFrame): string {
  return frame.functionName === "" ? placeOf(frame) : `${frame.functionName} (${placeOf(frame)})`;
}

/**
 * Where tasks wait: their stacks, in debug mode.
 *
 * A generator that waits has no stack that could be asked for, nor has an async function. Both have one in the moment in which they come to
 * wait, so that is when it is taken down.
 *
 * Owns: the stack of each task that waits; that an `await` is noticed while the function that waits is on the stack; telling of stacks.
 *
 * Does not own: which frames are the user's (`scheduler/user-frames.ts`), whether a task still waits (`task.ts`).
 *
 * From: CPython 3.13, base_tasks.py `_task_get_stack` and `_task_print_stack`. Differs: the innermost frame comes
 * first, as in JavaScript's stacks.
 */
import { checkFile, checkInteger, checkOptions } from "../arguments.js";
import { frameOf, type StackFrame, userFrames, userFramesIn } from "../scheduler/user-frames.js";
import { attempt } from "../show.js";
import { asyncTask } from "./awaiting.js";
import type { Task } from "./task.js";

/** What `getStack` takes. */
export interface StackOptions {
  /** How many frames at the most: the innermost ones of a stack, the outermost ones of an exception. Null, the default, for all that are known. */
  limit?: number | null;
}

/** What `printStack` takes. */
export interface PrintStackOptions extends StackOptions {
  /** Where to; `process.stderr` by default. */
  file?: { write(text: string): unknown };
}

/**
 * For each task the lines of the stacks with which it came to wait, by what it waits for; by itself where it gives up a
 * turn. An async function may wait for several things at a time, and look at others without waiting for them.
 */
const stacks = new WeakMap<object, WeakMap<object, readonly string[]>>();

/** A task comes to wait for a future here. */
export function noteWait(task: object | null, future: object): void {
  if (task === null) return;
  const own = stacks.get(task) ?? new WeakMap<object, readonly string[]>();
  stacks.set(task, own.set(future, userFrames()));
}

/** A task gives up a turn here. */
export function noteTurn(task: object | null): void {
  if (task !== null) noteWait(task, task);
}

/** A task has its next turn. */
export function forgetTurn(task: object): void {
  stacks.get(task)?.delete(task);
}

/**
 * Notes every `await` of a future. It reads `then` at once, and calls it from a microtask, in which the function that
 * waits is not on the stack.
 */
export function noteAwaits(future: PromiseLike<unknown>): void {
  const { then } = future;
  const get = (): typeof then => {
    noteWait(asyncTask(), future);
    return then;
  };
  // Without debug mode it can be replaced too.
  const set = (value: unknown): void => {
    // biome-ignore lint/suspicious/noThenProperty: as below
    Object.defineProperty(future, "then", { value, configurable: true, enumerable: true, writable: true });
  };
  // biome-ignore lint/suspicious/noThenProperty: it has one already
  Object.defineProperty(future, "then", { get, set, configurable: true });
}

/** What `task.getStack` answers. */
export function stackOf(task: Task, options: StackOptions): StackFrame[] {
  return linesOf(task, "getStack", options, ["limit"]).map(frameOf);
}

/** What `task.printStack` does. */
export function printStackOf(task: Task, options: PrintStackOptions): void {
  const lines = linesOf(task, "printStack", options, ["limit", "file"]);
  const { file = process.stderr } = options;
  checkFile(file).write(`${titleOf(task, lines)}\n${lines.map((line) => `${line}\n`).join("")}`);
}

/**
 * Answers the limit that was passed, or null.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`; ValueError `ERR_OUT_OF_RANGE`
 */
export function checkStackOptions(call: string, options: StackOptions, known: readonly string[]): number | null {
  checkOptions(call, options, known);
  const { limit = null } = options;
  return limit === null ? null : checkInteger("The limit", limit, 0, Number.MAX_SAFE_INTEGER);
}

function titleOf(task: Task, lines: readonly string[]): string {
  if (lines.length > 0) return `${task._failed ? "Traceback" : "Stack"} for ${task}, innermost frame first:`;
  const hint = task.done() || task._scheduler.debug ? "" : ": it is taken down in debug mode only";
  return `No stack for ${task}${hint}`;
}

function linesOf(task: Task, call: string, options: StackOptions, known: readonly string[]): readonly string[] {
  const limit = checkStackOptions(call, options, known);
  if (task.done()) {
    const lines = task._failed ? attempt(() => linesIn(task._exception as Error), []) : [];
    return limit === null ? lines : lines.slice(Math.max(lines.length - limit, 0));
  }
  const lines = isRunning(task) ? userFrames() : waitOf(task);
  return limit === null ? lines : lines.slice(0, limit);
}

/** The lines of the stack of an exception, which may be anything that can be thrown. */
function linesIn({ stack, message }: Error): readonly string[] {
  const text = String(stack);
  // A message may have lines that look like those of a stack.
  const start = text.indexOf(String(message));
  return userFramesIn(start < 0 ? text : text.slice(start + String(message).length));
}

/** The lines of the stack with which a task came to wait; none if that was not in debug mode. */
function waitOf(task: Task): readonly string[] {
  const own = stacks.get(task);
  let lines = own?.get(task) ?? [];
  for (const part of task._parts) lines = own?.get(part) ?? lines;
  return lines;
}

function isRunning(task: Task): boolean {
  const { _currentTask: stepped } = task._loop;
  return stepped === null ? asyncTask() === task : stepped === task;
}

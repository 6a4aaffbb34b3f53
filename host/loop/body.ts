/**
 * Functions that run between a beginning and an end of ours: with a lock, with a time limit, with a group of tasks.
 *
 * Owns: starting one inside a task, whichever kind of coroutine it makes.
 */
import { describe, typeError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import { keepResult } from "../futures/late-cancellation.js";
import type { Task } from "../futures/task.js";
import type { EventLoop } from "./event-loop.js";

/** A generator function, an async function, or one that returns a future. */
export type Body<T, A extends unknown[] = []> = (...args: A) => Coroutine<T> | PromiseLike<T>;

/** @throws TypeError `ERR_NOT_CALLABLE` */
export function checkBody(body: unknown): void {
  if (typeof body === "function") return;
  const hint = "pass the generator function or the async function itself, and not what a call of it returns";
  throw typeError("ERR_NOT_CALLABLE", `the body must be a function, not ${describe(body)}: ${hint}`);
}

/**
 * What to `yield*` so that a body runs to its end. A generator function answers its generator, which steps in the task that runs it. Any
 * other function gets a task of its own, whose first step comes before whatever is scheduled after this call.
 */
export function startBody<T, A extends unknown[]>(
  loop: EventLoop,
  body: Body<T, A>,
  ...args: A
): Coroutine<T> | Task<T> {
  return isGeneratorFunction<T, A>(body) ? body(...args) : keepResult(loop.createTask<T>(() => body(...args)));
}

function isGeneratorFunction<T, A extends unknown[]>(body: Body<T, A>): body is (...args: A) => Coroutine<T> {
  return Object.prototype.toString.call(body) === "[object GeneratorFunction]";
}

/**
 * Functions that run between a beginning and an end of ours: with a lock, with a time limit, with a group of tasks.
 *
 * Owns: running one inside a task, whichever kind of coroutine it makes.
 */
import { describe, typeError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import type { EventLoop } from "./event-loop.js";

/** A generator function, an async function, or one that returns a future. */
export type Body<T, A extends unknown[] = []> = (...args: A) => Coroutine<T> | PromiseLike<T>;

/** @throws TypeError `ERR_NOT_CALLABLE` */
export function checkBody(body: unknown): void {
  if (typeof body === "function") return;
  const hint = "pass the generator function or the async function itself, and not what a call of it returns";
  throw typeError("ERR_NOT_CALLABLE", `the body must be a function, not ${describe(body)}: ${hint}`);
}

/** Runs a body to its end. A generator steps in the task that runs this; anything else is a task of its own, which this one awaits. */
export function* runBody<T, A extends unknown[]>(loop: EventLoop, body: Body<T, A>, ...args: A): Coroutine<T> {
  if (isGeneratorFunction<T, A>(body)) return yield* body(...args);
  return yield* loop.createTask<T>(() => body(...args));
}

function isGeneratorFunction<T, A extends unknown[]>(body: Body<T, A>): body is (...args: A) => Coroutine<T> {
  return Object.prototype.toString.call(body) === "[object GeneratorFunction]";
}

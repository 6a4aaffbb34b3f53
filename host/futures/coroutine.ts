/**
 * What can be awaited, and how to tell.
 *
 * Owns: the types of coroutines and awaitables, and the tests for them.
 */
import type { Future } from "./future.js";

/** A generator that yields the futures it waits for. A bare `yield` gives up one iteration. */
// biome-ignore lint/suspicious/noExplicitAny: each yield has a type of its own, which `yield*` gives it
export type Coroutine<T> = Generator<Future<any> | undefined, T, any>;

/** Anything that a loop can run to its end. */
export type Awaitable<T> = Future<T> | Coroutine<T> | PromiseLike<T>;

/** What an awaitable comes to. */
export type ResultOf<A> = A extends Awaitable<infer T> ? T : never;

/** An awaitable, or a function that makes one. */
export type Main<T> = Awaitable<T> | (() => Awaitable<T>);

/** Whether it is a generator object. */
export function isCoroutine<T>(value: unknown): value is Coroutine<T> {
  return Object.prototype.toString.call(value) === "[object Generator]";
}

/** Whether a loop can run it to its end. */
export function isAwaitable<T>(value: unknown): value is Awaitable<T> {
  return isCoroutine(value) || isPromiseLike(value);
}

/** Whether it has a `then`. */
export function isPromiseLike<T>(value: unknown): value is PromiseLike<T> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

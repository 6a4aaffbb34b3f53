/**
 * Calls: what a handle runs. A function by itself, or one with arguments.
 *
 * Owns: the arguments, the context in which it runs, and how it is described.
 *
 * Does not own: when it runs (the core), whether it still may (`handle.ts`). Most calls have no arguments, so a handle refers to one
 * thing instead of two: handles that live through a collection are copied by it, byte by byte.
 */
import type { AsyncResource } from "node:async_hooks";
import { isCoroutineFunction } from "../arguments.js";
import { describe, typeError } from "../errors.js";
import { nameOf, show } from "../show.js";
import { captureContext, emptyContext, followsContext } from "./context.js";

/** Any function that a loop may call. */
// biome-ignore lint/suspicious/noExplicitAny: a callback's parameters are its caller's business
export type Callback = (...args: any[]) => unknown;

/** A function, and what to call it with. It has captured no stores, as nobody had set any when it was made. */
export class BoundCall {
  readonly callback: Callback;
  readonly args: readonly unknown[];

  constructor(callback: Callback, args: readonly unknown[]) {
    this.callback = callback;
    this.args = args;
  }

  /** Calls it in its context. */
  run(): void {
    if (followsContext()) emptyContext().runInAsyncScope(this.call, this);
    else this.call();
  }

  /** Calls something else in its context. */
  runOther(other: () => void): void {
    if (followsContext()) emptyContext().runInAsyncScope(other);
    else other();
  }

  /** Calls it where it is. */
  call(): void {
    const { callback, args } = this;
    if (args.length === 1) callback(args[0]);
    else callback(...args);
  }
}

/** A call that sees the stores that are current where it runs. */
class LocalCall extends BoundCall {
  override run(): void {
    this.call();
  }

  override runOther(other: () => void): void {
    other();
  }
}

/** A call that sees the stores that were current where it was made. */
class ContextCall extends BoundCall {
  readonly #context: AsyncResource;

  constructor(callback: Callback, args: readonly unknown[], context: AsyncResource) {
    super(callback, args);
    this.#context = context;
  }

  override run(): void {
    this.#context.runInAsyncScope(this.call, this);
  }

  override runOther(other: () => void): void {
    this.#context.runInAsyncScope(other);
  }
}

export type Call = Callback | BoundCall;

/**
 * A call of `callback` with `args`, in the current context. The arguments are spread twice, so that V8 makes an array
 * only where there are any.
 */
export function callOf(callback: Callback, ...args: unknown[]): Call {
  return args.length === 0 && !followsContext() ? callback : bind(callback, ...args);
}

function bind(callback: Callback, ...args: unknown[]): BoundCall {
  return boundCall(callback, args, captureContext());
}

/**
 * A call of `callback` with `args`.
 *
 * @param context the one that was captured; null if there was nothing to capture; undefined to run in whatever is current then
 */
export function boundCall(
  callback: Callback,
  args: readonly unknown[],
  context: AsyncResource | null | undefined,
): BoundCall {
  if (context === undefined) return new LocalCall(callback, args);
  return context === null ? new BoundCall(callback, args) : new ContextCall(callback, args, context);
}

/** Runs a bare function, which has captured nothing. */
export function runBare(callback: Callback): void {
  if (followsContext()) emptyContext().runInAsyncScope(callback);
  else callback();
}

/** @throws TypeError `ERR_NOT_CALLABLE` */
export function checkCall(call: Call): void {
  const callback = call instanceof BoundCall ? call.callback : call;
  if (typeof callback !== "function") {
    throw typeError("ERR_NOT_CALLABLE", `the callback must be a function, not ${describe(callback)}`);
  }
}

/** @throws TypeError `ERR_COROUTINE_CALLBACK` */
export function checkNotCoroutine(callback: unknown, method: string): void {
  if (!isCoroutineFunction(callback)) return;
  throw typeError(
    "ERR_COROUTINE_CALLBACK",
    `coroutines cannot be used with ${method}(): pass a plain function, or use createTask()`,
  );
}

const partials = new WeakMap<Callback, BoundCall>();

/**
 * Binds arguments to a function, so that debug messages show them.
 *
 * @returns a function that calls `callback` with `args` before its own arguments
 * @throws TypeError `ERR_NOT_CALLABLE`
 */
export function partial<R>(callback: (...args: never[]) => R, ...args: unknown[]): (...rest: unknown[]) => R {
  checkCall(callback as Callback);
  const bound = (...rest: unknown[]): R => (callback as (...all: unknown[]) => R)(...args, ...rest);
  partials.set(bound, new BoundCall(callback as Callback, args));
  return bound;
}

/** Says what a call will be: `tick(1, 'a')`. */
export function describeCall(call: Call | null): string | null {
  if (call === null) return null;
  const { callback, args } = call instanceof BoundCall ? call : { callback: call, args: [] };
  const inner = partials.get(callback);
  if (inner !== undefined) return describeCall(new BoundCall(inner.callback, [...inner.args, ...args]));
  const shown = args.map((arg) => show(arg, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 }));
  return `${nameOf(callback) || "(anonymous)"}(${shown.join(", ")})`;
}

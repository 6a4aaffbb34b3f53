/**
 * Handles: callbacks that wait to be run.
 *
 * Owns: a callback, its arguments, and whether it was cancelled. What has run or was cancelled holds on to neither callback nor arguments.
 *
 * Does not own: when it runs (the core).
 *
 * CPython 3.11, events.py `Handle` and `TimerHandle`.
 */
import { inspect } from "node:util";
import type { Scheduler } from "./scheduler.js";

/** Any function that a loop may call. */
// biome-ignore lint/suspicious/noExplicitAny: a callback's parameters are its caller's business
export type Callback = (...args: any[]) => unknown;

const NO_ARGUMENTS: readonly unknown[] = [];

/** A callback that the loop will run: what `callSoon` and `callSoonThreadsafe` return. */
export class Handle {
  /** @internal */ readonly _scheduler: Scheduler;
  /** @internal The core's id of it; 0 once it has run or was cancelled. */ _id: number;
  /** @internal */ _callback: Callback | null;
  /** @internal */ _args: readonly unknown[];
  /** @internal Whether it runs again and again, as a watch does. */ readonly _repeats: boolean;
  /** @internal Where it was made, in debug mode. */ _source: string | null = null;
  #cancelled = false;
  #description: string | null = null;

  /** @internal */
  constructor(scheduler: Scheduler, callback: Callback, args: readonly unknown[], id: number, repeats: boolean) {
    this._scheduler = scheduler;
    this._callback = callback;
    this._args = args;
    this._id = id;
    this._repeats = repeats;
  }

  /** Sees to it that the callback does not run. Has no effect when it has run or was cancelled already. */
  cancel(): void {
    if (this.#cancelled || this._id === 0) return;
    this._scheduler.cancelHandle(this);
    this._retire();
  }

  /** Whether it was cancelled before it ran. */
  cancelled(): boolean {
    return this.#cancelled;
  }

  /** @internal Marks it as cancelled and lets go of the callback. */
  _retire(): void {
    if (this._scheduler.debug) this.#description = describeCall(this._callback, this._args);
    this.#cancelled = true;
    this._forget();
  }

  /** @internal Lets go of the callback and its arguments. */
  _forget(): void {
    this._id = 0;
    this._callback = null;
    this._args = NO_ARGUMENTS;
  }

  /** Such as `<Handle tick(1)>`, with where it was made in debug mode. */
  toString(): string {
    return `<${this._words().join(" ")}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal */
  _words(): string[] {
    const words = [this.constructor.name];
    if (this.#cancelled) words.push("cancelled");
    const description = this.#description ?? describeCall(this._callback, this._args);
    if (description !== null) words.push(description);
    if (this._source !== null) words.push(`created at ${this._source}`);
    return words;
  }
}

/** A callback that the loop will run at a certain time: what `callLater` and `callAt` return. */
export class TimerHandle extends Handle {
  readonly #when: number;

  /** @internal */
  constructor(scheduler: Scheduler, callback: Callback, args: readonly unknown[], id: number, when: number) {
    super(scheduler, callback, args, id, false);
    this.#when = when;
  }

  /** When the callback is due, in seconds of `loop.time()`. Stays true after it has run. */
  when(): number {
    return this.#when;
  }

  /** @internal */
  override _words(): string[] {
    const words = super._words();
    words.splice(1, 0, `when=${this.#when}`);
    return words;
  }
}

const partials = new WeakMap<Callback, { readonly callback: Callback; readonly args: readonly unknown[] }>();

/**
 * Binds arguments to a function, so that debug messages show them.
 *
 * @returns a function that calls `callback` with `args` before its own arguments
 */
export function partial<R>(callback: (...args: never[]) => R, ...args: unknown[]): (...rest: unknown[]) => R {
  const bound = (...rest: unknown[]): R => (callback as (...all: unknown[]) => R)(...args, ...rest);
  partials.set(bound, { callback: callback as Callback, args });
  return bound;
}

/** Says what a call will be: `tick(1, 'a')`. */
export function describeCall(callback: Callback | null, args: readonly unknown[]): string | null {
  if (callback === null) return null;
  const inner = partials.get(callback);
  if (inner !== undefined) return describeCall(inner.callback, [...inner.args, ...args]);
  const shown = args.map((arg) => inspect(arg, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 }));
  return `${callback.name || "(anonymous)"}(${shown.join(", ")})`;
}

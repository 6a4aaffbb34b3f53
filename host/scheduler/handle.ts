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
import { callSite } from "./source.js";

/** Any function that a loop may call. */
// biome-ignore lint/suspicious/noExplicitAny: a callback's parameters are its caller's business
export type Callback = (...args: any[]) => unknown;

const NO_ARGUMENTS: readonly unknown[] = [];

/** What debug mode notes of a handle: beside it, so that a handle stays small. */
interface Note {
  /** Where it was made. */
  readonly source: string | null;
  /** What it would have called, once it was cancelled. */
  description: string | null;
}

const notes = new WeakMap<Handle, Note>();

/** The `_id` of a handle that has run. */
const RAN = 0;
/** The `_id` of a handle that was cancelled. */
const CANCELLED = -1;

/** A callback that the loop will run: what `callSoon` and `callSoonThreadsafe` return. */
export class Handle {
  /** @internal */ readonly _scheduler: Scheduler;
  /** @internal The core's id of it, RAN or CANCELLED. */ _id: number;
  /** @internal */ _callback: Callback | null;
  /** @internal */ _args: readonly unknown[];

  /** @internal */
  constructor(scheduler: Scheduler, callback: Callback, args: readonly unknown[], id: number) {
    this._scheduler = scheduler;
    this._id = id;
    this._callback = callback;
    // An empty rest array is let go of at once: it would outlive the young generation together with a timer.
    this._args = args.length === 0 ? NO_ARGUMENTS : args;
    if (scheduler.debug) notes.set(this, { source: callSite(), description: null });
  }

  /** @internal Whether it runs again and again. */
  get _repeats(): boolean {
    return false;
  }

  /** Sees to it that the callback does not run, unless it has begun to. */
  cancel(): void {
    if (this._id === CANCELLED) return;
    if (this._id > RAN) this._scheduler.cancelHandle(this);
    this._retire();
  }

  /** Whether it was cancelled, be it while the callback ran or afterwards. */
  cancelled(): boolean {
    return this._id === CANCELLED;
  }

  /** @internal Marks it as cancelled and lets go of the callback. */
  _retire(): void {
    const note = notes.get(this);
    if (note !== undefined) note.description = describeCall(this._callback, this._args);
    this._forget();
    this._id = CANCELLED;
  }

  /** @internal Lets go of the callback and its arguments. */
  _forget(): void {
    if (this._id > RAN) this._id = RAN;
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
    const note = notes.get(this);
    if (this.cancelled()) words.push("cancelled");
    const description = note?.description ?? describeCall(this._callback, this._args);
    if (description !== null) words.push(description);
    if (note?.source) words.push(`created at ${note.source}`);
    return words;
  }
}

/** A callback that the loop will run at a certain time: what `callLater` and `callAt` return. */
export class TimerHandle extends Handle {
  /** @internal */ readonly _when: number;

  /** @internal */
  constructor(scheduler: Scheduler, callback: Callback, args: readonly unknown[], id: number, when: number) {
    super(scheduler, callback, args, id);
    this._when = when;
  }

  /** When the callback is due, in seconds of `loop.time()`. Stays true after it has run. */
  when(): number {
    return this._when;
  }

  /** @internal */
  override _words(): string[] {
    const words = super._words();
    words.splice(1, 0, `when=${this._when}`);
    return words;
  }
}

/** @internal A callback that runs whenever its fd is ready. */
export class WatchHandle extends Handle {
  override get _repeats(): boolean {
    return true;
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
  const shown = args.map((arg) =>
    inspect(arg, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 40 }),
  );
  return `${callback.name || "(anonymous)"}(${shown.join(", ")})`;
}

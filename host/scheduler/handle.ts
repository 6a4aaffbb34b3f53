/**
 * Handles: callbacks that wait to be run.
 *
 * Owns: a call, and whether it was cancelled. What has run or was cancelled holds on to no callback, nor to arguments.
 *
 * Does not own: when it runs (the core), the callback and its arguments (`call.ts`).
 *
 * From: CPython 3.13, events.py `Handle` and `TimerHandle`.
 */
import { inspect } from "node:util";
import { textOf } from "../show.js";
import { BoundCall, type Call, describeCall, runBare } from "./call.js";
import type { Scheduler } from "./scheduler.js";
import { noteSource, siteOf } from "./source.js";

/** What handles would have called that were cancelled in debug mode: beside them, so that a handle stays small. */
const cancelledCalls = new WeakMap<Handle, string | null>();

/** The `_id` of a handle that has run. */
const RAN = 0;
/** The `_id` of a handle that was cancelled. */
const CANCELLED = -1;
/** The `_id` of a call that waits to run in a series, and has no id. */
export const QUEUED = -2;

/** A callback that the loop will run: what `callSoon` and `callSoonThreadsafe` return. */
export class Handle {
  /** @internal */ readonly _scheduler: Scheduler;
  /** @internal The core's id of it, RAN, CANCELLED or QUEUED. */ _id: number;
  /** @internal */ _call: Call | null;

  /** @internal */
  constructor(scheduler: Scheduler, call: Call, id: number) {
    this._scheduler = scheduler;
    this._id = id;
    this._call = call;
    if (scheduler.debug) noteSource(this);
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

  /** @internal Calls something in the context of the callback. */
  _runInContext(other: () => void): void {
    const call = this._call;
    if (call instanceof BoundCall) call.runOther(other);
    else if (call !== null) runBare(other);
    else other();
  }

  /** @internal Marks it as cancelled and lets go of the callback. */
  _retire(): void {
    if (this._scheduler.debug) cancelledCalls.set(this, describeCall(this._call));
    this._forget();
    this._id = CANCELLED;
  }

  /** @internal Lets go of the callback and its arguments. */
  _forget(): void {
    if (this._id !== CANCELLED) this._id = RAN;
    this._call = null;
  }

  /** @internal Its text with what it has just run, of which it has let go. */
  _textWith(call: Call): string {
    const left = this._call;
    this._call = call;
    try {
      return textOf(this);
    } finally {
      this._call = left;
    }
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
    if (this.cancelled()) words.push("cancelled");
    const description = cancelledCalls.get(this) ?? describeCall(this._call);
    if (description !== null) words.push(description);
    const site = siteOf(this);
    if (site !== null) words.push(`created at ${site}`);
    return words;
  }
}

/** A double, and the two integers that it consists of. */
const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** A callback that the loop will run at a certain time: what `callLater` and `callAt` return. */
export class TimerHandle extends Handle {
  // V8 keeps small integers in the object, but makes an object of its own for each double: a quarter of the time of a million timers.
  /** @internal */ readonly _whenLow: number;
  /** @internal */ readonly _whenHigh: number;

  /** @internal */
  constructor(scheduler: Scheduler, call: Call, id: number, when: number) {
    super(scheduler, call, id);
    double[0] = when;
    this._whenLow = halves[0] as number;
    this._whenHigh = halves[1] as number;
  }

  /** When the callback is due, in seconds of `loop.time()`. Stays true after it has run. */
  when(): number {
    halves[0] = this._whenLow;
    halves[1] = this._whenHigh;
    return double[0] as number;
  }

  /** @internal */
  override _words(): string[] {
    const words = super._words();
    words.splice(this.cancelled() ? 2 : 1, 0, `when=${this.when()}`);
    return words;
  }
}

/** @internal A callback that runs whenever its fd is ready. */
export class WatchHandle extends Handle {
  override get _repeats(): boolean {
    return true;
  }
}

/**
 * Sleeping.
 *
 * Owns: futures that a timer settles, and the one that takes exactly one iteration.
 *
 * From: CPython 3.13, tasks.py `sleep`.
 */
import { FutureState } from "../../assembly/abi.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { TimerHandle } from "../scheduler/handle.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import type { DoneCallback, Future } from "./future.js";
import { OwnResult, settleUnlessDone } from "./own-result.js";
import { noteTurn } from "./stack.js";

/** Makes the future that `sleep` returns. */
export function sleepOn<T>(loop: EventLoop, scheduler: Scheduler, delay: number, result: T): Future<T> {
  checkSeconds("delay", delay);
  return delay <= 0 ? new OneIteration(loop, scheduler, result) : new Sleep(loop, scheduler, delay, result);
}

/** @throws TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME` for NaN */
export function checkSeconds(name: string, seconds: number): void {
  if (typeof seconds !== "number")
    throw typeError("ERR_NOT_A_NUMBER", `${name} must be a number of seconds, not ${describe(seconds)}`);
  if (Number.isNaN(seconds)) throw new ValueError("ERR_BAD_TIME", `${name} is NaN: pass a number of seconds`);
}

class Sleep<T> extends OwnResult<T> {
  readonly #timer: TimerHandle;

  constructor(loop: EventLoop, scheduler: Scheduler, delay: number, result: T) {
    super(loop, scheduler);
    this.#timer = loop.callLater(delay, settleUnlessDone, this, result);
  }

  override _settle(state: FutureState.Cancelled | FutureState.Finished): void {
    super._settle(state);
    this.#timer.cancel();
  }
}

/**
 * Takes exactly one iteration, counted from when somebody awaits it. In a generator it is a bare `yield`. An async function goes on right
 * after the callback that settles the future. For everybody else it is a future that is settled in the next iteration.
 */
class OneIteration<T> extends OwnResult<T> {
  readonly #result: T;
  #started = false;

  constructor(loop: EventLoop, scheduler: Scheduler, result: T) {
    super(loop, scheduler);
    this.#result = result;
  }

  override [Symbol.iterator](): Generator<Future | undefined, T, unknown> {
    const isFresh = !this.#started && this._state === FutureState.Pending;
    return isFresh ? (this.#giveUpOneIteration() as Generator<undefined, T, unknown>) : super[Symbol.iterator]();
  }

  override done(): boolean {
    this.#start();
    return super.done();
  }

  override addDoneCallback(callback: DoneCallback<T>): void {
    this.#start();
    super.addDoneCallback(callback);
  }

  override _deliverLater(deliver: () => void): void {
    if (this.#started) return super._deliverLater(deliver);
    this.#started = true;
    // A done callback would take an iteration more.
    this._loop.callSoon(settleAndDeliver, this, this.#result, deliver);
  }

  override _enter(): number {
    this.#start();
    return super._enter();
  }

  #start(): void {
    if (this.#started || this._state !== FutureState.Pending) return;
    this.#started = true;
    this._loop.callSoon(settleUnlessDone, this, this.#result);
  }

  *#giveUpOneIteration(): Generator<undefined, T, unknown> {
    if (this._scheduler.debug) noteTurn(this._loop._currentTask);
    yield;
    if (this._state === FutureState.Pending) this._succeed(this.#result);
    return this.result();
  }
}

function settleAndDeliver<T>(future: OwnResult<T>, result: T, deliver: () => void): void {
  settleUnlessDone(future, result);
  deliver();
}

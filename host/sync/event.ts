/**
 * Events: a flag that many may wait for.
 *
 * From: CPython 3.13, locks.py `Event`.
 */
import type { Future } from "../futures/future.js";
import { LoopBound } from "./loop-bound.js";
import { atOnce, countOf, Waiter, type Waiters } from "./waiter.js";

/** A flag, not set at first. In a module that uses the DOM's `Event` too, import it under another name. */
export class Event extends LoopBound {
  #isSet = false;
  readonly #waiters: Waiters<Waiter<true>> = new Set();

  /** Whether the flag is set. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the flag, and lets all go on who wait, also if it is cleared before they do. */
  set(): void {
    this.#isSet = true;
    for (const waiter of [...this.#waiters]) waiter._wake(true);
  }

  /** Takes the flag back, so that `wait` waits again. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until the flag is set.
   *
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  wait(): Future<true> {
    const loop = this._boundLoop();
    return this.#isSet ? atOnce<true>(loop, true) : new Waiter<true>(loop, "Event.wait", this.#waiters);
  }

  /** Such as `<Event [unset, waiters:2]>`. */
  override toString(): string {
    return `<Event [${this.#isSet ? "set" : "unset"}${countOf(this.#waiters)}]>`;
  }
}

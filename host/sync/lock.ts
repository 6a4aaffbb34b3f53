/**
 * Locks: one task at a time.
 *
 * From: CPython 3.13, locks.py `Lock`. Differs: `release` hands the lock to the first who waits, so it stays locked;
 * one that is cancelled while it waits leaves the queue at once.
 */
import { RuntimeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import type { Task } from "../futures/task.js";
import type { Body } from "../loop/body.js";
import { LoopBound } from "./loop-bound.js";
import { atOnce, countOf, firstOf, Waiter, type Waiters } from "./waiter.js";
import { withTurn } from "./with-turn.js";

/** Has one owner at a time. Those who wait for it get it in the order in which they came. */
export class Lock extends LoopBound {
  #locked = false;
  readonly #waiters: Waiters<Waiter<true>> = new Set();

  /** Whether somebody has it. */
  locked(): boolean {
    return this.#locked;
  }

  /**
   * Waits for the lock, and takes it. If whoever waits is cancelled, even in the turn in which the lock comes, the next one gets it.
   *
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  acquire(): Future<true> {
    const loop = this._boundLoop();
    if (this.#locked) return new Waiter<true>(loop, "Lock.acquire", this.#waiters, this.#giveBack);
    this.#locked = true;
    return atOnce<true>(loop, true, this.#giveBack);
  }

  /** Gives it to the first who waits, if there is one. @throws RuntimeError `ERR_NOT_LOCKED` */
  release(): void {
    if (!this.#locked) {
      throw new RuntimeError("ERR_NOT_LOCKED", "Lock is not acquired: release it once for each acquire");
    }
    const next = firstOf(this.#waiters);
    if (next === undefined) this.#locked = false;
    else next._wake(true);
  }

  /**
   * Runs a function that has the lock until it has ended.
   *
   * @returns a task of what it comes to; whose cancellation reaches it
   * @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError as `acquire`
   */
  with<T>(body: Body<T>): Task<T> {
    return withTurn(this._boundLoop(), this, body);
  }

  /** @internal Has a waiter wait for it behind the others. */
  _acquireFor(waiter: Waiter<true>): void {
    if (this.#locked) return waiter._waitIn(this.#waiters);
    this.#locked = true;
    waiter._wake(true);
  }

  /** Such as `<Lock [locked, waiters:2]>`. */
  override toString(): string {
    return `<Lock [${this.#locked ? "locked" : "unlocked"}${countOf(this.#waiters)}]>`;
  }

  /** Whoever was to get the lock does not. Somebody may have released it already without having it. */
  readonly #giveBack = (): void => {
    if (this.#locked) this.release();
  };
}

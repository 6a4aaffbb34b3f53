/**
 * Conditions: waiting, with a lock, until others say that something has changed.
 *
 * Owns: those who wait to be notified, and their way back to the lock.
 *
 * From: CPython 3.13, locks.py `Condition`. Differs: who is cancelled while waiting for the lock keeps the place in its queue; who was
 * notified goes on an iteration later, after the one in which it gets the lock.
 */

import { FutureState } from "../../assembly/abi.js";
import { checkInteger, isCoroutineFunction } from "../arguments.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import type { Task } from "../futures/task.js";
import type { Body } from "../loop/body.js";
import type { EventLoop } from "../loop/event-loop.js";
import { Lock } from "./lock.js";
import { atOnce, countOf, firstOf, Waiter, type Waiters } from "./waiter.js";

/** A lock, and a queue of those who have let go of it until they are notified. */
export class Condition {
  readonly #lock: Lock;
  readonly #waiters: Waiters<Waiter<true>> = new Set();

  /**
   * @param lock the lock to use; by default one of its own
   * @throws TypeError `ERR_NOT_A_LOCK`
   */
  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) throw typeError("ERR_NOT_A_LOCK", `the lock must be a Lock, not ${describe(lock)}`);
    this.#lock = lock;
  }

  /** As that of the lock. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** As that of the lock. @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP` */
  acquire(): Future<true> {
    return this.#lock.acquire();
  }

  /** As that of the lock. @throws RuntimeError `ERR_NOT_LOCKED` */
  release(): void {
    this.#lock.release();
  }

  /** As that of the lock. @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError as `acquire` */
  with<T>(body: Body<T>): Task<T> {
    return this.#lock.with(body);
  }

  /**
   * Releases the lock, waits until it is notified, and has the lock again when the future is done: also if it is
   * cancelled, which therefore may take a while.
   *
   * @throws RuntimeError `ERR_NOT_LOCKED`, `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  wait(): Future<true> {
    this.#checkLocked("wait");
    const waiter = new Notified(this.#lock._boundLoop(), this.#waiters, this.#lock, () => this.#notify(1));
    this.#lock.release();
    return waiter;
  }

  /**
   * Waits until a function answers something true. It is called now, and then each time that it is notified, with the lock.
   *
   * @returns a future of what it answered
   * @throws TypeError `ERR_NOT_CALLABLE`, `ERR_COROUTINE_CALLBACK`; RuntimeError as `wait`; what `predicate` throws now
   */
  waitFor<T>(predicate: () => T): Future<T> {
    if (typeof predicate !== "function")
      throw typeError("ERR_NOT_CALLABLE", `the predicate must be a function, not ${describe(predicate)}`);
    if (isCoroutineFunction(predicate)) {
      const hint = "what it returns would always count as true";
      throw typeError("ERR_COROUTINE_CALLBACK", `the predicate must be a plain function: ${hint}`);
    }
    const loop = this.#lock._boundLoop();
    const first = predicate();
    if (first) return atOnce(loop, first);
    this.#checkLocked("wait");
    const wait = (): Future<true> => this.wait();
    return loop.createTask<T>(function* () {
      for (;;) {
        yield* wait();
        const result = predicate();
        if (result) return result;
      }
    });
  }

  /**
   * Wakes those who have waited longest. They go on when they have the lock, so whoever notifies must release it.
   *
   * @param n how many at the most
   * @throws RuntimeError `ERR_NOT_LOCKED`; TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE`
   */
  notify(n = 1): void {
    checkInteger("n", n, 0, Number.MAX_SAFE_INTEGER);
    this.#checkLocked("notify");
    this.#notify(n);
  }

  /** Wakes all who wait. @throws RuntimeError `ERR_NOT_LOCKED` */
  notifyAll(): void {
    this.notify(this.#waiters.size);
  }

  /** Such as `<Condition [locked, waiters:2]>`. */
  toString(): string {
    return `<Condition [${this.locked() ? "locked" : "unlocked"}${countOf(this.#waiters)}]>`;
  }

  #notify(n: number): void {
    for (let left = n; left > 0; left--) {
      const next = firstOf(this.#waiters) as Notified | undefined;
      if (next === undefined) return;
      next._notify();
    }
  }

  #checkLocked(what: string): void {
    if (this.locked()) return;
    throw new RuntimeError("ERR_NOT_LOCKED", `cannot ${what} on un-acquired lock: acquire() it, or use with()`);
  }
}

/** Somebody who waits, until notified or cancelled, and then in either case for the lock. */
class Notified extends Waiter<true> {
  readonly #lock: Lock;
  readonly #passOn: () => void;
  #isWaiting = true;
  #isNotified = false;
  #isCancelled = false;
  #message: string | undefined;

  constructor(loop: EventLoop, waiters: Waiters<Waiter<true>>, lock: Lock, passOn: () => void) {
    super(loop, "Condition.wait", waiters, passOn);
    this.#lock = lock;
    this.#passOn = passOn;
  }

  _notify(): void {
    this.#isNotified = true;
    this.#comeBack();
  }

  override cancel(message?: string): boolean {
    if (this._state !== FutureState.Pending) return false;
    this.#isCancelled = true;
    this.#message = message;
    this.#comeBack();
    if (this.#isNotified) this.#passOn();
    this.#isNotified = false;
    return true;
  }

  /** It has the lock. */
  override _wake(value: true): void {
    if (this.#isCancelled) super.cancel(this.#message);
    else super._wake(value);
  }

  /** Asks for the lock, in the iteration in which asyncio's task would ask for it. */
  #comeBack(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this._waitNowhere();
    this._loop.callSoon(() => this.#lock._acquireFor(this));
  }
}

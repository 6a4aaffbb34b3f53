/**
 * Semaphores: so many tasks at a time.
 *
 * From: CPython 3.13, locks.py `Semaphore`. Differs: whoever waits has it as soon as it is released, so what is left of
 * its value is there for others before that one has gone on; one that is cancelled while it waits leaves the queue at
 * once.
 */
import { checkInteger } from "../arguments.js";
import type { Future } from "../futures/future.js";
import type { Task } from "../futures/task.js";
import type { Body } from "../loop/body.js";
import { LoopBound } from "./loop-bound.js";
import { atOnce, countOf, firstOf, Waiter, type Waiters } from "./waiter.js";
import { withTurn } from "./with-turn.js";

/** Counts who may still go on. Those who wait go on in the order in which they came. */
export class Semaphore extends LoopBound {
  #value: number;
  readonly #waiters: Waiters<Waiter<true>> = new Set();

  /**
   * @param value how many may have it at a time
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE` if it is negative
   */
  constructor(value = 1) {
    super();
    this.#value = checkInteger("The value of a semaphore", value, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Whether `acquire` would have to wait. */
  locked(): boolean {
    return this.#value === 0;
  }

  /**
   * Waits until the value is not 0, and takes 1 away. If whoever waits is cancelled, even in the very turn in which the
   * wait ends, the next one has it.
   *
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  acquire(): Future<true> {
    const loop = this._boundLoop();
    if (this.#value === 0) return new Waiter<true>(loop, "Semaphore.acquire", this.#waiters, this.#giveBack);
    this.#value--;
    return atOnce<true>(loop, true, this.#giveBack);
  }

  /** Adds 1 to the value, which the first who waits takes away at once. */
  release(): void {
    this.#giveBack();
  }

  /**
   * Runs a function between `acquire` and `release`.
   *
   * @returns a task of what it comes to; whose cancellation reaches it
   * @throws TypeError `ERR_NOT_CALLABLE`; RuntimeError as `acquire`
   */
  with<T>(body: Body<T>): Task<T> {
    return withTurn(this._boundLoop(), this, body);
  }

  /** Such as `<Semaphore [unlocked, value:2]>` or `<Semaphore [locked, waiters:3]>`. */
  override toString(): string {
    return `<${this.constructor.name} [${this.locked() ? "locked" : `unlocked, value:${this.#value}`}${countOf(this.#waiters)}]>`;
  }

  /** @internal */
  protected _value(): number {
    return this.#value;
  }

  readonly #giveBack = (): void => {
    const next = firstOf(this.#waiters);
    if (next === undefined) this.#value++;
    else next._wake(true);
  };
}

/**
 * Barriers: all wait for the last.
 *
 * From: CPython 3.13, locks.py `Barrier`. Differs: all who wait are through as soon as the last has come, so nobody has
 * to wait until the others have gone on, and `abort` and `reset` do not reach those; nobody's number is given twice
 * after one was cancelled.
 */
import { checkInteger } from "../arguments.js";
import { BrokenBarrierError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { LoopBound } from "./loop-bound.js";
import { atOnce, Waiter, type Waiters } from "./waiter.js";

/** Lets a fixed number of tasks go on together, over and over. */
export class Barrier extends LoopBound {
  readonly #parties: number;
  readonly #waiters: Waiters<Waiter<number>> = new Set();
  #broken = false;

  /**
   * @param parties how many have to come
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE` if it is less than 1
   */
  constructor(parties: number) {
    super();
    this.#parties = checkInteger("parties", parties, 1, Number.MAX_SAFE_INTEGER);
  }

  /** How many have to come. */
  get parties(): number {
    return this.#parties;
  }

  /** How many wait. */
  get nWaiting(): number {
    return this.#waiters.size;
  }

  /** Whether it was aborted, and not reset since. */
  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Waits until all have come. It fails with BrokenBarrierError when the barrier is aborted, or reset meanwhile.
   *
   * @returns a future of a number from 0 to `parties` - 1, another one for each
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  wait(): Future<number> {
    const waiter = new Waiter<number>(this._boundLoop(), "Barrier.wait", this.#waiters);
    if (this.#broken) waiter._refuse(new BrokenBarrierError("Barrier aborted: reset() it to use it again"));
    else if (this.#waiters.size === this.#parties) {
      for (const [index, each] of [...this.#waiters].entries()) each._wake(index);
    }
    return waiter;
  }

  /** Fails all who wait, and makes the barrier as new. @throws RuntimeError as `wait` */
  reset(): Future<void> {
    const loop = this._boundLoop();
    this.#broken = false;
    this.#failAll("Barrier reset");
    return atOnce(loop, undefined);
  }

  /** Fails all who wait, and all who will, until it is reset. @throws RuntimeError as `wait` */
  abort(): Future<void> {
    const loop = this._boundLoop();
    this.#broken = true;
    this.#failAll("Barrier aborted");
    return atOnce(loop, undefined);
  }

  /** Such as `<Barrier [filling, waiters:1/3]>`. */
  override toString(): string {
    return `<Barrier [${this.#broken ? "broken" : `filling, waiters:${this.nWaiting}/${this.#parties}`}]>`;
  }

  #failAll(why: string): void {
    for (const waiter of [...this.#waiters]) {
      waiter._refuse(new BrokenBarrierError(`${why} while others were waited for`));
    }
  }
}

/**
 * When a poll may answer "nothing" without asking the kernel.
 *
 * asyncio polls once in every iteration. An iteration of ours that runs one callback takes some 100 ns, and asking epoll
 * takes 400. But a poll that would be the second in a row to find nothing can only find what came from outside in the
 * meantime, unless this thread itself made something ready; and every call through which it can do so is counted
 * (`sys/activity.ts`). What comes from outside has no promised place between two iterations, so a poll is skipped if
 *   - the last one that was not skipped found nothing,
 *   - the activity counter stands where it stood then, and
 *   - fewer than the allowance were skipped since.
 * The allowance follows from how long the iterations up to the last real poll took, and the clock is looked at every few
 * skips, in case they take longer now: skipping is to delay nothing by more than about 50 µs, and can by no more than
 * SKIPS_PER_CLOCK iterations.
 *
 * Owns: that decision. Does not own: the poll. A write by other means (`node:fs`, another thread) is seen as if it came
 * from outside.
 */

// The global of this name looks itself up again at every use.
import { performance } from "node:perf_hooks";

/** How many polls in a row may be skipped. */
export const SKIPS_MAX = 128;

/** How many may be skipped before the clock is looked at. */
const SKIPS_PER_CLOCK = 8;

/** How much later than an unskipped poll would have, a skipping selector may notice something. */
const DELAY_MAX_MS = 0.05;

/** Decides for one selector. */
export class PollPolicy {
  #quiet = false;
  #seenActivity = 0;
  #skips = 0;
  #allowance = 0;
  #polledAtMs = 0;
  readonly #activity: { readonly count: number };
  readonly #nowMs: () => number;

  constructor(activity: { readonly count: number }, nowMs: () => number = () => performance.now()) {
    this.#activity = activity;
    this.#nowMs = nowMs;
  }

  /** Tells whether the poll that is due may be skipped; if so, it counts as skipped. */
  maySkip(): boolean {
    if (!this.#quiet || this.#skips >= this.#allowance || this.#activity.count !== this.#seenActivity) return false;
    this.#skips += 1;
    return this.#skips % SKIPS_PER_CLOCK !== 0 || this.#nowMs() - this.#polledAtMs < DELAY_MAX_MS;
  }

  /** Notes what a real poll found. The clock is left alone while there is something to do: how long that took says nothing. */
  polled(count: number): void {
    if (count > 0) {
      this.#quiet = false;
      this.#skips = 0;
      this.#polledAtMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const nowMs = this.#nowMs();
    const iterationMs = (nowMs - this.#polledAtMs) / (this.#skips + 1);
    this.#allowance = iterationMs > 0 ? Math.min(SKIPS_MAX, Math.floor(DELAY_MAX_MS / iterationMs)) : SKIPS_MAX;
    this.#polledAtMs = nowMs;
    this.#quiet = true;
    this.#seenActivity = this.#activity.count;
    this.#skips = 0;
  }
}

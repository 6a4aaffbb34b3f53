/**
 * Whether the kernel is asked again after an event that came alone.
 *
 * A peer that answers at once has often answered before the thread is given back to Node. Asking the kernel then takes
 * half a microsecond, and being woken by Node's loop several: with one connection, whose peer shares the core, 17 µs a
 * message instead of 20. A peer that takes longer makes the question vain, so after each vain one it is left out for
 * twice as many events as before.
 *
 * Owns: that decision. Does not own: the poll.
 */

/** How many events in a row the question may be left out for. */
export const LEFT_OUT_MAX = 256;

export class SecondLook {
  #leftOut = 0;
  #toLeaveOut = 1;

  /** Tells whether to look again. */
  isDue(): boolean {
    if (this.#leftOut === 0) return true;
    this.#leftOut--;
    return false;
  }

  /** Notes whether looking again has found something. */
  looked(hasFound: boolean): void {
    if (hasFound) {
      this.#toLeaveOut = 1;
      return;
    }
    this.#leftOut = this.#toLeaveOut;
    this.#toLeaveOut = Math.min(this.#toLeaveOut * 2, LEFT_OUT_MAX);
  }
}

/**
 * timerfd: a descriptor that turns readable when its time has come.
 *
 * Owns: making one and setting it, in seconds from now on the monotonic clock, never early.
 *
 * Does not own: the deadlines (the core's timer heap), nor waiting (the selector, which registers it edge-triggered and
 * never reads it: setting it anew takes back what has expired).
 */

import { EBADF, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { closeAtThreadEnd } from "./thread-end.js";
import { TIMESPEC_BYTES, TIMESPEC_WORDS, writeTimespec } from "./timespec.js";

const CLOCK_MONOTONIC = 1;
const TFD_CLOEXEC = 0o2000000;
const TFD_NONBLOCK = 0o4000;

/** Makes a timer that is not set, or answers a negative errno. */
export function createTimerfd(): number {
  const c = libc();
  const result = c.timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return result < 0 ? -c.errno() : closeAtThreadEnd(result);
}

/** Sets one timerfd over and over. */
export class TimerSetting {
  /** struct itimerspec: how often to repeat (never), then when. */
  readonly #memory = new Memory(2 * TIMESPEC_BYTES);
  readonly #words = new Int32Array(this.#memory.bytes.buffer, 0, 2 * TIMESPEC_WORDS).fill(0);

  /**
   * Makes `fd` readable once, `seconds` from now at the earliest; at once if that is not positive. Replaces what was set
   * before, also if it has expired already. Infinity sets nothing.
   */
  set(fd: number, seconds: number): number {
    if (!isDescriptor(fd)) return -EBADF;
    const words = this.#words;
    writeTimespec(words, TIMESPEC_WORDS, seconds === Infinity ? 0 : seconds);
    // All zero would unset the timer.
    if (seconds <= 0) words[TIMESPEC_WORDS + 2] = 1;
    const c = libc();
    const result = c.timerfd_settime(fd, 0, this.#memory.address, 0);
    return result < 0 ? -c.errno() : 0;
  }
}

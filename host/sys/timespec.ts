/**
 * struct timespec: seconds as C has them.
 *
 * Owns: the conversion, which rounds up, because a wait that ends early finds nothing due and starts again.
 *
 * Does not own: the clock that the seconds count on; each caller names its own.
 */

/** Seconds and nanoseconds, 8 bytes each, are 4 words of which the second and the fourth stay 0. */
export const TIMESPEC_WORDS = 4;
export const TIMESPEC_BYTES = 16;

/** What a longer time is cut to: 68 years. */
const SECONDS_MAX = 0x7fffffff;
const NANOSECONDS = 1e9;

/**
 * Writes `seconds` at `words[at]`, rounded up to whole nanoseconds, negative ones as 0.
 *
 * @param seconds Not NaN; Infinity is cut to 68 years.
 */
export function writeTimespec(words: Int32Array, at: number, seconds: number): void {
  const limited = Math.min(Math.max(seconds, 0), SECONDS_MAX);
  let whole = Math.floor(limited);
  let nanoseconds = Math.ceil((limited - whole) * NANOSECONDS);
  if (nanoseconds >= NANOSECONDS) {
    whole += 1;
    nanoseconds = 0;
  }
  words[at] = whole;
  words[at + 1] = 0;
  words[at + 2] = nanoseconds;
  words[at + 3] = 0;
}

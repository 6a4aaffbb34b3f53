/** Random numbers: the same for the same seed, on every machine (xorshift32). */
export class RandomNumbers {
  #state: number;

  /** @param seed a whole number but 0 */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  }

  /** True once in so many times, on average. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

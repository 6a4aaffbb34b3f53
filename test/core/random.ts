/** Numbers that look random and are the same in every run: xorshift32, of a seed other than 0. */
export class Random {
  constructor(private state: u32) {}

  /** A number from 0 to `limit` - 1. */
  below(limit: i32): i32 {
    let state = this.state;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    this.state = state;
    return <i32>((<u64>state * <u64>limit) >> 32);
  }

  /** True once in `times`. */
  once(times: i32): bool {
    return this.below(times) == 0;
  }
}

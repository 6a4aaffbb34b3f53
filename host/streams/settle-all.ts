/**
 * Futures that all wait for the same.
 *
 * Owns: settling those that nobody has cancelled meanwhile. Does not own: the list of them.
 */
import type { OwnResult } from "../futures/own-result.js";

/** Fails all of them with the error, or lets them go on if it is null. */
export function settleAll(waiters: Iterable<OwnResult<void>>, error: Error | null): void {
  for (const waiter of waiters) {
    if (waiter.done()) continue;
    if (error === null) waiter._succeed(undefined);
    else waiter._failWith(error);
  }
}

/**
 * Runs that end with a future.
 *
 * Owns: stopping the loop when the future is done, and what the run then comes to.
 *
 * Does not own: running (`event-loop.ts`).
 *
 * From: CPython 3.13, base_events `run_until_complete` and `_run_until_complete_cb`.
 */
import { FatalError, RuntimeError } from "../errors.js";
import type { Awaitable } from "../futures/coroutine.js";
import { futureOf } from "../futures/ensure-future.js";
import { Future } from "../futures/future.js";
import { markSeen } from "../futures/never-retrieved.js";
import type { EventLoop } from "./event-loop.js";

/** How a run that a future ends goes on. */
export interface Ending<T> {
  /** The run has failed: nobody is to report what the future failed with. */
  failed(): void;
  over(): void;
  result(): T;
}

/** Has a future end the run that follows. */
export function endWith<T>(loop: EventLoop, awaitable: Awaitable<T>): Ending<T> {
  const isOurs = !(awaitable instanceof Future);
  const future = futureOf(loop, loop._scheduler, awaitable);
  // A fatal error ends the run by itself, and a future that failed with one before this run is no reason to stop it.
  const stop = (done: Future<T>): void => {
    if (!(done._failed && done._exception instanceof FatalError)) loop.stop();
  };
  future.addDoneCallback(stop);
  return {
    failed() {
      if (isOurs) markSeen(future);
    },
    over: () => void future.removeDoneCallback(stop),
    result() {
      if (future.done()) return future.result();
      throw new RuntimeError(
        "ERR_LOOP_STOPPED",
        "Event loop stopped before Future completed: call stop() only after what you wait for is done",
      );
    },
  };
}

/**
 * Futures that nobody can reach any more while they are pending.
 *
 * Owns: giving their slots in the core back, and those of their done callbacks. A task that waits for a future holds on to it, so such
 * a future has done callbacks alone.
 */
import type { Scheduler } from "../scheduler/scheduler.js";
import type { Future } from "./future.js";

interface Lost {
  readonly scheduler: Scheduler;
  readonly id: number;
}

const lost = new FinalizationRegistry<Lost>(({ scheduler, id }) => {
  if (!scheduler.closed) scheduler.core.dropFuture(id);
});

/** Has the slot of a pending future given back if the future is lost. */
export function watchLost<T>(future: Future<T>): void {
  future._watched = true;
  lost.register(future, { scheduler: future._scheduler, id: future._enter() }, future);
}

/** The future is done, and its slot is gone. */
export function forgetLost<T>(future: Future<T>): void {
  future._watched = false;
  lost.unregister(future);
}

/**
 * The end of a run.
 *
 * Owns: taking the error that has ended it out of the scheduler, so that the next run begins without.
 *
 * Does not own: what makes an error fatal (`scheduler.ts`, `futures/task.ts`).
 */
import type { Scheduler } from "./scheduler.js";

/** The error that has ended the run, in a box, or null; the scheduler has none from here on. */
export function takeFatal(scheduler: Scheduler): Scheduler["fatal"] {
  const { fatal } = scheduler;
  scheduler.fatal = null;
  return fatal;
}

/** @throws the error that has ended the run, if one has */
export function throwFatal(scheduler: Scheduler): void {
  const fatal = takeFatal(scheduler);
  if (fatal !== null) throw fatal.error;
}

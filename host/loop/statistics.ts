/**
 * How much a loop has to do.
 *
 * Owns: counting it. Does not own: what is counted (`scheduler/scheduler.ts`, the core).
 *
 * From: trio's `current_statistics`.
 */
import { Task } from "../futures/task.js";
import { TimerHandle } from "../scheduler/handle.js";
import type { Scheduler } from "../scheduler/scheduler.js";

/** What is pending on a loop at one moment. */
export interface LoopStatistics {
  /** Tasks that have not ended. */
  readonly tasks: number;
  /** Timers that were not cancelled, those of `sleep` and of time limits included. */
  readonly timers: number;
  /** Calls that `callSoon` and its kin have queued. */
  readonly calls: number;
  /** Watched descriptors, those of transports included; each side counts. */
  readonly watches: number;
  /** Slots of the core in use, of the 8388607 that there are: tasks, timers, watches, futures that are waited for. */
  readonly slots: number;
  /** Memory of the core, in bytes. It grows and never shrinks. */
  readonly coreBytes: number;
}

/** Counts what is pending. */
export function statisticsOf(scheduler: Scheduler): LoopStatistics {
  const { core, watchCount: watches } = scheduler;
  let tasks = 0;
  let timers = 0;
  for (const entry of scheduler.entries()) {
    if (entry instanceof Task) tasks++;
    else if (entry instanceof TimerHandle) timers++;
  }
  const slots = core.liveSlots();
  return { tasks, timers, calls: scheduler.queuedCalls, watches, slots, coreBytes: core.memory.buffer.byteLength };
}

/**
 * The driver: whoever decides when an iteration takes place, and lets time pass in between.
 *
 * Owns: the interface. `guest-driver.ts` is a guest on Node's own loop, and blocks (`blocking-run.ts`) when it is asked to;
 * `virtual-driver.ts` jumps from deadline to deadline.
 *
 * Does not own: what an iteration does (`assembly/loop.ts`).
 */

import type { Scheduler } from "./scheduler.js";

export interface Driver {
  /** A descriptor that wakes the loop when it is written to, by any thread; -1 for none. */
  readonly wakeFd: number;
  /** Whether an iteration will follow by itself, whatever happens. */
  readonly willIterate: boolean;
  /** Tells the driver whom it drives, before anything else is asked of it. */
  attach(scheduler: Scheduler): void;
  /** The loop's clock, in seconds; monotonic. */
  now(): number;
  /** The clock's resolution, in seconds. */
  readonly resolutionSeconds: number;
  /** @throws UnsupportedError `ERR_NO_DESCRIPTORS` when this driver has no selector */
  checkWatches(): void;
  /** @throws UnsupportedError `ERR_NO_LOOKUPS` when this driver does not wait for name servers */
  checkLookups(): void;
  /** Whether there are other processes, threads and signals. */
  readonly hasOutside: boolean;
  /** @throws UnsupportedError `ERR_NO_OUTSIDE` when this driver has nothing to do with other processes and threads */
  checkOutside(what: string): void;
  /** Tells the selector what to say of an fd; see `assembly/host.ts`. */
  watch(fd: number, interest: number, generation: number): number;
  /** Blocks for events; see `assembly/host.ts`. */
  select(timeoutSeconds: number): number;
  /** Iterates until the loop is stopped. Resolves then, or rejects with the fatal error that ended the run. */
  run(): Promise<void>;
  /**
   * As `run`, and keeps the thread until then.
   *
   * @throws the fatal error that ended the run; a RuntimeError when nothing can happen any more
   */
  runSync(): void;
  /** Something became ready outside an iteration: see to it that one takes place. Has no effect while the loop is not running. */
  wake(): void;
  /** As `wake`, from a callback of Node's own that has nothing more to do: the iteration may take place at once. */
  wakeNow(): void;
  /** As `wake`, and also ends a wait in the kernel. */
  wakeThreadsafe(): void;
  /** Ends the fd's watches and gives back what the driver holds. */
  close(): void;
}

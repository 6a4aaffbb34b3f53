/**
 * The blocking driver: runs a loop on a thread that does nothing else until the loop is stopped.
 *
 * Owns: a run of the core's own `runForever`, whose `select` waits in the kernel. Node's loop, its promises, timers, signals and streams
 * stand still meanwhile, so what would wait for them is refused at the call (`Scheduler.checkNodeGoesOn`), and a loop that has nothing left
 * to wait for fails instead of blocking for ever.
 *
 * Does not own: the selector and the loop's other kind of run (`guest-driver.ts`), between which a loop may change from run to run.
 *
 * From: CPython 3.13, base_events `run_forever`. Differs: a loop that nothing can wake raises.
 */
import { isMainThread } from "node:worker_threads";
import { RuntimeError } from "../errors.js";
import type { Selector } from "../selector/selector.js";
import { throwFatal } from "./run-end.js";
import type { Scheduler } from "./scheduler.js";

/**
 * The longest single wait in a worker, in seconds. A wait in the kernel cannot be interrupted by `worker.terminate()` or the end of the
 * process, both of which wait for the worker: between two waits it notices.
 */
const WORKER_WAIT_SECONDS = 0.1;

/** One blocking run of a loop. */
export class BlockingRun {
  readonly #scheduler: Scheduler;
  readonly #selector: Selector;
  readonly #waitSecondsMax = isMainThread ? Number.POSITIVE_INFINITY : WORKER_WAIT_SECONDS;

  constructor(scheduler: Scheduler, selector: Selector) {
    this.#scheduler = scheduler;
    this.#selector = selector;
  }

  /** Iterates until the loop is stopped. @throws the fatal error that ended the run; RuntimeError `ERR_DEADLOCK` */
  run(): void {
    const scheduler = this.#scheduler;
    scheduler.iterating = true;
    scheduler.blocking = true;
    try {
      // An async function may have failed with a fatal error while the loop did not run: then this run ends at once with it.
      if (scheduler.fatal === null) scheduler.core.runForever();
      else scheduler.core.clearStop();
      scheduler.flushes.run();
    } catch (error) {
      // A protocol that was told to pause may throw while the rest is flushed. An error that has ended the run before it comes first.
      scheduler.fatal ??= { error };
    } finally {
      scheduler.iterating = false;
      scheduler.blocking = false;
    }
    throwFatal(scheduler);
  }

  /** Waits for events, as the core's import `select`. Nothing may be thrown through the core, so an error ends the run. */
  select(timeoutSeconds: number): number {
    try {
      return this.#wait(timeoutSeconds);
    } catch (error) {
      this.#scheduler.fatal = { error };
      this.#scheduler.core.stop();
      return 0;
    }
  }

  #wait(timeoutSeconds: number): number {
    const { arrivals, events, watchCount, mailbox, flushes } = this.#scheduler;
    if (flushes.any) flushes.run();
    const { view } = events;
    mailbox?.collect();
    if (timeoutSeconds <= 0 || arrivals.waiting) return arrivals.fill(view, this.#selector.poll(view));
    if (timeoutSeconds === Number.POSITIVE_INFINITY && watchCount === 0 && !mailbox?.isOpen) throw this.#deadlock();
    mailbox?.setAsleep(true);
    try {
      // Once more: what was posted before its caller could see that this thread is about to sleep.
      mailbox?.collect();
      const seconds = arrivals.waiting ? 0 : Math.min(timeoutSeconds, this.#waitSecondsMax);
      return arrivals.fill(view, this.#selector.select(view, seconds));
    } finally {
      mailbox?.setAsleep(false);
    }
  }

  #deadlock(): RuntimeError {
    const { promisesAwaited, tasksInVain } = this.#scheduler;
    const waiting =
      promisesAwaited > 0
        ? `, and ${promisesAwaited} async functions or promises cannot go on while the loop blocks`
        : "";
    return new RuntimeError(
      "ERR_DEADLOCK",
      `nothing is ready, no timer is set, no descriptor is watched and no thread can call${waiting}: stop() the loop, settle what its tasks wait for, or use runForever()${tasksInVain}`,
    );
  }
}

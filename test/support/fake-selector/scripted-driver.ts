/**
 * A driver for loops on a scripted kernel: no real time passes, nothing of the outside is waited for, and a run that cannot go on
 * fails at once.
 *
 * Owns: the order: promises, then the selector, then one iteration. Does not own: the selector.
 */
import { RunResult } from "../../../assembly/abi.js";
import type { Driver } from "../../../host/scheduler/driver.js";
import { afterMicrotasks } from "../../../host/scheduler/microtasks.js";
import type { Scheduler } from "../../../host/scheduler/scheduler.js";
import { closeListeners } from "../../../host/sys/fd.js";
import type { ScriptedSelector } from "./scripted-selector.js";

/** More iterations than any test needs: one that needs more stands still in a circle. */
const ITERATIONS_MAX = 200_000;

export class ScriptedDriver implements Driver {
  readonly resolutionSeconds = 1e-9;
  readonly wakeFd = -1;
  readonly willIterate = false;
  readonly selector: ScriptedSelector;
  #scheduler!: Scheduler;
  readonly #iterationSeconds: number;
  #now = 0;
  readonly #forget = (fd: number): void => {
    this.#scheduler.unwatch(fd, "reader");
    this.#scheduler.unwatch(fd, "writer");
  };

  /** @param iterationSeconds how long each iteration takes, of a time that otherwise only goes on when nothing is ready */
  constructor(selector: ScriptedSelector, iterationSeconds = 0) {
    this.selector = selector;
    this.#iterationSeconds = iterationSeconds;
  }

  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    closeListeners.add(this.#forget);
  }

  now(): number {
    return this.#now;
  }

  checkWatches(): void {}

  checkLookups(): void {}

  checkOutside(): void {}

  watch(fd: number, interest: number, generation: number): number {
    return this.selector.watch(fd, interest, generation);
  }

  select(): number {
    return this.selector.select();
  }

  async run(): Promise<void> {
    const scheduler = this.#scheduler;
    const { core, events } = scheduler;
    for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
      scheduler.promisesTouched = false;
      this.#now += this.#iterationSeconds;
      await new Promise<void>((resolve) => afterMicrotasks(resolve));
      const timeout = core.pollTimeout();
      const polled = scheduler.fatal === null ? this.selector.poll(events.view) : 0;
      const count = scheduler.arrivals.fill(events.view, polled);
      if (count > 0) core.takeEvents(count);
      else if (timeout === Number.POSITIVE_INFINITY) throw new Error("nothing can happen any more");
      else if (timeout > 0) this.#now = core.firstDeadline();
      if (scheduler.fatal === null) {
        scheduler.iterating = true;
        const result = core.runReady();
        scheduler.flushes.run();
        scheduler.iterating = false;
        if (result === RunResult.Done) continue;
      }
      core.clearStop();
      const { fatal } = scheduler;
      scheduler.fatal = null;
      if (fatal !== null) throw fatal.error;
      return;
    }
    throw new Error("it goes round in a circle");
  }

  runSync(): void {
    throw new Error("a scripted kernel has no blocking runs");
  }

  wake(): void {}

  wakeThreadsafe(): void {}

  close(): void {
    closeListeners.delete(this.#forget);
    this.selector.close();
  }
}

/**
 * A driver for loops on a scripted kernel: no time passes, nothing of the outside is waited for, and a run that cannot go on
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

/** After so many turns of Node's own loop in which nothing happened, nothing will before the next deadline. */
const NODE_TURNS = 8;

/** How a scripted loop goes on. */
export interface Pace {
  /** How long each iteration takes, of a time that otherwise only goes on when nothing is ready. */
  readonly iterationSeconds?: number;
  /** Whether streams of Node's take part, so that its own loop is to turn as well. */
  readonly besideNode?: boolean;
}

export class ScriptedDriver implements Driver {
  readonly resolutionSeconds = 1e-9;
  readonly hasOutside = false;
  readonly wakeFd = -1;
  readonly willIterate = false;
  readonly selector: ScriptedSelector;
  readonly #iterationSeconds: number;
  readonly #besideNode: boolean;
  #scheduler!: Scheduler;
  #now = 0;
  readonly #forget = (fd: number): void => {
    this.#scheduler.unwatch(fd, "reader");
    this.#scheduler.unwatch(fd, "writer");
  };

  constructor(selector: ScriptedSelector, { iterationSeconds = 0, besideNode = false }: Pace = {}) {
    this.selector = selector;
    this.#iterationSeconds = iterationSeconds;
    this.#besideNode = besideNode;
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
    let turns = 0;
    for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
      scheduler.promisesTouched = false;
      this.#now += this.#iterationSeconds;
      await new Promise<void>((resolve) => {
        if (this.#besideNode) setImmediate(resolve);
        else afterMicrotasks(resolve);
      });
      const timeout = core.pollTimeout();
      const polled = scheduler.fatal === null ? this.selector.poll(events.view) : 0;
      const count = scheduler.arrivals.fill(events.view, polled);
      if (count > 0 || timeout === 0) turns = 0;
      if (count > 0) core.takeEvents(count);
      else if (this.#besideNode && timeout > 0 && ++turns < NODE_TURNS) continue;
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

  wakeNow(): void {
    this.wake();
  }

  wakeThreadsafe(): void {}

  close(): void {
    closeListeners.delete(this.#forget);
    this.selector.close();
  }
}

/**
 * The virtual driver: time stands still while anything is ready, and then jumps to the next deadline.
 *
 * Owns: a clock that starts at 0, and letting promises go on before each jump, so that what they lead to comes before it.
 *
 * Does not own: fds: it has none.
 */
import { AsyncResource } from "node:async_hooks";
import { RunResult } from "../../assembly/abi.js";
import { RuntimeError, UnsupportedError } from "../errors.js";
import { setImmediate } from "../node-timers.js";
import { EBADF } from "../sys/errno.js";
import type { Driver } from "./driver.js";
import { afterMicrotasks } from "./microtasks.js";
import { throwFatal } from "./run-end.js";
import type { Scheduler } from "./scheduler.js";

/** Iterations without a pause for promises, at the most: callbacks may have resolved some without our seeing it. */
const ITERATIONS_IN_A_ROW = 64;

export class VirtualDriver implements Driver {
  readonly resolutionSeconds = 1e-9;
  readonly hasOutside = false;
  readonly wakeFd = -1;
  readonly willIterate = false;
  /** Callbacks belong to the loop and not to whoever runs it, so they run in the context in which the loop was made. */
  readonly #context = new AsyncResource("wasyncio.VirtualEventLoop");
  #scheduler!: Scheduler;
  #now = 0;
  /** Lets a run that waits for promises alone go on. */
  #resume: (() => void) | null = null;

  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#now;
  }

  checkWatches(): void {
    throw new UnsupportedError(
      "ERR_NO_DESCRIPTORS",
      "a VirtualEventLoop watches no file descriptors: use an EventLoop, or a stand-in for what the descriptor tells",
    );
  }

  checkLookups(): void {
    throw new UnsupportedError(
      "ERR_NO_LOOKUPS",
      "a VirtualEventLoop looks up no names: pass a numeric address and port, or use an EventLoop",
    );
  }

  checkOutside(what: string): void {
    throw new UnsupportedError(
      "ERR_NO_OUTSIDE",
      `a VirtualEventLoop has no ${what}: use an EventLoop, or a stand-in for what they tell`,
    );
  }

  watch(): number {
    return -EBADF;
  }

  select(timeoutSeconds: number): number {
    if (timeoutSeconds !== Number.POSITIVE_INFINITY) this.#now += timeoutSeconds;
    return 0;
  }

  run(): Promise<void> {
    return this.#context.runInAsyncScope(this.#iterate, this);
  }

  runSync(): void {
    const scheduler = this.#scheduler;
    scheduler.blocking = true;
    try {
      this.#context.runInAsyncScope(this.#iterateSync, this);
    } finally {
      scheduler.iterating = false;
      scheduler.blocking = false;
      scheduler.core.clearStop();
    }
    throwFatal(scheduler);
  }

  wake(): void {
    this.#resume?.();
    this.#resume = null;
  }

  wakeNow(): void {
    this.wake();
  }

  wakeThreadsafe(): void {
    this.wake();
  }

  close(): void {
    this.#context.emitDestroy();
  }

  async #iterate(): Promise<void> {
    const scheduler = this.#scheduler;
    const { core } = scheduler;
    await microtasks();
    for (let iteration = 1; ; iteration++) {
      let timeout = core.pollTimeout();
      if (timeout > 0 || scheduler.promisesTouched || iteration % ITERATIONS_IN_A_ROW === 0) {
        scheduler.promisesTouched = false;
        await microtasks();
        timeout = core.pollTimeout();
      }
      if (scheduler.fatal === null) {
        if (takeArrivals(scheduler)) timeout = 0;
        if (timeout === Number.POSITIVE_INFINITY) {
          await this.#waitForPromises(scheduler);
          continue;
        }
        if (timeout > 0) this.#now = core.firstDeadline();
        if (runReady(scheduler) === RunResult.Done) continue;
      }
      core.clearStop();
      return throwFatal(scheduler);
    }
  }

  #iterateSync(): void {
    const scheduler = this.#scheduler;
    const { core } = scheduler;
    scheduler.iterating = true;
    while (scheduler.fatal === null) {
      takeArrivals(scheduler);
      const timeout = core.pollTimeout();
      if (timeout === Number.POSITIVE_INFINITY) throw deadlock(scheduler);
      if (timeout > 0) this.#now = core.firstDeadline();
      if (core.runReady() !== RunResult.Done) return;
    }
  }

  /** Nothing is ready and no timer is set: only a promise from elsewhere can help now, and none is left once Node is about to exit. */
  #waitForPromises(scheduler: Scheduler): Promise<void> {
    if (scheduler.promisesAwaited === 0) throw deadlock(scheduler);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#resume = null;
        // From an immediate, so that Node lives on for what the program does about it, and asks again before it exits.
        setImmediate(reject, deadlock(scheduler));
      };
      process.once("beforeExit", giveUp);
      this.#resume = () => {
        process.off("beforeExit", giveUp);
        resolve();
      };
    });
  }
}

/** Gives what has come from outside to the core. Answers whether anything had. */
function takeArrivals({ core, arrivals, events }: Scheduler): boolean {
  const count = arrivals.fill(events.view, 0);
  if (count > 0) core.takeEvents(count);
  return count > 0;
}

function runReady(scheduler: Scheduler): number {
  scheduler.iterating = true;
  const result = scheduler.core.runReady();
  scheduler.iterating = false;
  return result;
}

function deadlock({ tasksInVain }: Scheduler): RuntimeError {
  return new RuntimeError(
    "ERR_VIRTUAL_DEADLOCK",
    `nothing is ready, no timer is set and no promise will settle, so virtual time stands still for ever: stop() the loop, or settle what its tasks wait for${tasksInVain}`,
  );
}

function microtasks(): Promise<void> {
  return new Promise((resolve) => afterMicrotasks(resolve));
}

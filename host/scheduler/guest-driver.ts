/**
 * The guest driver: runs a loop as a guest on Node's own.
 *
 * Owns: ticks. libuv watches the selector's fd; when it turns readable, or something became ready otherwise, a tick runs from
 * `setImmediate`. A tick runs a few iterations, so that the cost of a `setImmediate` is shared, and ends early when promises are to go on.
 * When nothing is left to do it sets the selector's deadline and leaves the thread to Node.
 *
 * Does not own: the fds and the deadline (the selector), the order of things (the core).
 */
import { AsyncResource } from "node:async_hooks";
// The global of this name looks itself up again at every use.
import { performance } from "node:perf_hooks";
import { RunResult } from "../../assembly/abi.js";
import { setImmediate } from "../node-timers.js";
import type { Selector } from "../selector/selector.js";
import { noteActivity } from "../sys/activity.js";
import { closeListeners } from "../sys/fd.js";
import { type ReadableWatch, watchReadable } from "../sys/uv-watch.js";
import { BlockingRun } from "./blocking-run.js";
import type { Driver } from "./driver.js";
import { afterMicrotasks } from "./microtasks.js";
import { takeFatal } from "./run-end.js";
import type { Scheduler } from "./scheduler.js";
import { SecondLook } from "./second-look.js";

/** Iterations of one tick at the most … */
const ITERATIONS_PER_TICK = 512;
/** … the number of them after which the clock is looked at … */
const ITERATIONS_PER_CLOCK = 16;
/** … and the time after which Node has its turn, in seconds. */
const TICK_SECONDS = 0.001;
/** Ticks that may follow one another before Node's own I/O has its turn: after microtasks alone, or out of one callback of Node's. */
const TICKS_IN_A_ROW = 32;
/** After this time ticks that follow microtasks end their row too, in seconds: each may run thousands of callbacks. */
const ROW_SECONDS = 0.005;
/** A deadline this little earlier than the one that is set, in seconds, does not need a system call. */
const DEADLINE_TOLERANCE_SECONDS = 2e-6;

export class GuestDriver implements Driver {
  readonly resolutionSeconds = 1e-9;
  readonly hasOutside = true;
  readonly #selector: Selector;
  readonly #watch: ReadableWatch;
  /** Ticks belong to the loop and not to whoever armed them, so they run in the context in which the loop was made. */
  readonly #context = new AsyncResource("wasyncio.EventLoop");
  #scheduler!: Scheduler;
  #armed = false;
  #deadline = Number.POSITIVE_INFINITY;
  #run: Run | null = null;
  #blocking: BlockingRun | null = null;
  #ticksInARow = 0;
  /** When the first of them had ended; 0 before that. */
  #rowBegan = 0;
  readonly #secondLook = new SecondLook();

  /** Something is to be polled. Called from native code, where there is no context that a tick could inherit. */
  readonly #readable = (): void => {
    if (this.#armed) return;
    this.#armed = true;
    this.#scheduler.promisesTouched = false;
    setImmediate(this.#tick);
  };

  /** Lets go of the watches of an fd that is about to be closed. */
  readonly #forget = (fd: number): void => {
    this.#scheduler.unwatch(fd, "reader");
    this.#scheduler.unwatch(fd, "writer");
  };

  constructor(selector: Selector) {
    this.#selector = selector;
    try {
      this.#watch = watchReadable(selector.fd, this.#readable);
    } catch (error) {
      selector.close();
      throw error;
    }
    // An fd that stays readable while the loop does not run would keep Node turning.
    this.#watch.stop();
  }

  get willIterate(): boolean {
    return this.#armed && this.#run !== null;
  }

  get wakeFd(): number {
    return this.#selector.wakeFd;
  }

  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    closeListeners.add(this.#forget);
  }

  now(): number {
    return performance.now() / 1000;
  }

  checkWatches(): void {}

  checkLookups(): void {}

  checkOutside(): void {}

  watch(fd: number, interest: number, generation: number): number {
    return this.#selector.watch(fd, interest, generation);
  }

  select(timeoutSeconds: number): number {
    return this.#blocking === null ? 0 : this.#blocking.select(timeoutSeconds);
  }

  run(): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.#run = { resolve, reject };
    });
    this.#watch.start();
    // Whatever happened since the last run, the first poll is to see it.
    noteActivity();
    this.#arm();
    return promise;
  }

  runSync(): void {
    noteActivity();
    this.#blocking = new BlockingRun(this.#scheduler, this.#selector);
    try {
      this.#context.runInAsyncScope(this.#blocking.run, this.#blocking);
    } finally {
      this.#blocking = null;
    }
  }

  wake(): void {
    if (!this.#armed && this.#run !== null) this.#arm();
  }

  wakeNow(): void {
    if (this.#armed || this.#run === null) return;
    if (++this.#ticksInARow > TICKS_IN_A_ROW) {
      this.#ticksInARow = 0;
      return this.#arm();
    }
    this.#scheduler.promisesTouched = false;
    this.#context.runInAsyncScope(this.#tick);
  }

  wakeThreadsafe(): void {
    this.#selector.wake();
  }

  close(): void {
    closeListeners.delete(this.#forget);
    this.#watch.close();
    this.#selector.close();
    this.#context.emitDestroy();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#scheduler.promisesTouched = false;
    this.#context.runInAsyncScope(setImmediate, null, this.#tick);
  }

  readonly #tick = (): void => {
    this.#armed = false;
    if (this.#run === null) return;
    const scheduler = this.#scheduler;
    let goOn: boolean;
    scheduler.iterating = true;
    try {
      // First what was put off between two ticks: this one may turn out to be the last.
      if (scheduler.flushes.any) scheduler.flushes.run();
      goOn = scheduler.fatal === null ? this.#iterate(scheduler) : this.#end(scheduler);
    } catch (error) {
      scheduler.fatal = { error };
      goOn = this.#end(scheduler);
    }
    scheduler.iterating = false;
    if (goOn) this.#continue(scheduler);
    else this.#rowBegan = 0;
  };

  /** Iterates for a while. Returns whether there is more to do, now or after microtasks. */
  #iterate(scheduler: Scheduler): boolean {
    const { core, events, arrivals, flushes } = scheduler;
    const selector = this.#selector;
    const secondLook = this.#secondLook;
    let isSecondLook = false;
    let end = 0;
    let timeout = core.pollTimeout();
    for (let iteration = 1; iteration <= ITERATIONS_PER_TICK; iteration++) {
      const polled = timeout > 0 ? selector.pollNow(events.view) : selector.poll(events.view);
      const count = arrivals.fill(events.view, polled);
      if (isSecondLook) secondLook.looked(count > 0);
      if (count > 0) core.takeEvents(count);
      else if (timeout > 0) return this.#idle(timeout);
      const result = core.runReady();
      if (flushes.any) flushes.run();
      if (result !== RunResult.Done) return this.#end(scheduler);
      if (scheduler.promisesTouched) return true;
      timeout = core.pollTimeout();
      // After several events more have probably come, so the kernel is asked in any case; after a single one it depends. Of the
      // arrivals some may have been left for now.
      isSecondLook = timeout > 0 && count === 1 && !arrivals.waiting;
      if (isSecondLook ? !secondLook.isDue() : timeout > 0 && count === 0) return this.#idle(timeout);
      if (iteration % ITERATIONS_PER_CLOCK === 0) {
        const now = this.now();
        if (end === 0) end = now + TICK_SECONDS;
        else if (now > end) return true;
      }
    }
    return true;
  }

  /** Arms the next tick: after microtasks while promises are to go on, but Node's own I/O has its turn at least every now and then. */
  #continue(scheduler: Scheduler): void {
    if (!scheduler.promisesTouched || this.#isRowOver()) {
      this.#ticksInARow = 0;
      this.#rowBegan = 0;
      return this.#arm();
    }
    scheduler.promisesTouched = false;
    this.#armed = true;
    afterMicrotasks(this.#tick);
  }

  #isRowOver(): boolean {
    if (++this.#ticksInARow > TICKS_IN_A_ROW) return true;
    const now = this.now();
    if (this.#rowBegan === 0) this.#rowBegan = now;
    return now - this.#rowBegan > ROW_SECONDS;
  }

  /** Leaves the thread to Node until an fd is ready or `seconds` have passed. */
  #idle(seconds: number): boolean {
    if (seconds === Number.POSITIVE_INFINITY) return false;
    const now = this.now();
    const deadline = now + seconds;
    // A deadline that is set earlier stays set. It costs one idle tick at most, and often saves a system call for each message.
    if (deadline < this.#deadline - DEADLINE_TOLERANCE_SECONDS || this.#deadline <= now) {
      this.#deadline = deadline;
      this.#selector.setDeadline(seconds);
    }
    return false;
  }

  #end(scheduler: Scheduler): boolean {
    const run = this.#run;
    const fatal = takeFatal(scheduler);
    this.#run = null;
    scheduler.core.clearStop();
    this.#watch.stop();
    if (fatal !== null) run?.reject(fatal.error);
    else run?.resolve();
    return false;
  }
}

/** Who waits for the run to end. */
interface Run {
  resolve(): void;
  reject(error: unknown): void;
}

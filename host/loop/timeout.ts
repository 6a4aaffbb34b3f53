/**
 * Time limits for a function.
 *
 * Owns: the deadline, which may be moved; and telling its cancellation from those of others.
 *
 * From: CPython 3.13, timeouts.py. Differs: there is no `async with`, so the limit is that of a function, which runs in
 * a task of its own; whoever cancels that task cancels the function.
 */
import { CancelledError, RuntimeError, TimeoutError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import { keepResult } from "../futures/late-cancellation.js";
import { checkSeconds } from "../futures/sleep.js";
import type { Task } from "../futures/task.js";
import type { Handle } from "../scheduler/handle.js";
import { type Body, checkBody, startBody } from "./body.js";
import type { EventLoop } from "./event-loop.js";
import { getRunningLoop } from "./running-loop.js";
import { steppingTask } from "./tasks.js";

type State = "created" | "active" | "expiring" | "expired" | "finished";

/** What the function gets whose time is limited. */
export class Timeout {
  readonly #loop: EventLoop;
  #state: State = "created";
  #when: number | null;
  #timer: Handle | null = null;
  #task: Task<unknown> | null = null;
  /** How often the task was cancelled before. */
  #cancelsBefore = 0;

  /** @internal Users call `timeout` or `timeoutAt`. */
  constructor(loop: EventLoop, when: number | null) {
    this.#loop = loop;
    this.#when = when;
  }

  /** The deadline, in seconds of `loop.time()`; null for none. */
  when(): number | null {
    return this.#when;
  }

  /**
   * Moves the deadline.
   *
   * @param when in seconds of `loop.time()`; null for none
   * @throws RuntimeError `ERR_TIMEOUT_OVER` when the time is over, or the function; TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME`
   */
  reschedule(when: number | null): void {
    if (when !== null) checkSeconds("when", when);
    if (this.#state !== "active") {
      throw new RuntimeError(
        "ERR_TIMEOUT_OVER",
        `Cannot change state of ${this.#state} Timeout: reschedule it while its function runs, and before the time is over`,
      );
    }
    this.#when = when;
    this.#timer?.cancel();
    this.#timer = null;
    if (when === null) return;
    const loop = this.#loop;
    this.#timer = when <= loop.time() ? loop.callSoon(this.#expire) : loop.callAt(when, this.#expire);
  }

  /** Whether the time was over before the function had ended. */
  expired(): boolean {
    return this.#state === "expiring" || this.#state === "expired";
  }

  /** Such as `<Timeout [active] when=1.5>`. */
  toString(): string {
    return `<Timeout [${this.#state}]${this.#state === "active" ? ` when=${this.#when}` : ""}>`;
  }

  /** @internal Runs what a task has started, and lets it end in time. @param late what the error says while the deadline is the first one */
  *_run<T>(task: Task<unknown>, started: Coroutine<T> | Task<T>, late?: string): Coroutine<T> {
    const first = this.#when;
    this.#begin(task);
    let result: T;
    try {
      result = yield* started;
    } catch (error) {
      if (!this.#end(error)) throw error;
      const isFirst = this.#when === first && late !== undefined;
      const message = isFirst ? late : `the time was over at ${this.#when} s of the loop's clock`;
      throw new TimeoutError(message, { cause: error });
    }
    this.#end(null);
    return result;
  }

  #begin(task: Task<unknown>): void {
    this.#task = task;
    this.#cancelsBefore = task.cancelling();
    this.#state = "active";
    this.reschedule(this.#when);
  }

  /** Returns whether the function has ended because the time was over, and for nothing else. */
  #end(error: unknown): boolean {
    this.#timer?.cancel();
    this.#timer = null;
    const isExpiring = this.#state === "expiring";
    this.#state = isExpiring ? "expired" : "finished";
    if (!isExpiring || this.#task === null) return false;
    return this.#task.uncancel() <= this.#cancelsBefore && error instanceof CancelledError;
  }

  readonly #expire = (): void => {
    this.#state = "expiring";
    this.#timer = null;
    this.#task?._cancelFromWithin();
  };
}

/**
 * Runs a function for `delay` seconds at the longest, then cancels it, and fails once it has ended. A function that
 * ends with anything but the CancelledError ends as it does, though its time was over.
 *
 * @param delay in seconds; null for ever
 * @returns a task that ends as the function does, or with TimeoutError; whose cancellation reaches it
 * @throws TypeError `ERR_NOT_A_NUMBER`, `ERR_NOT_CALLABLE`; ValueError `ERR_BAD_TIME` for NaN; RuntimeError `ERR_NO_RUNNING_LOOP`
 */
export function timeout<T>(delay: number | null, body: Body<T, [Timeout]>): Task<T> {
  if (delay !== null) checkSeconds("delay", delay);
  const loop = getRunningLoop();
  if (delay === null) return limited(loop, null, body);
  return limited(loop, loop.time() + delay, body, `it took longer than ${delay} seconds`);
}

/**
 * As `timeout`, up to a moment.
 *
 * @param when in seconds of `loop.time()`; null for ever
 * @throws as `timeout`
 */
export function timeoutAt<T>(when: number | null, body: Body<T, [Timeout]>): Task<T> {
  if (when !== null) checkSeconds("when", when);
  return limited(getRunningLoop(), when, body);
}

function limited<T>(loop: EventLoop, when: number | null, body: Body<T, [Timeout]>, late?: string): Task<T> {
  checkBody(body);
  const limit = new Timeout(loop, when);
  const task = loop.createTask<T>(function* () {
    // Even one that has no time at all runs up to where it first waits.
    const started = startBody(loop, body, limit);
    return yield* limit._run(steppingTask(loop), started, late);
  });
  return keepResult(task);
}

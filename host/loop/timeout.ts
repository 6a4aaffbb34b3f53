/**
 * Letting a body take no longer than a certain time.
 *
 * Owns: the deadline, which may be moved, and telling its cancellation of the task from those of others.
 *
 * CPython 3.11, timeouts.py; from 3.13 that only cancellations of its own count. Differs: a function that takes the body, since there is no `async with`;
 * a cancellation that the body did not notice any more is taken back.
 */
import { CancelledError, RuntimeError, TimeoutError } from "../errors.js";
import type { Coroutine } from "../futures/coroutine.js";
import { checkSeconds } from "../futures/sleep.js";
import type { Handle } from "../scheduler/handle.js";
import { inScope, type Outcome, Scope, takeBackCancellation } from "./scope.js";

type State = "created" | "active" | "expiring" | "expired" | "finished";

/** The deadline of a body: what `timeout` and `timeoutAt` hand to it. */
export class Timeout extends Scope {
  readonly #cancelling: number;
  #when: number | null;
  #state: State = "created";
  #handle: Handle | null = null;

  /** @internal */
  constructor(call: string, when: number | null) {
    super(call);
    this.#when = when;
    this.#cancelling = this._task.cancelling();
  }

  /** When the time is over, in seconds of `loop.time()`; null for never. */
  when(): number | null {
    return this.#when;
  }

  /**
   * Moves the deadline.
   *
   * @param when in seconds of `loop.time()`; what is past cancels at once; null is never
   * @throws TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME`; RuntimeError `ERR_TIMEOUT_OVER`
   */
  reschedule(when: number | null): void {
    if (when !== null) checkSeconds("when", when);
    if (this.#state !== "created" && this.#state !== "active") {
      throw new RuntimeError("ERR_TIMEOUT_OVER", `the deadline of a timeout that is ${this.#state} cannot be moved`);
    }
    this.#when = when;
    if (this.#state === "active") this.#arm();
  }

  /** Whether the time was over before the body had ended. */
  expired(): boolean {
    return this.#state === "expiring" || this.#state === "expired";
  }

  /** Such as `<Timeout active when=3.5>`. */
  override toString(): string {
    return `<Timeout ${this.#state} when=${this.#when}>`;
  }

  /** @internal */
  override _enter(): void {
    this.#state = "active";
    this.#arm();
  }

  /** @internal */
  override *_leave<T>(outcome: Outcome<T>): Coroutine<T> {
    this.#handle?.cancel();
    const error = "error" in outcome ? outcome.error : null;
    if (this.#state !== "expiring") this.#state = "finished";
    else {
      this.#state = "expired";
      const isOurs = this._task.uncancel() <= this.#cancelling;
      if (isOurs && error instanceof CancelledError) throw new TimeoutError("the time is over", { cause: error });
      if (isOurs) yield* takeBackCancellation(this._task, this.#cancelling);
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** @internal */
  override _abandon(): void {
    this.#handle?.cancel();
    this.#state = "finished";
  }

  #arm(): void {
    this.#handle?.cancel();
    const when = this.#when;
    const loop = this._task._loop;
    if (when === null) this.#handle = null;
    else if (when <= loop.time()) this.#handle = loop.callSoon(expire, this);
    else this.#handle = loop.callAt(when, expire, this);
  }

  /** @internal */
  _expire(): void {
    this.#handle?.cancel();
    this.#state = "expiring";
    this._task.cancel();
  }
}

function expire(timeout: Timeout): void {
  timeout._expire();
}

/**
 * Lets a body take `delay` seconds at the longest: then what it waits for is cancelled, and the whole fails with TimeoutError.
 *
 *     await timeout(10, async () => await fetchAll());
 *     yield* timeout(10, function* (deadline) { … });
 *
 * @param delay in seconds; null for ever
 * @param body a generator function or an async one; it runs in the current task, and is handed the deadline, which it may move
 * @returns what the body returns: a generator to be delegated to, or a promise, as the body is
 * @throws RuntimeError `ERR_NO_TASK` outside of a task, `ERR_NO_RUNNING_LOOP`; TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME`
 */
export function timeout<T>(delay: number | null, body: (deadline: Timeout) => Coroutine<T>): Coroutine<T>;
export function timeout<T>(delay: number | null, body: (deadline: Timeout) => PromiseLike<T>): Promise<T>;
export function timeout<T>(
  delay: number | null,
  body: (deadline: Timeout) => Coroutine<T> | PromiseLike<T>,
): Coroutine<T> | Promise<T> {
  if (delay !== null) checkSeconds("delay", delay);
  const deadline = new Timeout("timeout", null);
  if (delay !== null) deadline.reschedule(deadline._task._loop.time() + delay);
  return inScope(deadline, body);
}

/** As `timeout`, up to a time of the clock that `loop.time()` shows; null is never. */
export function timeoutAt<T>(when: number | null, body: (deadline: Timeout) => Coroutine<T>): Coroutine<T>;
export function timeoutAt<T>(when: number | null, body: (deadline: Timeout) => PromiseLike<T>): Promise<T>;
export function timeoutAt<T>(
  when: number | null,
  body: (deadline: Timeout) => Coroutine<T> | PromiseLike<T>,
): Coroutine<T> | Promise<T> {
  if (when !== null) checkSeconds("when", when);
  return inScope(new Timeout("timeoutAt", when), body);
}

/**
 * Operations: futures with work of their own, which has begun when the caller gets them.
 *
 * Owns: running that work, a generator that yields the futures it waits for, and stopping it when the future is cancelled:
 * a CancelledError is thrown into the generator at once, so that nothing is open any more when `cancel` returns. The same
 * happens to those that are pending when their loop is closed, since nobody could close what they have opened.
 *
 * Does not own: tasks. An operation is what asyncio runs inside the awaiting task, so it is in no list of tasks, and it is
 * done in the very iteration in which its work ends.
 */

import type { FutureState } from "../../assembly/abi.js";
import { CancelledError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { asError } from "../show.js";
import type { Coroutine } from "./coroutine.js";
import type { Future } from "./future.js";
import { markSeen } from "./never-retrieved.js";
import { OwnFuture } from "./own-future.js";

/** The work of an operation. A bare `yield` gives up one iteration. */
export type Work<T> = Coroutine<T>;

/** A future that is done when its work is. */
export class Operation<T> extends OwnFuture<T> {
  readonly #work: Work<T>;
  readonly #call: string | null;
  #waitsFor: Future<unknown> | null = null;
  #working = false;

  /**
   * Begins with the work, up to its first wait.
   *
   * @param discard closes what the work has opened, for nobody who could
   * @param call what texts call it, such as `StreamWriter.drain`; null for `Operation`
   */
  constructor(loop: EventLoop, work: Work<T>, discard: ((value: T) => void) | null = null, call: string | null = null) {
    super(loop, discard);
    this.#call = call;
    this.#work = work;
    this.#advance();
    if (!this.done()) loop._unfinished.add(this);
  }

  /** @internal */
  override get _kind(): string {
    return this.#call ?? super._kind;
  }

  /** @internal */
  override get _parts(): Iterable<Future> {
    return this.#waitsFor === null ? [] : [this.#waitsFor];
  }

  /** Cancels it: what it waits for is cancelled, and what it has opened is closed. */
  override cancel(message?: string): boolean {
    if (this.done()) return this._isOver();
    try {
      return super.cancel(message);
    } finally {
      if (!this.#working) this.#stop();
    }
  }

  /** @internal Its loop was closed: it never goes on, and what it has opened is closed. */
  _abandon(): void {
    this.#stop();
  }

  /** @internal */
  override _leave(state: FutureState.Cancelled | FutureState.Finished): void {
    this._loop._unfinished.delete(this);
    super._leave(state);
  }

  readonly #advance = (waitedFor?: Future<unknown>): void => {
    if (this.done()) {
      // Its exception came too late for anybody to see it.
      if (waitedFor !== undefined) markSeen(waitedFor);
      return;
    }
    this.#waitsFor = null;
    this.#working = true;
    try {
      const step = this.#work.next();
      if (this.done()) this.#stop();
      else if (step.done) this._succeed(step.value);
      else this.#wait(step.value);
    } catch (error) {
      if (!this.done()) this._failWith(asError(error));
    } finally {
      this.#working = false;
    }
  };

  #wait(future: Future<unknown> | undefined): void {
    if (future === undefined) {
      this._loop.callSoon(this.#advance);
      return;
    }
    this.#waitsFor = future;
    future.addDoneCallback(this.#advance);
  }

  /** Lets the work clean up after itself. */
  #stop(): void {
    const waitsFor = this.#waitsFor;
    this.#waitsFor = null;
    if (waitsFor !== null && !this._scheduler.closed) waitsFor.cancel();
    try {
      this.#work.throw(new CancelledError());
    } catch {
      // Whoever cancels does not want to know how far the work had come.
    }
  }
}

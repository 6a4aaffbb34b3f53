/**
 * Futures whose result comes from work of their own: an operation, a call on a socket.
 *
 * Owns: closing a result that nobody gets. The only one who waits may be cancelled in the very turn in which the result comes; then the
 * result is closed, unless somebody has it already. If closing it fails, the exception handler is told, and the cancellation goes on.
 *
 * Does not own: the work. Cancelling is how others end it: a result of theirs would take the place of what the work opens, which nobody
 * would close then (`own-result.ts`).
 */
import type { AsyncResource } from "node:async_hooks";
import { FutureState } from "../../assembly/abi.js";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { DoneCallback } from "./future.js";
import { OwnResult } from "./own-result.js";

export class OwnFuture<T> extends OwnResult<T> {
  /** How many were ever registered to hear of the result. */
  #listeners = 0;
  #discard: ((value: T) => void) | null;
  /** @internal Whether somebody has the result. */
  _isTaken = false;

  /** @param discard closes a result that nobody gets */
  constructor(loop: EventLoop, discard: ((value: T) => void) | null = null) {
    super(loop, loop._scheduler);
    this.#discard = discard;
  }

  /** @internal */
  override _enter(): number {
    this.#listeners++;
    return super._enter();
  }

  /** @internal */
  override _addCallback(callback: DoneCallback<T>, context: AsyncResource | null | undefined): void {
    this.#listeners++;
    super._addCallback(callback, context);
  }

  /** @internal Whether anybody beside the one who was cancelled waits for the result, or has it. */
  protected get _isOthers(): boolean {
    return this.#listeners > 1 || this._isTaken;
  }

  /** @internal */
  override _take(): T {
    this._isTaken = true;
    return super._take();
  }

  /** @internal */
  override _undelivered(): void {
    const discard = this.#discard;
    if (discard === null || this._isOthers) return;
    if (this._state !== FutureState.Finished || this._failed) return;
    this.#discard = null;
    try {
      discard(this._value as T);
    } catch (exception) {
      if (exception instanceof FatalError) throw exception;
      const message = "Giving back a result that nobody gets failed";
      this._loop.callExceptionHandler({ message, exception, future: this });
    }
  }
}

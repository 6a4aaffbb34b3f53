/**
 * What a coroutine on another thread's loop comes to.
 *
 * Owns: the outcome, and who hears of it: promises, and a thread that blocks for it.
 *
 * Does not own: how it arrives (`remote-loop.ts`).
 *
 * From: CPython 3.11, concurrent.futures `Future`, as `asyncio.run_coroutine_threadsafe` returns it.
 */
import { CancelledError } from "../errors.js";

/** What a future asks of the loop that it belongs to. */
export interface RemoteWork {
  /** Asks the loop to cancel the task. */
  cancel(id: number): void;
  /** Blocks until the future is done. @throws TimeoutError; RuntimeError */
  wait(future: RemoteFuture<unknown>, timeoutSeconds: number): void;
}

/** The outcome of `runCoroutineThreadsafe`, to be awaited or waited for. */
export class RemoteFuture<T> implements PromiseLike<T> {
  readonly #work: RemoteWork;
  readonly #id: number;
  #outcome: { readonly error: Error | null; readonly value: T | undefined } | null = null;
  #listeners: (() => void)[] = [];

  /** @internal */
  constructor(work: RemoteWork, id: number) {
    this.#work = work;
    this.#id = id;
  }

  /** Whether it has a result, has failed or was cancelled. */
  done(): boolean {
    return this.#outcome !== null;
  }

  /** Whether the task was cancelled. */
  cancelled(): boolean {
    return this.#outcome?.error instanceof CancelledError;
  }

  /** Asks the loop to cancel the task, which may catch that and go on. Returns false when it is done. */
  cancel(): boolean {
    if (this.#outcome !== null) return false;
    this.#work.cancel(this.#id);
    return true;
  }

  /**
   * Blocks this thread until the coroutine has ended.
   *
   * @param timeout seconds; for ever by default
   * @returns what it returned
   * @throws what it threw, with its stack in the loop's thread; CancelledError; TimeoutError, and then it still goes
   *   on; RuntimeError `ERR_LOOP_CLOSED` when the loop was closed before or its thread has ended, `ERR_DEADLOCK` on the
   *   loop's own thread; TypeError `ERR_NOT_A_NUMBER`; ValueError `ERR_BAD_TIME`
   */
  result(timeout = Number.POSITIVE_INFINITY): T {
    if (this.#outcome === null) this.#work.wait(this, timeout);
    const { error, value } = this.#outcome as unknown as { error: Error | null; value: T };
    if (error !== null) throw error;
    return value;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        const { error, value } = this.#outcome as unknown as { error: Error | null; value: T };
        if (error === null) resolve(value);
        else reject(error);
      };
      if (this.#outcome === null) this.#listeners.push(settle);
      else settle();
    });
    return promise.then(onFulfilled, onRejected);
  }

  /** @internal */
  _settle(error: Error | null, value: T | undefined): void {
    if (this.#outcome !== null) return;
    this.#outcome = { error, value };
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

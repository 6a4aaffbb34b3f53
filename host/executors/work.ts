/**
 * Work that a pool was given.
 *
 * Owns: what is sent, and who hears what it comes to. Listeners are called at once, without a promise in between; `then` makes one.
 *
 * Does not own: whose turn it is (`pool-executor.ts`).
 *
 * From: CPython 3.11, concurrent.futures `Future`.
 */
import { CancelledError } from "../errors.js";
import type { Submission } from "./executor.js";
import type { ShippedFunction } from "./shipped-function.js";
import type { SentArguments, Transferable } from "./transfer.js";

/** Is told what work came to: an error, or null and a value. */
type Listener<T> = (error: Error | null, value: T | undefined) => void;

/** Work in a pool: a promise of what it comes to. It cannot be taken back once it has begun. */
export class Work<T> implements Submission<T> {
  /** @internal */ readonly shipped: ShippedFunction;
  /** @internal Clones, as they were at the call. */ readonly args: unknown[];
  /** @internal */ readonly transfer: Transferable[] | undefined;
  readonly #takeBack: (work: Work<T>) => boolean;
  #hasBegun = false;
  #outcome: { readonly error: Error | null; readonly value: T | undefined } | null = null;
  #listeners: Listener<T>[] = [];

  /** @internal @param prepare `forThread` or `forProcess` @throws what `prepare` throws */
  constructor(
    shipped: ShippedFunction,
    args: readonly unknown[],
    prepare: (args: readonly unknown[]) => SentArguments,
    takeBack: (work: Work<T>) => boolean,
  ) {
    this.shipped = shipped;
    const plain = args.map((arg) => arg);
    const needsClone = plain.some((arg) =>
      typeof arg === "object" ? arg !== null : typeof arg === "function" || typeof arg === "symbol",
    );
    const sent = needsClone ? prepare(plain) : { args: plain, transfer: undefined };
    this.args = sent.args;
    this.transfer = sent.transfer;
    this.#takeBack = takeBack;
  }

  /** Takes it back. Returns false when it has begun. */
  cancel(): boolean {
    if (this.#outcome !== null || this.#hasBegun || !this.#takeBack(this)) return false;
    this.#settle(new CancelledError("the work was cancelled before it began"), undefined);
    return true;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const promise = new Promise<T>((resolve, reject) => {
      this._whenDone((error, value) => (error === null ? resolve(value as T) : reject(error)));
    });
    return promise.then(onFulfilled, onRejected);
  }

  /** @internal Calls the listener when it is done, at once if it is. */
  _whenDone(listener: Listener<T>): void {
    if (this.#outcome === null) this.#listeners.push(listener);
    else listener(this.#outcome.error, this.#outcome.value);
  }

  /** @internal */
  _begin(): void {
    this.#hasBegun = true;
  }

  /** @internal */
  _succeed(value: T): void {
    this.#settle(null, value);
  }

  /** @internal */
  _fail(error: Error): void {
    this.#settle(error, undefined);
  }

  #settle(error: Error | null, value: T | undefined): void {
    this.#outcome = { error, value };
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(error, value);
  }
}

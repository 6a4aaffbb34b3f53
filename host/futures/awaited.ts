/**
 * What an async function awaits.
 *
 * An async function goes on in Node's microtasks, where its task cannot see it. What the task can see is which futures of ours the
 * function comes to await, and when each of them tells it something.
 *
 * Owns: these futures; which of them the function may have left behind, as Promise.race() does; finding out whether it hears of a
 * cancellation that has reached such futures alone.
 *
 * Does not own: what a cancellation leads to (`task.ts`).
 */
import { afterMicrotasks } from "../scheduler/microtasks.js";
import type { Future } from "./future.js";

/** A cancellation of which it is not clear whether the function hears. */
interface Doubt {
  readonly message: string | undefined;
  /** Whether what it has cancelled was told of it. */
  isDelivered: boolean;
}

export class Awaited {
  readonly #owe: (message: string | undefined) => void;
  /**
   * For each the value of `#goneOn` when the function came to await it: if that has grown since, the function may wait
   * elsewhere by now.
   */
  readonly #futures = new Map<Future, number>();
  /** How often a future has told the function something, so that it went on. */
  #goneOn = 0;
  #doubt: Doubt | null = null;

  /** @param owe is told of a cancellation that the function has not heard of */
  constructor(owe: (message: string | undefined) => void) {
    this.#owe = owe;
  }

  /** Those that have not told it anything yet. */
  get futures(): Iterable<Future> {
    return this.#futures.keys();
  }

  /** The function comes to await one. */
  add(future: Future): void {
    this.#futures.set(future, this.#goneOn);
    const doubt = this.#doubt;
    if (doubt === null) return;
    this.#doubt = null;
    // The function has gone on before the cancelled future told it anything, so it was not waiting for that one.
    if (!doubt.isDelivered) this.#owe(doubt.message);
  }

  /** A future is about to tell the function something. Returns whether the function may have left that future behind. */
  remove(future: Future): boolean {
    const mayBeLeft = this.#futures.get(future) !== this.#goneOn;
    this.#futures.delete(future);
    this.#goneOn++;
    return mayBeLeft;
  }

  /** Calls `cancel` with each, which answers whether that one agrees to be cancelled. Returns whether any does. */
  cancel(message: string | undefined, cancel: (future: Future) => boolean): boolean {
    let agreed = false;
    let isCertain = false;
    for (const [future, goneOn] of [...this.#futures]) {
      if (!cancel(future)) continue;
      agreed = true;
      if (goneOn === this.#goneOn) isCertain = true;
    }
    this.#doubt = agreed && !isCertain ? { message, isDelivered: false } : null;
    return agreed;
  }

  /** It is not clear whether the function hears of this cancellation. */
  doubt(message: string | undefined): void {
    this.#doubt = { message, isDelivered: false };
  }

  /** The cancellation was taken back. */
  dispel(): void {
    this.#doubt = null;
  }

  /**
   * The cancelled future has told the function. If the function hears of it, it ends or awaits something before all
   * microtasks have run.
   */
  delivered(): void {
    const doubt = this.#doubt;
    if (doubt === null || doubt.isDelivered) return;
    doubt.isDelivered = true;
    afterMicrotasks(() => {
      if (this.#doubt !== doubt) return;
      this.#doubt = null;
      this.#owe(doubt.message);
    });
  }
}

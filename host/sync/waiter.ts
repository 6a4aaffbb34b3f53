/**
 * Whoever waits for a turn.
 *
 * Owns: futures that wait in a queue, and leave it as soon as they are done, however that comes about; and futures that need not wait.
 *
 * Does not own: when it is whose turn. A turn is given with the result of the future; if the only one who awaits it is
 * cancelled just then, it is given back (`futures/own-future.ts`).
 */
import type { FutureState } from "../../assembly/abi.js";
import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";

/** Those who wait, the first to come first. */
export type Waiters<W> = Set<W>;

/** The first of those who wait. */
export function firstOf<W>(waiters: Waiters<W>): W | undefined {
  return waiters.values().next().value;
}

/** How many wait, as it stands at the end of a lock's text; nothing if nobody does. */
export function countOf(waiters: Waiters<unknown>): string {
  return waiters.size > 0 ? `, waiters:${waiters.size}` : "";
}

/** Waits in a queue, and has a turn in the end. */
export class Waiter<T> extends OwnFuture<T> {
  readonly #call: string;
  #waiters: Waiters<Waiter<T>> | null;

  /**
   * @param call what texts call it, such as `Queue.get`
   * @param giveBack is called with a result that nobody gets
   */
  constructor(
    loop: EventLoop,
    call: string,
    waiters: Waiters<Waiter<T>>,
    giveBack: ((value: T) => void) | null = null,
  ) {
    super(loop, giveBack);
    this.#call = call;
    this.#waiters = waiters;
    waiters.add(this);
  }

  override get _kind(): string {
    return this.#call;
  }

  override _settle(state: FutureState.Cancelled | FutureState.Finished): void {
    this._waitNowhere();
    super._settle(state);
  }

  /** Goes to the end of another queue. */
  _waitIn(waiters: Waiters<Waiter<T>>): void {
    this._waitNowhere();
    this.#waiters = waiters;
    waiters.add(this);
  }

  /** Leaves the queue. */
  _waitNowhere(): void {
    this.#waiters?.delete(this);
    this.#waiters = null;
  }

  /** Lets who awaits it go on. */
  _wake(value: T): void {
    this._succeed(value);
  }

  /** Fails who awaits it. */
  _refuse(error: Error): void {
    this._failWith(error);
  }
}

/** The future of somebody who need not wait. */
class AtOnce<T> extends OwnFuture<T> {
  constructor(loop: EventLoop, value: T, giveBack: ((value: T) => void) | null) {
    super(loop, giveBack);
    this._succeed(value);
  }
}

/** A future that is done already, with that value. */
export function atOnce<T>(loop: EventLoop, value: T, giveBack: ((value: T) => void) | null = null): OwnFuture<T> {
  return new AtOnce(loop, value, giveBack);
}

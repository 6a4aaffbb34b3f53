/**
 * Several things in the order in which they are done.
 *
 * From: CPython 3.13, tasks.py `as_completed`. Differs: what the plain iterator gives are futures, not coroutines.
 */
import { checkOptions } from "../arguments.js";
import { TimeoutError } from "../errors.js";
import type { Awaitable, ResultOf } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import { OwnFuture } from "../futures/own-future.js";
import { checkSeconds } from "../futures/sleep.js";
import type { TimerHandle } from "../scheduler/handle.js";
import type { EventLoop } from "./event-loop.js";
import { allOnOneLoop, checkSeveral } from "./one-loop.js";

/** What `asCompleted` takes besides the awaitables. */
export interface AsCompletedOptions {
  /** In seconds, from the call on; null, the default, for ever. What is not done then fails with TimeoutError, and goes on. */
  timeout?: number | null;
}

/** One of the awaitables itself if it is a future, else the task or future that was made of it. */
export type FutureOf<A extends Awaitable<unknown>> = A extends Future<unknown> ? A : Future<ResultOf<A>>;

/** For `for` a future for each of them, for `for await` one of them after the other. */
export interface CompletedIterator<A extends Awaitable<unknown>> extends IterableIterator<Future<ResultOf<A>>> {
  [Symbol.asyncIterator](): FuturesInTurn<FutureOf<A>>;
}

/** An AsyncIterator of futures, of which TypeScript does not believe that `for await` gives their results. */
export interface FuturesInTurn<F> {
  next(): Promise<IteratorResult<F, undefined>>;
  return(): Promise<IteratorResult<F, undefined>>;
}

/**
 * Gives a future for each of them, to be awaited before the next one is asked for: it comes to what the next that is done comes to.
 *
 *     for (const next of asCompleted(downloads)) console.log(await next);
 *
 * In an async function `for await` gives those themselves that are done, so that one can tell which it is; when the time is over, it throws
 * the TimeoutError itself.
 *
 *     for await (const download of asCompleted(downloads)) console.log(names.get(download), download.result());
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_NOT_AWAITABLE`, `ERR_NOT_A_NUMBER`, `ERR_UNKNOWN_OPTION`; ValueError
 *   `ERR_FOREIGN_FUTURE`, `ERR_BAD_TIME`
 */
export function asCompleted<A extends Awaitable<unknown>>(
  awaitables: Iterable<A>,
  options: AsCompletedOptions = {},
): CompletedIterator<A> {
  checkSeveral("asCompleted", awaitables);
  checkOptions("asCompleted", options, ["timeout"]);
  const { timeout = null } = options;
  if (timeout !== null) checkSeconds("timeout", timeout);
  return new Completions<A>(new Set(allOnOneLoop(awaitables)) as Set<Future<ResultOf<A>>>, timeout);
}

class Completions<A extends Awaitable<unknown>, T = ResultOf<A>> implements IterableIterator<Future<T>> {
  readonly #pending: Set<Future<T>>;
  readonly #done: Future<T>[] = [];
  readonly #waiters: Waiter<T>[] = [];
  /** Null where there is nothing to wait for. */
  readonly #loop: EventLoop | null;
  readonly #timer: TimerHandle | null = null;
  #left: number;
  #isOver = false;

  constructor(futures: Set<Future<T>>, timeout: number | null) {
    this.#pending = futures;
    this.#left = futures.size;
    const [first] = futures;
    this.#loop = first?.getLoop() ?? null;
    for (const future of futures) future.addDoneCallback(this.#completed);
    if (timeout !== null && this.#loop !== null) this.#timer = this.#loop.callLater(timeout, () => this.#timeIsOver());
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.asyncIterator](): FuturesInTurn<FutureOf<A>> {
    return {
      next: async () => {
        if (this.#left === 0) return { done: true, value: undefined };
        return await this.#turn(new NextItself<FutureOf<A>, T>(this.#loop as EventLoop, this.#pending, this.#giveBack));
      },
      return: async () => this.return(),
    };
  }

  next(): IteratorResult<Future<T>, undefined> {
    if (this.#left === 0) return { done: true, value: undefined };
    return { done: false, value: this.#turn(new Next<T>(this.#loop as EventLoop, this.#pending, this.#giveBack)) };
  }

  #turn<W extends Waiter<T>>(waiter: W): W {
    this.#left--;
    const done = this.#done.shift();
    if (done !== undefined) waiter._is(done);
    else if (this.#isOver) waiter._failWith(timeoutError());
    else this.#waiters.push(waiter);
    return waiter;
  }

  /** Lets go of those that are not done, which go on. */
  return(): IteratorReturnResult<undefined> {
    this.#left = 0;
    this.#letGo();
    return { done: true, value: undefined };
  }

  readonly #completed = (future: Future<T>): void => {
    this.#pending.delete(future);
    if (this.#pending.size === 0) this.#timer?.cancel();
    const waiter = this.#nextWaiter();
    if (waiter === undefined) this.#done.push(future);
    else waiter._is(future);
  };

  /** The one that was to get this future is cancelled just then: the next one gets it, which may be waiting already. */
  readonly #giveBack = (future: Future<T>): void => {
    const waiter = this.#nextWaiter();
    if (waiter === undefined) this.#done.unshift(future);
    else waiter._is(future);
  };

  /** The first that still waits. One that was cancelled meanwhile takes nothing away from those behind it. */
  #nextWaiter(): Waiter<T> | undefined {
    let waiter = this.#waiters.shift();
    while (waiter?.done()) waiter = this.#waiters.shift();
    return waiter;
  }

  #timeIsOver(): void {
    this.#isOver = true;
    this.#letGo();
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) {
      waiter._failWith(timeoutError());
    }
  }

  #letGo(): void {
    this.#timer?.cancel();
    for (const future of this.#pending) future.removeDoneCallback(this.#completed);
  }
}

interface Waiter<T> {
  done(): boolean;
  _is(source: Future<T>): void;
  _failWith(error: Error): void;
}

/** Waits for the next one that is done, and gives `R` of it. */
abstract class Turn<R, T> extends OwnFuture<R> implements Waiter<T> {
  readonly #giveBack: (source: Future<T>) => void;
  readonly #pending: Iterable<Future<T>>;
  #source: Future<T> | null = null;

  /**
   * @param pending it stands for one of these
   * @param giveBack called with the future that it stands for, if the one who asked does not get it
   */
  constructor(loop: EventLoop, pending: Iterable<Future<T>>, giveBack: (source: Future<T>) => void) {
    super(loop);
    this.#pending = pending;
    this.#giveBack = giveBack;
  }

  override get _parts(): Iterable<Future> {
    return this.#pending as Iterable<Future<unknown>>;
  }

  /** From here on it stands for this one. */
  _is(source: Future<T>): void {
    this.#source = source;
    this._endWith(source);
  }

  protected abstract _endWith(source: Future<T>): void;

  /** Whoever asked for it is cancelled before going on. If it was awaited by others too, they have it. */
  override _undelivered(): void {
    if (this._isOthers) return;
    const source = this.#source;
    this.#source = null;
    if (source !== null) this.#giveBack(source);
  }
}

/** What the next one comes to. */
class Next<T> extends Turn<T, T> {
  protected override _endWith(source: Future<T>): void {
    this._endAs(source);
  }
}

/** The next one itself, in an object: whoever awaits a future has its result. */
class NextItself<F, T> extends Turn<IteratorResult<F, undefined>, T> {
  protected override _endWith(source: Future<T>): void {
    this._succeed({ done: false, value: source as F });
  }
}

function timeoutError(): TimeoutError {
  return new TimeoutError("not all of it was done in time");
}

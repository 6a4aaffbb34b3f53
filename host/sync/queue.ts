/**
 * Queues between tasks.
 *
 * Owns: who waits for an item, for room, or for all work to be done; how many items are put and not done; shutting down.
 *
 * Does not own: the order of the items (`items.ts`).
 *
 * From: CPython 3.13, queues.py `Queue`. Differs: an item that is put while somebody waits belongs to the one
 * who has waited longest at once, and so does room that is made, so that nobody can come in between; whoever is cancelled in that very
 * turn gives the item, or the room, back.
 */
import { checkBoolean, checkInteger } from "../arguments.js";
import { QueueEmpty, QueueFull, QueueShutDown, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { FirstItems, type Items } from "./items.js";
import { LoopBound } from "./loop-bound.js";
import { atOnce, firstOf, Waiter, type Waiters } from "./waiter.js";

/** Hands items from those who put them to those who get them, first in, first out. */
export class Queue<T = unknown> extends LoopBound {
  readonly #maxsize: number;
  readonly #items: Items<T>;
  readonly #getters: Waiters<Waiter<T>> = new Set();
  readonly #putters: Waiters<Waiter<void>> = new Set();
  /** The item that each of the putters is to put. */
  readonly #itemOf = new WeakMap<Waiter<void>, T>();
  readonly #joiners: Waiters<Waiter<void>> = new Set();
  #unfinished = 0;
  #isShutDown = false;
  /** Whether it was shut down at once: an item that comes back is dropped as well. */
  #isDropped = false;

  /**
   * @param maxsize how many items there may be; 0, the default, or less for any number
   * @param items is for subclasses
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE` if it is no integer
   */
  constructor(maxsize = 0, items: Items<T> = new FirstItems()) {
    super();
    this.#maxsize = checkInteger("maxsize", maxsize, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.#items = items;
  }

  /** How many items there may be; 0 or less for any number. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /** How many items there are. */
  qsize(): number {
    return this.#items.size;
  }

  /** Whether there is none. */
  empty(): boolean {
    return this.#items.size === 0;
  }

  /** Whether there is no room. */
  full(): boolean {
    return this.#maxsize > 0 && this.#items.size >= this.#maxsize;
  }

  /**
   * Puts an item, waiting for room if there is none.
   *
   * @returns what fails with QueueShutDown when the queue is shut down, also while it waits
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  put(item: T): Future<void> {
    const loop = this._boundLoop();
    if (!this.#isShutDown && !this.full()) {
      this.#add(item);
      return atOnce(loop, undefined);
    }
    const putter = new Waiter<void>(loop, "Queue.put", this.#putters, () => this.#takeBack(item));
    this.#itemOf.set(putter, item);
    if (this.#isShutDown) putter._refuse(takesNoMore());
    return putter;
  }

  /** Puts an item. @throws QueueFull, QueueShutDown */
  putNowait(item: T): void {
    if (this.#isShutDown) throw takesNoMore();
    if (this.full()) throw new QueueFull(`there are ${this.#maxsize} items: wait with put(), or get some`);
    this.#add(item);
  }

  /**
   * Takes the next item, waiting for one if there is none. Those who wait get theirs in the order in which they came.
   * If whoever waits is cancelled, even in the turn in which the item comes, the next one gets it.
   *
   * @returns what fails with QueueShutDown when the queue is shut down and empty, also while it waits
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  get(): Future<T> {
    const loop = this._boundLoop();
    if (this.empty()) {
      const getter = new Waiter<T>(loop, "Queue.get", this.#getters, this.#giveBack);
      if (this.#isShutDown) getter._refuse(hasNoMore());
      return getter;
    }
    return atOnce(loop, this.#take(), this.#giveBack);
  }

  /** Takes the next item. @throws QueueEmpty, QueueShutDown */
  getNowait(): T {
    if (this.empty() && this.#isShutDown) throw hasNoMore();
    if (this.empty()) throw new QueueEmpty("there are no items: wait with get()");
    return this.#take();
  }

  /** Says that the work on an item is done, once for each that was got. @throws ValueError `ERR_TASK_DONE_TOO_OFTEN` */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new ValueError(
        "ERR_TASK_DONE_TOO_OFTEN",
        "taskDone() called too many times: call it once for each item that was got",
      );
    }
    this.#finishOne();
  }

  /**
   * Waits until `taskDone` was called for each item that was put.
   *
   * @throws RuntimeError `ERR_NO_RUNNING_LOOP`, `ERR_FOREIGN_LOOP`
   */
  join(): Future<void> {
    const loop = this._boundLoop();
    return this.#unfinished === 0 ? atOnce(loop, undefined) : new Waiter<void>(loop, "Queue.join", this.#joiners);
  }

  /**
   * Ends the queue: it takes no more items, and whoever waits for room fails with QueueShutDown. So does whoever gets,
   * once there are no items left. May be called again.
   *
   * @param immediate whether to drop the items that are there, and count the work on them as done
   * @throws TypeError `ERR_INVALID_ARG_TYPE`
   */
  shutdown(immediate = false): void {
    checkBoolean("immediate", immediate);
    this.#isShutDown = true;
    for (const putter of [...this.#putters]) putter._refuse(takesNoMore());
    for (const getter of [...this.#getters]) getter._refuse(hasNoMore());
    if (!immediate) return;
    this.#isDropped = true;
    while (!this.empty()) {
      this.#items.take();
      this.#finishOne();
    }
  }

  /** The items, until the queue is shut down and has none. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof QueueShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  /** Such as `<Queue maxsize=2 items=1 putters=3 tasks=4>`. */
  override toString(): string {
    const counts = {
      items: this.qsize(),
      getters: this.#getters.size,
      putters: this.#putters.size,
      tasks: this.#unfinished,
    };
    const words = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${name}=${count}`] : []));
    if (this.#isShutDown) words.push("shutdown");
    return `<${[this.constructor.name, `maxsize=${this.#maxsize}`, ...words].join(" ")}>`;
  }

  #add(item: T): void {
    const getter = firstOf(this.#getters);
    if (getter === undefined) this.#items.add(item);
    else getter._wake(item);
    this.#unfinished++;
  }

  #take(): T {
    const item = this.#items.take();
    this.#letPut();
    return item;
  }

  /** Has those who wait for room put their items, as far as there is some. */
  #letPut(): void {
    while (!this.full()) {
      const putter = firstOf(this.#putters);
      if (putter === undefined) return;
      try {
        this.#add(this.#itemOf.get(putter) as T);
        putter._wake();
      } catch (error) {
        // It cannot be compared with the others: that is the business of whoever puts it.
        putter._refuse(error as Error);
      }
    }
  }

  /** Nobody gets this item, though it was taken. */
  readonly #giveBack = (item: T): void => {
    const getter = firstOf(this.#getters);
    if (getter !== undefined) getter._wake(item);
    else if (this.#isDropped) this.#finishOne();
    else this.#items.putBack(item);
  };

  /** Whoever put this item was cancelled before going on. If somebody has got it, it was put all the same. */
  #takeBack(item: T): void {
    if (!this.#items.remove(item)) return;
    this.#finishOne();
    this.#letPut();
  }

  #finishOne(): void {
    if (this.#unfinished > 0) this.#unfinished--;
    if (this.#unfinished > 0) return;
    for (const joiner of [...this.#joiners]) joiner._wake();
  }
}

function takesNoMore(): QueueShutDown {
  return new QueueShutDown("the queue is shut down: it takes no more items");
}

function hasNoMore(): QueueShutDown {
  return new QueueShutDown("the queue is shut down, and has no more items: stop to get any");
}

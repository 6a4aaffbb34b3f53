/**
 * The items of queues, in the order in which each kind gives them out.
 *
 * Owns: what comes first, what comes last, what has the highest priority; taking an item out again, and putting one back.
 *
 * Does not own: how many there may be, and who waits (`queue.ts`).
 *
 * From: CPython 3.13, queues.py `_init`, `_get` and `_put` of the three. Differs: items of equal priority come out in
 * the order in which they were put.
 */

/** What a queue keeps its items in. */
export interface Items<T> {
  readonly size: number;
  add(item: T): void;
  /** The next one; there is one. */
  take(): T;
  /** Makes one that was taken the next one again. */
  putBack(item: T): void;
  /** Takes out the one that was added last of those that are this item. Returns whether there was one. */
  remove(item: T): boolean;
}

/** Compares two items as `Array.sort` has it: less than 0 if the first one comes first. */
export type Compare<T> = (a: T, b: T) => number;

/** Items that were taken are let go of in one go, when they are half of the array and as many as this. */
const TAKEN_MAX = 1024;

/** First in, first out. */
export class FirstItems<T> implements Items<T> {
  #items: (T | undefined)[] = [];
  #taken = 0;

  get size(): number {
    return this.#items.length - this.#taken;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    const item = this.#items[this.#taken] as T;
    this.#items[this.#taken++] = undefined;
    if (this.#taken === this.#items.length || (this.#taken >= TAKEN_MAX && this.#taken * 2 >= this.#items.length)) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  putBack(item: T): void {
    if (this.#taken > 0) this.#items[--this.#taken] = item;
    else this.#items.unshift(item);
  }

  remove(item: T): boolean {
    const index = lastIndexOf(this.#items, item);
    if (index < this.#taken) return false;
    this.#items.splice(index, 1);
    return true;
  }
}

/** Last in, first out. */
export class LastItems<T> implements Items<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    return this.#items.pop() as T;
  }

  putBack(item: T): void {
    this.#items.push(item);
  }

  remove(item: T): boolean {
    const index = lastIndexOf(this.#items, item);
    if (index < 0) return false;
    this.#items.splice(index, 1);
    return true;
  }
}

/** Finds NaN, too. */
function lastIndexOf<T>(items: readonly T[], item: T): number {
  return items.findLastIndex((each) => Object.is(each, item));
}

interface Ranked<T> {
  readonly item: T;
  /** The higher, the later it was put. */
  readonly rank: number;
}

/** Lowest first, in a binary heap. */
export class LowestItems<T> implements Items<T> {
  readonly #heap: Ranked<T>[] = [];
  readonly #compare: Compare<T>;
  #ranks = 0;
  #ranksBefore = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(item: T): void {
    this.#push({ item, rank: ++this.#ranks });
  }

  take(): T {
    return this.#removeAt(0).item;
  }

  putBack(item: T): void {
    this.#push({ item, rank: --this.#ranksBefore });
  }

  remove(item: T): boolean {
    let last = -1;
    for (const [index, each] of this.#heap.entries()) {
      if (Object.is(each.item, item) && each.rank > (this.#heap[last]?.rank ?? Number.NEGATIVE_INFINITY)) last = index;
    }
    if (last < 0) return false;
    this.#removeAt(last);
    return true;
  }

  /** Compares before anything moves, so that an item that cannot be compared is not there afterwards. */
  #push(entry: Ranked<T>): void {
    let place = this.#heap.length;
    while (place > 0 && this.#comesFirst(entry, this.#heap[(place - 1) >> 1] as Ranked<T>)) place = (place - 1) >> 1;
    let from = this.#heap.push(entry) - 1;
    while (from > place) {
      const parent = (from - 1) >> 1;
      this.#swap(from, parent);
      from = parent;
    }
  }

  #removeAt(index: number): Ranked<T> {
    const removed = this.#heap[index] as Ranked<T>;
    const last = this.#heap.pop() as Ranked<T>;
    if (last === removed) return removed;
    this.#heap[index] = last;
    this.#up(index);
    this.#down(index);
    return removed;
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(from: number): void {
    for (let index = from; ; ) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, first)) first = child;
      }
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #isBefore(one: number, other: number): boolean {
    return this.#comesFirst(this.#heap[one] as Ranked<T>, this.#heap[other] as Ranked<T>);
  }

  #comesFirst(a: Ranked<T>, b: Ranked<T>): boolean {
    return (this.#compare(a.item, b.item) || a.rank - b.rank) < 0;
  }

  #swap(one: number, other: number): void {
    const before = this.#heap[one] as Ranked<T>;
    this.#heap[one] = this.#heap[other] as Ranked<T>;
    this.#heap[other] = before;
  }
}

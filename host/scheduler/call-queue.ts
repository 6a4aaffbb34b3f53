/**
 * The calls that are to run as soon as possible: what the core counts as series (`assembly/ready-queue.ts`).
 *
 * Owns: their handles, in a ring that doubles when it is full, and making the core's open series longer. First in, first out.
 *
 * Does not own: when how many of them run (the core), and running them (`scheduler.ts`).
 *
 * A call that is a slot of the core costs two crossings, an id and an entry in two tables; here it costs an entry and a count.
 */
import { type CoreExports, OpenSeries } from "../core.js";
import type { Handle } from "./handle.js";

const CAPACITY_FIRST = 64;

export class CallQueue {
  readonly #series: OpenSeries;
  #ring: (Handle | null)[] = new Array(CAPACITY_FIRST).fill(null);
  #head = 0;
  #count = 0;

  constructor(core: CoreExports) {
    this.#series = new OpenSeries(core);
  }

  /** Appends a call. */
  push(handle: Handle): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#count) & (this.#ring.length - 1)] = handle;
    this.#count++;
    this.#series.extend();
  }

  /** Takes the oldest; null when there is none. */
  take(): Handle | null {
    const handle = this.#ring[this.#head] as Handle | null;
    if (handle === null) return null;
    this.#ring[this.#head] = null;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count--;
    return handle;
  }

  /** Those that wait. */
  *[Symbol.iterator](): Generator<Handle> {
    for (let index = 0; index < this.#count; index++) yield this.#at(index);
  }

  /** Forgets all. */
  clear(): void {
    for (const handle of this) handle._forget();
    this.#ring.fill(null);
    this.#head = 0;
    this.#count = 0;
  }

  #at(index: number): Handle {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] as Handle;
  }

  #grow(): void {
    const handles = [...this];
    const ring = new Array(handles.length * 2).fill(null);
    handles.forEach((handle, index) => {
      ring[index] = handle;
    });
    this.#ring = ring;
    this.#head = 0;
  }
}

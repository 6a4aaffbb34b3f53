/**
 * What is put off to the end of an iteration.
 *
 * Owns: who has put something off, in order. Whoever iterates flushes before the next poll and before Node has its turn. A process or
 * thread that ends in the middle of an iteration flushes as well.
 *
 * Does not own: what is put off (`net/outbox.ts`, `net/tls-transport.ts`).
 */

import { ExitSet } from "../sys/exit-set.js";

/** Somebody who has put something off. */
export interface Flushable {
  /** @internal Does what it has put off. */
  _flush(): void;
}

/** The flushes of the open loops of this thread. */
const open = new ExitSet<Flushes>((flushes) => flushes.run());

export class Flushes {
  readonly #waiting: Flushable[] = [];
  #done = 0;

  constructor() {
    open.add(this);
  }

  /** The loop is closed. */
  close(): void {
    open.delete(this);
  }

  /** Whether anybody waits. */
  get any(): boolean {
    return this.#waiting.length > 0;
  }

  /** Has it flushed before the next poll. May be added again. */
  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
  }

  /** Flushes all. After an error those that are left are flushed the next time. */
  run(): void {
    while (this.#done < this.#waiting.length) (this.#waiting[this.#done++] as Flushable)._flush();
    this.#waiting.length = 0;
    this.#done = 0;
  }
}

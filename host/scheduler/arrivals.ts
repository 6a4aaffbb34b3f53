/**
 * What comes from outside without a descriptor: signals, exits of children, finished work, calls of other threads.
 *
 * Owns: the event records of it that the core has not seen yet, in the order in which they came. Drivers append them to what
 * the selector tells.
 *
 * Does not own: who waits for what: ids of `expect` and `listen` (`assembly/arrivals.ts`), handles (`scheduler.ts`).
 */
import {
  EVENT_CAPACITY,
  EVENT_DETAIL,
  EVENT_KIND,
  EVENT_RECORD_WORDS,
  EVENT_SOURCE,
  EVENT_TAG,
  EventKind,
} from "../../assembly/abi.js";

/** The kinds of event that have an id instead of a descriptor. */
export type ArrivalKind = Exclude<EventKind, EventKind.FdReady>;

export class Arrivals {
  #records: { readonly kind: ArrivalKind; readonly id: number }[] = [];

  /** Whether there is any that the core has not seen. */
  get waiting(): boolean {
    return this.#records.length > 0;
  }

  /** Notes one. */
  add(kind: ArrivalKind, id: number): void {
    this.#records.push({ kind, id });
  }

  /**
   * Writes as many as there is room for behind `count` event records, but each signal once: the core would take those that
   * come together for one, and asyncio calls back for each. Answers how many records there are then.
   */
  fill(view: Int32Array, count: number): number {
    if (this.#records.length === 0) return count;
    const signals = new Set<number>();
    let end = count;
    this.#records = this.#records.filter(({ kind, id }) => {
      if (end === EVENT_CAPACITY || (kind === EventKind.SignalArrived && signals.has(id))) return true;
      if (kind === EventKind.SignalArrived) signals.add(id);
      const record = end++ * EVENT_RECORD_WORDS;
      view[record + EVENT_KIND] = kind;
      view[record + EVENT_SOURCE] = id;
      view[record + EVENT_DETAIL] = 0;
      view[record + EVENT_TAG] = 0;
      return false;
    });
    return end;
  }

  /** Forgets all. */
  clear(): void {
    this.#records = [];
  }
}

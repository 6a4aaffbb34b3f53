/**
 * A stand-in for epoll: tells of the readiness that a scripted kernel has, or claims to have.
 *
 * Owns: what is watched; that a descriptor is told of for as long as it is ready, as epoll does when level-triggered.
 *
 * Does not own: when it is asked (`scripted-driver.ts`).
 */
import {
  EVENT_DETAIL,
  EVENT_KIND,
  EVENT_RECORD_WORDS,
  EVENT_SOURCE,
  EVENT_TAG,
  EventKind,
  Readiness,
} from "../../../assembly/abi.js";
import type { Selector } from "../../../host/selector/selector.js";
import { EBADF } from "../../../host/sys/errno.js";
import { closeListeners } from "../../../host/sys/fd.js";
import type { ScriptedKernel } from "./scripted-kernel.js";

/** How it tells: in which order, and whether also of what is not ready. */
export interface Telling {
  readonly reversed?: boolean;
  /** Every watched descriptor is told of each time; whoever tries then is told EAGAIN. */
  readonly spurious?: boolean;
}

export class ScriptedSelector implements Selector {
  readonly fd = -1;
  readonly wakeFd = -1;
  readonly #kernel: ScriptedKernel;
  readonly #telling: Telling;
  readonly #watched = new Map<number, { readonly interest: number; readonly generation: number }>();
  readonly #forget = (fd: number): void => {
    this.#watched.delete(fd);
  };

  constructor(kernel: ScriptedKernel, telling: Telling = {}) {
    this.#kernel = kernel;
    this.#telling = telling;
    closeListeners.add(this.#forget);
  }

  /** How many descriptors are watched. */
  get size(): number {
    return this.#watched.size;
  }

  watch(fd: number, interest: number, generation: number): number {
    this.#watched.delete(fd);
    if (interest === 0) return 0;
    if (this.#kernel.readinessOf(fd) < 0) return -EBADF;
    this.#watched.set(fd, { interest, generation });
    return 0;
  }

  poll(events: Int32Array): number {
    const entries = [...this.#watched];
    if (this.#telling.reversed) entries.reverse();
    let at = 0;
    for (const [fd, { interest, generation }] of entries) {
      const actual = this.#kernel.readinessOf(fd);
      const told = (this.#telling.spurious ? interest : actual & interest) | (actual & Readiness.Hangup);
      if (told === 0) continue;
      events[at + EVENT_KIND] = EventKind.FdReady;
      events[at + EVENT_SOURCE] = fd;
      events[at + EVENT_DETAIL] = told;
      events[at + EVENT_TAG] = generation;
      at += EVENT_RECORD_WORDS;
    }
    return at / EVENT_RECORD_WORDS;
  }

  pollNow(events: Int32Array): number {
    return this.poll(events);
  }

  select(): number {
    throw new Error("a scripted selector does not wait");
  }

  setDeadline(): void {}

  wake(): void {}

  close(): void {
    this.#watched.clear();
    closeListeners.delete(this.#forget);
  }
}

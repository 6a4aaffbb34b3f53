/**
 * Queues that give out first what came last.
 *
 * From: CPython 3.13, queues.py `LifoQueue`.
 */
import { LastItems } from "./items.js";
import { Queue } from "./queue.js";

/** A queue that is a stack. */
export class LifoQueue<T = unknown> extends Queue<T> {
  /** @throws as `Queue` */
  constructor(maxsize = 0) {
    super(maxsize, new LastItems());
  }
}

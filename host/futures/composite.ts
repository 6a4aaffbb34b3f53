/**
 * Futures that stand for others, and are settled when these are.
 *
 * Owns: that it can be told what they wait for. Does not own: settling them, which is for whoever has made them.
 */
import type { EventLoop } from "../loop/event-loop.js";
import { Future } from "./future.js";

export class Composite<T> extends Future<T> {
  readonly #others: Iterable<Future>;

  constructor(loop: EventLoop, others: Iterable<Future>) {
    super(loop, loop._scheduler);
    this.#others = others;
  }

  override get _parts(): Iterable<Future> {
    return this.#others;
  }
}

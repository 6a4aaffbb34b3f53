/**
 * Reads that have begun: futures that are done as soon as there is enough to read.
 *
 * Owns: trying again each time that something has come.
 *
 * Does not own: what is enough (`stream-reader.ts`).
 */

import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";

/** Takes what a read wants, or answers null, having taken nothing, if that is not there yet. */
export type Attempt = () => Buffer | null;

/** The future of one read. */
export class Reading extends OwnFuture<Buffer> {
  readonly #attempt: Attempt;

  constructor(loop: EventLoop, attempt: Attempt) {
    super(loop);
    this.#attempt = attempt;
  }

  /** @internal Has a go. What the attempt throws is its exception. */
  _try(): void {
    if (this.done()) return;
    let data: Buffer | null;
    try {
      data = this.#attempt();
    } catch (error) {
      this._failWith(error as Error);
      return;
    }
    if (data !== null) this._succeed(data);
  }

  /** @internal Ends it because the stream is broken. */
  _break(error: Error): void {
    if (!this.done()) this._failWith(error);
  }
}

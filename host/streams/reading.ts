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
  readonly #name: string;

  /** @param name the call of StreamReader that it is of */
  constructor(loop: EventLoop, name: string, attempt: Attempt) {
    super(loop);
    this.#name = name;
    this.#attempt = attempt;
  }

  /** @internal */
  override get _kind(): string {
    return `StreamReader.${this.#name}`;
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

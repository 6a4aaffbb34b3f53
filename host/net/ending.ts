/**
 * The end of a transport.
 *
 * Owns: that its protocol is told once, after everything else, and that what the transport held is given back then, even
 * if the protocol throws, or the loop is closed before.
 *
 * Does not own: why it ends.
 *
 * From: CPython 3.13 unix_events `_call_connection_lost`.
 */

import type { EventLoop } from "../loop/event-loop.js";
import type { BaseProtocol } from "../protocols.js";

/** Something that ends once, and holds what it has to give back then. */
export interface Endable {
  /** @internal Tells the protocol, and gives back what it holds. */
  _end(error: Error | null): void;
  /** @internal The loop is closed and calls nobody any more: gives back what it holds. */
  _abandon(): void;
}

/** Has something end in the next iteration, if there is one. */
export function endSoon(loop: EventLoop, one: Endable, error: Error | null): void {
  if (loop.isClosed()) return one._abandon();
  loop._unfinished.add(one);
  loop.callSoon(end, loop, one, error);
}

function end(loop: EventLoop, one: Endable, error: Error | null): void {
  loop._unfinished.delete(one);
  one._end(error);
}

/** The end of a pipe's transport. */
export class Ending implements Endable {
  readonly #loop: EventLoop;
  readonly #transport: { getProtocol(): BaseProtocol };
  readonly #release: () => void;
  #begun = false;
  #over = false;

  /** @param release gives back what the transport holds */
  constructor(loop: EventLoop, transport: { getProtocol(): BaseProtocol }, release: () => void) {
    this.#loop = loop;
    this.#transport = transport;
    this.#release = release;
  }

  /** Whether the protocol was told, or is going to be. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the protocol was told. */
  get over(): boolean {
    return this.#over;
  }

  /** Tells the protocol in the next iteration. Has no effect when the end has begun. */
  soon(error: Error | null): void {
    if (this.#begun) return;
    this.#begun = true;
    endSoon(this.#loop, this, error);
  }

  /** Tells the protocol at once. Has no effect when the end has begun. */
  now(error: Error | null): void {
    if (this.#begun) return;
    this.#begun = true;
    this._end(error);
  }

  /** @internal */
  _abandon(): void {
    this.#release();
  }

  /** @internal */
  _end(error: Error | null): void {
    this.#over = true;
    try {
      this.#transport.getProtocol().connectionLost?.(error);
    } finally {
      this.#release();
    }
  }
}

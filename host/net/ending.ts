/**
 * The end of a transport.
 *
 * Owns: that its protocol is told once, after everything else, and that what the transport held is given back then, even
 * if the protocol throws.
 *
 * Does not own: why it ends.
 *
 * From: CPython 3.11 unix_events `_call_connection_lost`.
 */

import type { EventLoop } from "../loop/event-loop.js";
import type { BaseProtocol } from "../protocols.js";

export class Ending {
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
    // A closed loop calls nobody any more, but what the transport holds is not to be lost with it.
    if (this.#loop.isClosed()) this.#release();
    else this.#loop.callSoon(tell, this, error);
  }

  /** Tells the protocol at once. Has no effect when the end has begun. */
  now(error: Error | null): void {
    if (this.#begun) return;
    this.#begun = true;
    this._tell(error);
  }

  /** @internal */
  _tell(error: Error | null): void {
    this.#over = true;
    try {
      this.#transport.getProtocol().connectionLost?.(error);
    } finally {
      this.#release();
    }
  }
}

function tell(ending: Ending, error: Error | null): void {
  ending._tell(error);
}

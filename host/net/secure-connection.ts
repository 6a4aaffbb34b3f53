/**
 * Connections over TLS as their server sees them.
 *
 * Owns: that a server which closes its connections closes the secure transport as soon as there is one, and until then the one below;
 * and that the server hears of the end after the protocol has.
 */
import type { EventLoop } from "../loop/event-loop.js";
import type { Connection, Transport, TransportOwner } from "./transport.js";

/** A connection that its server knows from the accept on, and not only from the end of the handshake. It owns the transport below. */
export class SecureConnection implements TransportOwner, Connection {
  readonly #loop: EventLoop;
  readonly #server: TransportOwner;
  #below: Connection | null = null;
  /** The secure transport, once there is one. */
  transport: Transport | null = null;

  constructor(loop: EventLoop, server: TransportOwner) {
    this.#loop = loop;
    this.#server = server;
  }

  close(): void {
    if (this.transport !== null) this.transport.close();
    else this.abort();
  }

  abort(): void {
    (this.transport ?? this.#below)?.abort();
  }

  _attach(below: Connection): void {
    this.#below = below;
    this.#server._attach(this);
  }

  /** The connection below has ended; the protocol above hears of it in the next iteration, and the server after that. */
  _detach(): void {
    if (this.#loop.isClosed()) this.#server._detach(this);
    else this.#loop.callSoon(() => this.#server._detach(this));
  }
}

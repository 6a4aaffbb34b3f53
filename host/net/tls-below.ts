/**
 * What is below a connection over TLS.
 *
 * Owns: the choice of the stream that node:tls works on.
 */
import type { Duplex } from "node:stream";
import type { EventLoop } from "../loop/event-loop.js";
import { LentSocket } from "./lent-socket.js";
import { SocketTransport } from "./socket-transport.js";
import type { Transport } from "./transport.js";
import { TransportDuplex } from "./transport-duplex.js";

/** A connection, and the stream that is made of it. */
export interface TlsBelow {
  readonly transport: Transport;
  readonly stream: Duplex;
}

/** Makes a stream of a connection: the socket itself where there is one, and else a stream over the transport. */
export function belowTls(loop: EventLoop, transport: Transport): TlsBelow {
  const lent = transport instanceof SocketTransport ? LentSocket.of(loop, transport) : null;
  if (lent !== null) return lent;
  // What was received is still in the TLSSocket when the connection is gone. It destroys this stream once that was read.
  return { transport, stream: new TransportDuplex(transport, { allowHalfOpen: true, autoDestroy: false }) };
}

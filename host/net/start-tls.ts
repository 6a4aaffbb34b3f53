/**
 * Beginning TLS on a connection that was used without it.
 *
 * Owns: the arguments of `startTls`.
 *
 * Does not own: the handshake (`tls-handshake.ts`).
 *
 * From: CPython 3.13 base_events `start_tls`.
 */

import { checkAbsent, checkBoolean, checkOptions } from "../arguments.js";
import { RuntimeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { checkProtocol } from "./options.js";
import { SecureConnection } from "./secure-connection.js";
import { checkSendsNoFile } from "./sendfile.js";
import { SocketTransport } from "./socket-transport.js";
import { SSLContext } from "./ssl-context.js";
import { secure } from "./tls-handshake.js";
import { checkClientTls, checkServerTls, notAContext, type TlsSide, type TlsTimeouts } from "./tls-options.js";
import { checkTransport, type Transport, type TransportOwner } from "./transport.js";

/** Options of `startTls`. */
export interface StartTlsOptions extends TlsTimeouts {
  /** Whether this is the server's side; false by default. */
  serverSide?: boolean;
  /** Clients: as for `createConnection`; must be given, as there is no host here. */
  serverHostname?: string;
}

/** The transports that TLS was begun on. */
const begun = new WeakSet<Transport>();

/** Begins TLS; see `EventLoop.startTls`. */
export function startTls(
  loop: EventLoop,
  transport: Transport,
  protocol: StreamProtocol,
  sslcontext: SSLContext,
  options: StartTlsOptions,
): Future<Transport> {
  loop._scheduler.checkOpen();
  loop._scheduler.driver.checkOutside("TLS");
  checkTransport(loop, transport);
  checkProtocol(protocol);
  if (!(sslcontext instanceof SSLContext)) {
    throw notAContext("sslcontext must be an SSLContext", sslcontext);
  }
  checkOptions("startTls", options, ["serverSide", "serverHostname", "sslHandshakeTimeout", "sslShutdownTimeout"]);
  const { serverSide = false, serverHostname, ...timeouts } = options;
  checkBoolean("serverSide", serverSide);
  if (serverSide) checkAbsent("serverSide is on", { serverHostname });
  const side = serverSide
    ? checkServerTls({ ...timeouts, ssl: sslcontext })
    : checkClientTls(
        { ...timeouts, ssl: sslcontext, ...(serverHostname === undefined ? {} : { serverHostname }) },
        null,
      );
  if (transport.isClosing()) {
    throw new RuntimeError("ERR_TRANSPORT_CLOSING", `${transport} is closing: begin with TLS earlier`);
  }
  if (begun.has(transport)) {
    const hint = "await startTls() and use the transport that it comes to";
    throw new RuntimeError("ERR_TLS_BEGUN", `TLS has begun on ${transport} already: ${hint}`);
  }
  checkSendsNoFile(transport);
  begun.add(transport);
  const made = (secured: Transport): void => {
    if (transport instanceof SocketTransport) transport._replaceOwner((server) => ownerOf(loop, server, secured));
  };
  // There is a side, as there is a context.
  const work = secure(loop, transport, protocol, side as TlsSide, false, made);
  return new Operation(loop, work, (secured) => secured.abort());
}

/** A server that has accepted the connection without TLS closes the secure one. */
function ownerOf(loop: EventLoop, server: TransportOwner, secured: Transport): SecureConnection {
  const connection = new SecureConnection(loop, server);
  connection.transport = secured;
  return connection;
}

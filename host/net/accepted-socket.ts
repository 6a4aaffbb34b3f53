/**
 * Connections that somebody else has accepted.
 *
 * Owns: the arguments of `connectAcceptedSocket`.
 *
 * Does not own: handing the socket to a transport (`connect.ts`).
 *
 * From: CPython 3.13 base_events `connect_accepted_socket`.
 */

import { checkOptions } from "../arguments.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { connected } from "./connect.js";
import { isLogged, pairText, writeDown } from "./debug-log.js";
import { checkDescriptors, checkProtocolFactory } from "./options.js";
import type { Socket } from "./socket.js";
import { checkStreamSocket } from "./takeover.js";
import { checkServerTls, SERVER_TLS_KEYS, type ServerTlsOptions, type TlsSide } from "./tls-options.js";
import type { Transport } from "./transport.js";

/** Takes it over; see `EventLoop.connectAcceptedSocket`. */
export function connectAcceptedSocket<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  sock: Socket,
  options: ServerTlsOptions,
): Future<[transport: Transport, protocol: P]> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkOptions("connectAcceptedSocket", options, SERVER_TLS_KEYS);
  const tls = checkServerTls(options);
  return new Operation(loop, handle(loop, protocolFactory, checkStreamSocket(loop, sock), tls), ([transport]) =>
    transport.abort(),
  );
}

function* handle<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  sock: Socket,
  tls: TlsSide | null,
): Work<[transport: Transport, protocol: P]> {
  const pair = yield* connected(loop, protocolFactory, sock, tls);
  if (isLogged(loop)) writeDown(`${sock} handled: ${pairText(...pair)}`);
  return pair;
}

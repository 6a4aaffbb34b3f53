/**
 * Making connections over Unix sockets.
 *
 * Owns: the arguments of `createUnixConnection`, and what may stand for the path of a Unix socket.
 *
 * Does not own: handing the connected socket to a transport (`connect.ts`).
 *
 * From: CPython 3.13 unix_events `create_unix_connection`. Differs: a protocol factory that throws closes the socket; a
 * server that has no room for another connection is the error `EAGAIN`, where CPython takes the socket for connected.
 */

import { checkAbsent, checkFileUrl, checkOptions } from "../arguments.js";
import { AF_UNIX, SOCK_STREAM } from "../constants.js";
import { ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { checkAddress, type UnixPath } from "./address.js";
import { connected, connectSocket } from "./connect.js";
import { checkDescriptors, checkProtocolFactory } from "./options.js";
import { Socket } from "./socket.js";
import { checkStreamSocket } from "./takeover.js";
import { CLIENT_TLS_KEYS, type ClientTlsOptions, checkClientTls, type TlsSide } from "./tls-options.js";
import type { Transport } from "./transport.js";

/** A path, or a `file:` URL. */
export type UnixPathLike = UnixPath | URL;

/** Options of `createUnixConnection`. */
export interface UnixConnectionOptions extends ClientTlsOptions {
  /** A connected Unix stream socket to take over, instead of a path. */
  sock?: Socket;
}

/** Connects; see `EventLoop.createUnixConnection`. */
export function createUnixConnection<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  path: UnixPathLike | null | undefined,
  options: UnixConnectionOptions,
): Future<[transport: Transport, protocol: P]> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkOptions("createUnixConnection", options, ["sock", ...CLIENT_TLS_KEYS]);
  const tls = checkClientTls(options, null);
  const place = checkPlace(loop, path, options.sock, "no path and sock were specified: say where to connect");
  return new Operation(loop, connect(loop, protocolFactory, place, tls), ([transport]) => transport.abort());
}

/**
 * Answers where a Unix socket is to connect or listen: the socket that was given, or else the path.
 *
 * @param missing what to say if there is neither
 * @throws ValueError `ERR_NO_ADDRESS`, `ERR_CONFLICTING_OPTIONS`, `ERR_SOCKET_KIND`; and as `checkAddress`, `checkSocket`
 */
export function checkPlace(
  loop: EventLoop,
  path: UnixPathLike | null | undefined,
  sock: Socket | null | undefined,
  missing: string,
): Socket | UnixPath {
  if (sock !== undefined && sock !== null) {
    checkAbsent("sock is given", { path });
    const socket = checkStreamSocket(loop, sock);
    if (socket.family === AF_UNIX) return socket;
    throw new ValueError("ERR_SOCKET_KIND", `A Unix socket is needed, and this one is of family ${socket.family}`);
  }
  const checked = checkAddress(
    AF_UNIX,
    path instanceof URL ? checkFileUrl("The path", path, "ERR_INVALID_ADDRESS") : (path ?? ""),
  ) as UnixPath;
  if (checked.length === 0) throw new ValueError("ERR_NO_ADDRESS", missing);
  return checked;
}

function* connect<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  place: Socket | UnixPath,
  tls: TlsSide | null,
): Work<[transport: Transport, protocol: P]> {
  const target = { family: AF_UNIX, type: SOCK_STREAM, proto: 0 };
  const socket = place instanceof Socket ? place : yield* connectSocket(loop, { ...target, address: place });
  return yield* connected(loop, protocolFactory, socket, tls);
}

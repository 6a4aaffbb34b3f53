/**
 * Making servers that listen on Unix sockets.
 *
 * Owns: the arguments of `createUnixServer`; binding the socket, in the place of one that an earlier server has left.
 *
 * Does not own: the server afterwards (`server.ts`), the socket's file (`socket-file.ts`).
 *
 * From: CPython 3.13 unix_events `create_unix_server`.
 */

import { checkBoolean } from "../arguments.js";
import { AF_UNIX } from "../constants.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { EADDRINUSE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { formatAddress, type UnixPath } from "./address.js";
import { checkDescriptors, checkProtocolFactory } from "./options.js";
import type { Server, ServingOptions } from "./server.js";
import { checkServing, serve } from "./serving.js";
import { Socket } from "./socket.js";
import { removeStaleSocket, SocketFile } from "./socket-file.js";
import { checkPlace, type UnixPathLike } from "./unix-connect.js";

/** Options of `createUnixServer`. */
export interface UnixServerOptions extends ServingOptions {
  /** A bound Unix stream socket to take over, instead of a path. */
  sock?: Socket;
  /** Whether closing the server removes the socket's file, unless it is another's by then; true by default. */
  cleanupSocket?: boolean;
}

/** Listens; see `EventLoop.createUnixServer`. */
export function createUnixServer(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  path: UnixPathLike | null | undefined,
  options: UnixServerOptions,
): Future<Server<UnixPath>> {
  checkDescriptors(loop);
  checkProtocolFactory(protocolFactory);
  checkServing("createUnixServer", options, ["sock", "backlog", "startServing", "cleanupSocket"]);
  checkBoolean("cleanupSocket", options.cleanupSocket);
  const missing = "path was not specified, and no sock specified: say where to listen";
  const place = checkPlace(loop, path, options.sock, missing);
  return new Operation(loop, listen(loop, protocolFactory, place, options), (server) => server.close());
}

function* listen(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  place: Socket | UnixPath,
  options: UnixServerOptions,
): Work<Server<UnixPath>> {
  const socket = place instanceof Socket ? place : bind(place);
  const file = (options.cleanupSocket ?? true) ? SocketFile.of(socket) : null;
  return yield* serve(loop, protocolFactory, [socket as Socket<UnixPath>], options, file);
}

function bind(path: UnixPath): Socket {
  const socket = new Socket(AF_UNIX);
  try {
    removeStaleSocket(path);
    socket.bind(path);
    return socket;
  } catch (error) {
    socket._close();
    throw bindError(error, formatAddress(path));
  }
}

function bindError(error: unknown, address: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return error;
  const message = `Address '${address}' is already in use`;
  return Object.assign(systemError("bind", EADDRINUSE, { message }), { address });
}

/**
 * What servers of every kind begin with.
 *
 * Owns: the tests of the options that all of them have; making a server of sockets that are bound, and starting it.
 *
 * Does not own: the sockets' addresses (`create-server.ts`, `unix-server.ts`), the server afterwards (`server.ts`).
 *
 * From: CPython 3.13 base_events `create_server`, its second half.
 */

import { checkBoolean, checkInteger, checkOptions, INT_MAX } from "../arguments.js";
import type { Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { Address } from "./address.js";
import { type Door, SocketDoor } from "./door.js";
import { Server, type ServingOptions } from "./server.js";
import type { Socket } from "./socket.js";
import type { SocketFile } from "./socket-file.js";
import { checkServerTls, SERVER_TLS_KEYS } from "./tls-options.js";

const BACKLOG = 100;

/**
 * Tests the options that every server has, and that there are none that nobody knows.
 *
 * @throws as `checkOptions`, `checkInteger` and `checkBoolean`
 */
export function checkServing(call: string, options: ServingOptions, known: readonly string[]): void {
  checkOptions(call, options, [...known, ...SERVER_TLS_KEYS]);
  checkServerTls(options);
  if (options.backlog !== undefined) checkInteger("The option backlog", options.backlog, 0, INT_MAX);
  checkBoolean("startServing", options.startServing);
}

/** Makes a server of bound sockets, which are its own from here on, and starts it unless the options say otherwise. */
export function* serve<A extends Address>(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  sockets: Socket<A>[],
  options: ServingOptions,
  file: SocketFile | null = null,
): Work<Server<A>> {
  const { backlog = BACKLOG, startServing = true } = options;
  const accept = { protocolFactory, tls: checkServerTls(options) };
  const doors = sockets.map((socket) => new SocketDoor(loop, socket, accept, backlog));
  return yield* serveAt(loop, doors, startServing, file);
}

/** Makes a server of doors, and starts it if it is to start. */
export function* serveAt<A extends Address>(
  loop: EventLoop,
  doors: readonly Door<A>[],
  startServing: boolean,
  file: SocketFile | null = null,
): Work<Server<A>> {
  const server = new Server(loop, doors, file);
  try {
    if (startServing) server._startServing();
    // One iteration later the kernel has been asked for connections.
    yield;
    return server;
  } catch (error) {
    server.close();
    throw error;
  }
}

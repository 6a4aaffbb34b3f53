/**
 * What servers of every kind begin with.
 *
 * Owns: the tests of the options that all of them have; making a server of sockets that are bound, and starting it.
 *
 * Does not own: the sockets' addresses (`create-server.ts`, `unix-server.ts`), the server afterwards (`server.ts`).
 *
 * From: CPython 3.11 base_events `create_server`, its second half.
 */

import { typeError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import { checkInteger } from "./checks.js";
import type { Work } from "./operation.js";
import { checkBoolean, checkOptions, SERVER_TLS_OPTIONS } from "./options.js";
import { Server, type ServingOptions } from "./server.js";
import type { Socket } from "./socket.js";
import type { SocketFile } from "./socket-file.js";

const BACKLOG = 100;
const INT_MAX = 0x7fffffff;

/**
 * Tests the options that every server has, and that there are none that nobody knows.
 *
 * @param later Options that are known and not there yet, besides those of TLS.
 * @throws as `checkOptions`, `checkInteger` and `checkBoolean`
 */
export function checkServing(
  call: string,
  options: ServingOptions,
  known: readonly string[],
  later: Readonly<Record<string, string>> = {},
): void {
  if (typeof (options as { ssl?: unknown } | null)?.ssl === "boolean") {
    throw typeError("ERR_INVALID_ARG_TYPE", "The option ssl must be an SSLContext or null, not a boolean.");
  }
  checkOptions(call, options, known, { ...SERVER_TLS_OPTIONS, ...later });
  if (options.backlog !== undefined) checkInteger("The option backlog", options.backlog, 0, INT_MAX);
  checkBoolean("startServing", options.startServing);
}

/** Makes a server of bound sockets, which are its own from here on, and starts it unless the options say otherwise. */
export function* serve(
  loop: EventLoop,
  protocolFactory: () => StreamProtocol,
  sockets: Socket[],
  { backlog = BACKLOG, startServing = true }: ServingOptions,
  file: SocketFile | null = null,
): Work<Server> {
  const server = new Server(loop, sockets, protocolFactory, backlog, file);
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

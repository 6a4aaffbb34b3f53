/**
 * Sockets that transports and servers take over from whoever has made them.
 *
 * Owns: the tests that such a socket must pass: it is open, of the right type, and nobody works on it or waits for it.
 *
 * Does not own: the socket afterwards (`owners.ts`).
 *
 * From: CPython 3.13 base_events `create_connection` and its kin. Differs: there a call that waits for the socket never ends.
 */
import { SOCK_DGRAM, SOCK_STREAM } from "../constants.js";
import { ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { checkSocket } from "./options.js";
import type { Socket } from "./socket.js";
import { checkIdle } from "./socket-call.js";

/** @throws ValueError `ERR_SOCKET_KIND`; RuntimeError `ERR_SOCKET_BUSY`; and as `checkSocket` */
export function checkStreamSocket(loop: EventLoop, sock: unknown): Socket {
  const socket = checkSocket(loop, sock);
  if (socket.type === SOCK_STREAM) return checkUnused(loop, socket);
  throw new ValueError("ERR_SOCKET_KIND", `A stream socket is needed, and this one is of type ${socket.type}`);
}

/** @throws as `checkStreamSocket` */
export function checkDatagramSocket(loop: EventLoop, sock: unknown): Socket {
  const socket = checkSocket(loop, sock);
  if (socket.type === SOCK_DGRAM) return checkUnused(loop, socket);
  throw new ValueError("ERR_SOCKET_KIND", `A datagram socket was expected, and this one is of type ${socket.type}`);
}

function checkUnused(loop: EventLoop, socket: Socket): Socket {
  checkIdle(loop, socket, "reader");
  checkIdle(loop, socket, "writer");
  return socket;
}

/**
 * `sockSendfile`: a file on a socket.
 *
 * Owns: sending it with sendfile, a piece whenever the socket is writable, and reading and sending it where that cannot be done.
 *
 * Does not own: the file and what of it is sent (`file-source.ts`); the socket.
 *
 * From: CPython 3.13 unix_events `_sock_sendfile_native_impl`, base_events `_sock_sendfile_fallback`. Differs: the file's position
 * stays where it is.
 */
import { SOCK_STREAM } from "../constants.js";
import { ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { checkFallback, type FileLike, FileSource, isUnavailable, type SendfileOptions } from "./file-source.js";
import { sockSendall } from "./sock-calls.js";
import type { Socket } from "./socket.js";
import { checkIdle, SocketCall } from "./socket-call.js";

/** How much is read at a time where the kernel does not send by itself. */
const PIECE_BYTES = 256 * 1024;

/** Sends a file; see `EventLoop.sockSendfile`. */
export function sockSendfile(
  loop: EventLoop,
  sock: Socket,
  file: FileLike,
  offset: number,
  count: number | null,
  options: SendfileOptions,
): Future<number> {
  checkIdle(loop, sock, "writer");
  if (sock.type !== SOCK_STREAM) {
    throw new ValueError("ERR_SOCKET_KIND", "Only a stream socket can send a file: its type must be SOCK_STREAM");
  }
  const fallback = checkFallback("sockSendfile", options);
  return new Operation(loop, send(loop, sock, new FileSource(loop, file, offset, count), fallback));
}

/** Has the kernel send it on a socket that is not checked, since it may be a transport's. */
export function sendNatively(loop: EventLoop, sock: Socket, source: FileSource): Future<number> {
  return new SocketCall(loop, sock, "writer", () => source.sendOn(sock));
}

function* send(loop: EventLoop, sock: Socket, source: FileSource, fallback: boolean): Work<number> {
  try {
    return yield* sendNatively(loop, sock, source);
  } catch (error) {
    if (!fallback || !isUnavailable(error)) throw error;
  }
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  for (;;) {
    const size = yield* source.readInto(buffer);
    if (size === 0) return source.sent;
    yield* sockSendall(loop, sock, buffer.subarray(0, size));
  }
}

/**
 * Calls on a socket: `sockRecv`, `sockSendall`, `sockConnect`, `sockAccept` and their kin.
 *
 * Owns: what each attempt does, and when it is enough.
 *
 * Does not own: waiting for the next attempt (`socket-call.ts`); the socket, which the caller keeps, whatever comes of the call.
 *
 * From: CPython 3.13 selector_events `sock_recv` and its kin. Differs: a Unix socket whose peer's backlog is full is not taken
 * for connected.
 */

import { checkBytes, checkInteger } from "../arguments.js";
import { AF_INET, AF_INET6, SO_ERROR, SOL_SOCKET } from "../constants.js";
import { ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { EAGAIN, EALREADY, EINPROGRESS } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { TRANSFER_MAX } from "../sys/fd.js";
import { type Address, addressDetails, checkAddress, type NamedAddress } from "./address.js";
import { type AddressInfo, resolve } from "./resolve.js";
import type { Socket } from "./socket.js";
import { AGAIN, checkIdle, SocketCall, unlessAgain } from "./socket-call.js";

/** Receives what comes next, `size` bytes at the most; see `EventLoop.sockRecv`. */
export function sockRecv(loop: EventLoop, sock: Socket, size: number): Future<Buffer> {
  checkIdle(loop, sock, "reader");
  checkInteger("The size", size, 0, TRANSFER_MAX);
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recv(size)));
}

/** Receives into a buffer; see `EventLoop.sockRecvInto`. */
export function sockRecvInto(loop: EventLoop, sock: Socket, buffer: Uint8Array): Future<number> {
  checkIdle(loop, sock, "reader");
  // One that is transferred meanwhile has no room any more, which is not to be taken for the end of the stream.
  const size = checkBytes("The buffer", buffer).byteLength;
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recvInto(buffer, size)));
}

/** Receives a datagram; see `EventLoop.sockRecvfrom`. */
export function sockRecvfrom(
  loop: EventLoop,
  sock: Socket,
  size: number,
): Future<[data: Buffer, address: Address | null]> {
  checkIdle(loop, sock, "reader");
  checkInteger("The size", size, 0, TRANSFER_MAX);
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recvfrom(size)));
}

/** Receives a datagram into a buffer; see `EventLoop.sockRecvfromInto`. */
export function sockRecvfromInto(
  loop: EventLoop,
  sock: Socket,
  buffer: Uint8Array,
  size: number,
): Future<[received: number, address: Address | null]> {
  checkIdle(loop, sock, "reader");
  checkBytes("The buffer", buffer);
  checkInteger("The size", size, 0, buffer.byteLength);
  const room = size || buffer.byteLength;
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recvfromInto(buffer, room)));
}

/** Sends a datagram; see `EventLoop.sockSendto`. */
export function sockSendto(loop: EventLoop, sock: Socket, data: Uint8Array, address: Address): Future<number> {
  checkIdle(loop, sock, "writer");
  checkBytes("The data", data);
  const checked = checkAddress(sock.family, address);
  return new SocketCall(loop, sock, "writer", () => unlessAgain(() => sock.sendto(data, checked)));
}

/** Sends all of it; see `EventLoop.sockSendall`. */
export function sockSendall(loop: EventLoop, sock: Socket, data: Uint8Array): Future<void> {
  checkIdle(loop, sock, "writer");
  checkBytes("The data", data);
  let rest = data;
  return new SocketCall<void>(loop, sock, "writer", () => {
    // No bytes at all are sent too: the kernel says whether the socket is connected, and a datagram may be empty.
    do {
      const sent = sock._send(rest);
      if (sent === -EAGAIN) return AGAIN;
      if (sent < 0) throw systemError("send", sent, { message: errorText(sent) });
      rest = rest.subarray(sent);
    } while (rest.byteLength > 0);
    return undefined;
  });
}

/** Takes the next connection; see `EventLoop.sockAccept`. */
export function sockAccept(loop: EventLoop, sock: Socket): Future<[socket: Socket, address: Address]> {
  checkIdle(loop, sock, "reader");
  return new SocketCall<[socket: Socket, address: Address]>(
    loop,
    sock,
    "reader",
    () => unlessAgain(() => sock.accept()),
    ([socket]) => socket._close(),
  );
}

/** Connects; see `EventLoop.sockConnect`. */
export function sockConnect(loop: EventLoop, sock: Socket, address: Address | NamedAddress): Future<void> {
  checkIdle(loop, sock, "writer");
  if (!isName(sock, address)) return new Connecting(loop, sock, checkAddress(sock.family, address));
  // Everything but the host is tested now.
  checkAddress(sock.family, { ...address, host: "", port: typeof address.port === "string" ? 0 : address.port });
  return new Operation(loop, resolveAndConnect(loop, sock, address));
}

function* resolveAndConnect(loop: EventLoop, sock: Socket, address: NamedAddress): Work<void> {
  const { family, type, proto } = sock;
  const infos = yield* resolve(loop, address.host, address.port, { family, type, proto });
  const { host, port, scopeId } = (infos[0] as AddressInfo).address;
  checkIdle(loop, sock, "writer");
  const resolved = { ...address, host, port, scopeId: address.scopeId || scopeId };
  yield* new Connecting(loop, sock, checkAddress(family, resolved));
}

/** Whether the address has a host or a port that must be looked up first. */
function isName(sock: Socket, address: unknown): address is NamedAddress {
  if (sock.family !== AF_INET && sock.family !== AF_INET6) return false;
  const { host, port } = (address ?? {}) as Partial<NamedAddress>;
  if (typeof host !== "string" || host === "") return false;
  if (typeof port === "string") return true;
  try {
    checkAddress(sock.family, { host, port: 0 });
    return false;
  } catch (error) {
    if (error instanceof ValueError) return true;
    throw error;
  }
}

/** A `connect` that goes on in the kernel until the socket is writable, which an earlier one that was cancelled may have begun. */
class Connecting extends SocketCall<void> {
  constructor(loop: EventLoop, sock: Socket, address: Address) {
    let begun = false;
    super(loop, sock, "writer", () => {
      const errno = begun ? sock.getsockopt(SOL_SOCKET, SO_ERROR) : sock.connectEx(address);
      begun = true;
      if (errno === EINPROGRESS || errno === EALREADY) return AGAIN;
      if (errno !== 0) throw systemError("connect", errno, addressDetails(address));
      return undefined;
    });
  }
}

/**
 * Calls on a socket that wait until they can be done: `sockRecv`, `sockSendall`, `sockConnect`, `sockAccept` and their kin.
 *
 * Owns: trying at once, watching the socket while that is not enough, and letting go of it when the call is done, is
 * cancelled, or its socket is closed. One call at a time may wait for a socket to become readable, and one for writable.
 *
 * Does not own: the socket, which the caller keeps, whatever comes of the call.
 *
 * From: CPython 3.11 selector_events `sock_recv` and its kin. Differs: a second call is an error where CPython never ends
 * the first; a socket that is closed ends the call with an error, where it would wait for ever; and a Unix socket whose
 * peer's backlog is full is not taken for connected.
 */

import { AF_INET, AF_INET6, SO_ERROR, SOL_SOCKET } from "../constants.js";
import { RuntimeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { OwnFuture } from "../futures/own-future.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Side } from "../scheduler/scheduler.js";
import { EAGAIN, EINPROGRESS } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { closeListeners } from "../sys/fd.js";
import { type Address, addressDetails, checkAddress, type NamedAddress } from "./address.js";
import { checkBytes, checkInteger } from "./checks.js";
import { Operation, type Work } from "./operation.js";
import { checkDescriptors, checkSocket } from "./options.js";
import { type AddressInfo, resolve } from "./resolve.js";
import type { Socket } from "./socket.js";

/** The longest transfer that Linux does in one call. */
const TRANSFER_MAX = 0x7ffff000;

/** What an attempt answers that has to be made again. */
const AGAIN = Symbol("again");

/** Receives what comes next, `size` bytes at the most; see `EventLoop.sockRecv`. */
export function sockRecv(loop: EventLoop, sock: Socket, size: number): Future<Buffer> {
  checkIdle(loop, sock, "reader");
  checkInteger("The size", size, 0, TRANSFER_MAX);
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recv(size)));
}

/** Receives into a buffer; see `EventLoop.sockRecvInto`. */
export function sockRecvInto(loop: EventLoop, sock: Socket, buffer: Uint8Array): Future<number> {
  checkIdle(loop, sock, "reader");
  checkBytes("The buffer", buffer);
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recvInto(buffer)));
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
  return new SocketCall(loop, sock, "reader", () => unlessAgain(() => sock.recvfromInto(buffer, size)));
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
    ([socket]) => socket.close(),
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

/** The calls that wait, by their socket's fd. */
const waiting = { reader: new Map<number, SocketCall<unknown>>(), writer: new Map<number, SocketCall<unknown>>() };

/** One call: an attempt that is repeated whenever the socket is ready, until it answers something else than AGAIN. */
class SocketCall<T> extends OwnFuture<T> {
  readonly #sock: Socket;
  readonly #side: Side;
  readonly #attempt: () => T | typeof AGAIN;
  #fd = -1;
  #watch = 0;

  constructor(
    loop: EventLoop,
    sock: Socket,
    side: Side,
    attempt: () => T | typeof AGAIN,
    discard: ((value: T) => void) | null = null,
  ) {
    super(loop, discard);
    this.#sock = sock;
    this.#side = side;
    this.#attempt = attempt;
    if (!this._try()) this.#wait();
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this.#letGo();
    return super.cancel(message);
  }

  /** Makes the attempt. Returns whether the call is done. */
  _try(): boolean {
    try {
      const result = this.#attempt();
      if (result === AGAIN) return false;
      this.#letGo();
      this._succeed(result);
    } catch (error) {
      this.#letGo();
      this._failWith(error as Error);
    }
    return true;
  }

  /** Ends the call because its socket was closed. */
  _abandon(): void {
    this.#letGo();
    if (this._scheduler.closed) return;
    this._failWith(new RuntimeError("ERR_SOCKET_CLOSED", "The socket was closed while a call waited for it."));
  }

  #wait(): void {
    const fd = this.#sock.fileno();
    try {
      this._loop._watch(fd, this.#side, tryAgain, [this]);
    } catch (error) {
      this._failWith(error as Error);
      return;
    }
    this.#fd = fd;
    this.#watch = watchOf(this._loop, fd, this.#side);
    waiting[this.#side].set(fd, this as SocketCall<unknown>);
  }

  /** Stops watching, unless somebody else watches in our place by now. */
  #letGo(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    const calls = waiting[this.#side];
    if (calls.get(fd) === (this as SocketCall<unknown>)) calls.delete(fd);
    if (!this._scheduler.closed && watchOf(this._loop, fd, this.#side) === this.#watch) {
      this._loop._unwatch(fd, this.#side);
    }
  }
}

/** A `connect` that goes on in the kernel until the socket is writable. */
class Connecting extends SocketCall<void> {
  constructor(loop: EventLoop, sock: Socket, address: Address) {
    let begun = false;
    super(loop, sock, "writer", () => {
      const errno = begun ? sock.getsockopt(SOL_SOCKET, SO_ERROR) : sock.connectEx(address);
      begun = true;
      if (errno === EINPROGRESS) return AGAIN;
      if (errno !== 0) throw systemError("connect", errno, addressDetails(address));
      return undefined;
    });
  }
}

function tryAgain(call: SocketCall<unknown>): void {
  call._try();
}

function unlessAgain<T>(attempt: () => T): T | typeof AGAIN {
  try {
    return attempt();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return AGAIN;
    throw error;
  }
}

function watchOf(loop: EventLoop, fd: number, side: Side): number {
  const { core } = loop._scheduler;
  return side === "reader" ? core.readerOf(fd) : core.writerOf(fd);
}

/** @throws RuntimeError `ERR_LOOP_CLOSED`, `ERR_SOCKET_BUSY`, and as `checkSocket` */
function checkIdle(loop: EventLoop, sock: Socket, side: Side): void {
  checkDescriptors(loop);
  const fd = checkSocket(loop, sock).fileno();
  const call = waiting[side].get(fd);
  if (call === undefined || call._scheduler.closed) return;
  const what = side === "reader" ? "receiving or accepting" : "sending or connecting";
  throw new RuntimeError("ERR_SOCKET_BUSY", `Another call is ${what} on socket ${fd}: await it first, or cancel it.`);
}

closeListeners.add((fd) => {
  waiting.reader.get(fd)?._abandon();
  waiting.writer.get(fd)?._abandon();
});

/**
 * Sockets, as CPython's socket.socket has them, and never blocking.
 *
 * Owns: one descriptor, from `socket()` or `accept4()` to its close; the tests of arguments; errors as exceptions.
 *
 * Does not own: waiting. A call that would have to wait throws an error whose code is `EAGAIN` (`EINPROGRESS` for
 * `connect`); `loop.sockRecv` and its kin wait. Nor the system calls (`sys/socket.ts`). The methods that begin with an
 * underscore are for the loop's own transports: they answer negative errnos and test nothing twice.
 *
 * From: CPython 3.11 socketmodule.c and Lib/socket.py. Differs: always non-blocking, names are not resolved, and using a
 * closed socket is a RuntimeError of its own instead of EBADF.
 */

import { checkBytes, checkInteger, checkOptions, INT_MAX, INT_MIN } from "../arguments.js";
import { AF_INET, AF_UNIX, MSG_TRUNC, SHUT_RDWR, SO_DOMAIN, SO_PROTOCOL, SO_TYPE, SOCK_STREAM } from "../constants.js";
import { describe, RuntimeError, typeError, ValueError } from "../errors.js";
import { PASSED_MAX, receiveDescriptors, sendDescriptors } from "../sys/descriptor-passing.js";
import { errorText, systemError } from "../sys/errors.js";
import * as fds from "../sys/fd.js";
import type { Memory } from "../sys/memory.js";
import * as calls from "../sys/socket.js";
import { type Address, addressDetails, checkAddress } from "./address.js";
import { checkDescriptor, type HasFileno } from "./checks.js";
import { socketGone, socketMade } from "./lost-sockets.js";
import { flushOwner } from "./owners.js";

/** Of a `listen` that does not say: CPython's min(SOMAXCONN, 128). */
const BACKLOG_DEFAULT = 128;
/** Types are small numbers; the flags that the kernel takes with them are ours to set. */
const SOCK_TYPE_MAX = 15;
const OPTION_BYTES_MAX = 1024;
/** Receives up to this size go through one shared buffer, so that the answer is exactly as long as what came. */
const SCRATCH_BYTES = 65536;

let scratch: Buffer | undefined;

/** What a Socket takes beside its kind. */
export interface SocketOptions {
  /** Takes over this descriptor, which must be a socket, instead of making one. */
  fileno?: HasFileno;
}

/** A descriptor that this file has just got from the kernel, so that nothing about it needs to be asked. */
class NewDescriptor implements SocketOptions {
  constructor(readonly fileno: number) {}
}

/**
 * A socket. It stays open until `close()` or `detach()`: nothing closes it when it is forgotten. It does not block: a call that would have
 * to wait throws `EAGAIN`, and `loop.sockRecv` and its kin wait. Errors of the system are thrown with their codes; once it is closed, RuntimeError
 * `ERR_SOCKET_CLOSED`; for wrong arguments TypeError and ValueError `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ADDRESS`.
 *
 * `A` is what its addresses are, where that is known: those of a server's sockets.
 */
export class Socket<A extends Address = Address> {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  #fd: number;

  /**
   * Makes a socket, non-blocking and closed on exec. With `fileno` it takes over an open one, makes it non-blocking, and
   * finds out of what kind it is; kinds given all the same must agree.
   *
   * @throws Error e.g. `EAFNOSUPPORT`, `EMFILE`; `EBADF` or `ENOTSOCK` for `fileno`
   * @throws ValueError `ERR_SOCKET_KIND` if `fileno` is of another kind than was given
   */
  constructor(family?: number, type?: number, proto?: number, options: SocketOptions = {}) {
    if (!(options instanceof NewDescriptor)) checkOptions("Socket", options, ["fileno"]);
    if (options.fileno === undefined) {
      this.family = checkInteger("The family of a socket", family ?? AF_INET, 0, INT_MAX);
      this.type = checkInteger("The type of a socket", type ?? SOCK_STREAM, 0, SOCK_TYPE_MAX);
      this.proto = checkInteger("The proto of a socket", proto ?? 0, 0, INT_MAX);
      this.#fd = checkResult("socket", calls.createSocket(this.family, this.type, this.proto));
    } else if (options instanceof NewDescriptor) {
      this.family = family as number;
      this.type = type as number;
      this.proto = proto as number;
      this.#fd = options.fileno;
    } else {
      const fd = checkDescriptor(options.fileno);
      this.family = checkKind(fd, "family", SO_DOMAIN, family);
      this.type = checkKind(fd, "type", SO_TYPE, type);
      this.proto = checkKind(fd, "proto", SO_PROTOCOL, proto);
      checkResult("fcntl", fds.setNonblocking(fd));
      this.#fd = fd;
    }
    socketMade(this);
  }

  /** The descriptor, or -1 once the socket is closed or detached. */
  fileno(): number {
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Gives the socket its own address. Port 0 picks a free one, which `getsockname` tells. */
  bind(address: Address): void {
    const fd = this.#open();
    const checked = checkAddress(this.family, address);
    checkResult("bind", calls.bind(fd, this.family, checked), checked);
  }

  /** Lets others connect. @param backlog How many may have connected before they are accepted. */
  listen(backlog: number = BACKLOG_DEFAULT): void {
    const fd = this.#open();
    checkInteger("The backlog", backlog, INT_MIN, INT_MAX);
    checkResult("listen", calls.listen(fd, Math.max(backlog, 0)));
  }

  /** Takes the next connection: its socket and its peer's address. */
  accept(): [socket: Socket<A>, address: A] {
    this.#open();
    const accepted = this._accept();
    return typeof accepted === "number" ? raise("accept", accepted) : accepted;
  }

  /** Connects, or throws `EINPROGRESS` while that goes on: done when writable, and SO_ERROR tells how it ended. */
  connect(address: Address): void {
    const fd = this.#open();
    const checked = checkAddress(this.family, address);
    const result = calls.connect(fd, this.family, checked);
    if (result < 0) throw systemError("connect", result, addressDetails(checked));
  }

  /** Like `connect`, and answers 0 or a positive errno instead of throwing. Bad arguments throw nevertheless. */
  connectEx(address: Address): number {
    const fd = this.#open();
    return -calls.connect(fd, this.family, checkAddress(this.family, address));
  }

  /** Receives what is there, `size` bytes at the most. Nothing at all means the end of a stream. */
  recv(size: number, flags = 0): Buffer {
    return this.#receive("recv", size, flags, size === 0 ? receiveNothing : calls.receiveInto);
  }

  /**
   * Receives into the start of `buffer`: all of it, or `size` bytes if that is not 0.
   *
   * @returns how many bytes came; 0 is the end of a stream
   * @throws ValueError `ERR_OUT_OF_RANGE` if `size` is more than the buffer has
   */
  recvInto(buffer: Uint8Array, size = 0, flags = 0): number {
    const fd = this.#open();
    checkBytes("The buffer", buffer);
    checkInteger("The size", size, 0, buffer.byteLength);
    checkFlags(flags);
    if (buffer.byteLength === 0) return 0;
    return checkResult("recv", calls.receiveInto(fd, size > 0 ? buffer.subarray(0, size) : buffer, flags));
  }

  /** Receives one datagram, cut to `size` bytes, and its sender's address, null if it has none. */
  recvfrom(size: number, flags = 0): [data: Buffer, address: Address | null] {
    return [this.#receive("recvfrom", size, flags, calls.receiveFrom), calls.lastAddress()];
  }

  /** As `recvfrom`, into the start of `buffer`: all of it, or `size` bytes if that is not 0. */
  recvfromInto(buffer: Uint8Array, size = 0, flags = 0): [received: number, address: Address | null] {
    const fd = this.#open();
    checkBytes("The buffer", buffer);
    checkInteger("The size", size, 0, buffer.byteLength);
    checkFlags(flags);
    const target = size > 0 ? buffer.subarray(0, size) : buffer;
    return [checkResult("recvfrom", calls.receiveFrom(fd, target, flags)), calls.lastAddress()];
  }

  /** Sends as much as there is room for; answers how many bytes that is. */
  send(data: Uint8Array, flags = 0): number {
    const fd = this.#openInOrder();
    checkBytes("The data", data);
    return checkResult("send", calls.send(fd, data, checkFlags(flags)));
  }

  /** Sends one datagram. */
  sendto(data: Uint8Array, address: Address): number;
  sendto(data: Uint8Array, flags: number, address: Address): number;
  sendto(data: Uint8Array, ...rest: [address: Address] | [flags: number, address: Address]): number {
    const fd = this.#openInOrder();
    checkBytes("The data", data);
    const [flags, address] = rest.length === 2 ? rest : [0, rest[0]];
    const checked = checkAddress(this.family, address);
    const result = calls.sendTo(fd, data, checkFlags(flags), this.family, checked);
    return checkResult("sendto", result, checked);
  }

  /**
   * Sends bytes, and copies of descriptors with the first of them, over a Unix socket. They may be closed here afterwards.
   *
   * @returns how many bytes were taken; the descriptors go even if that is not all
   * @throws ValueError `ERR_EMPTY_BUFFER` if there is no byte that they could go with; Error `EBADF`
   */
  sendFds(data: Uint8Array, descriptors: readonly HasFileno[], flags = 0): number {
    const fd = this.#openInOrder();
    checkBytes("The data", data);
    if (data.byteLength === 0 && this.type === SOCK_STREAM) {
      const hint = "send at least one byte with them";
      throw new ValueError("ERR_EMPTY_BUFFER", `Over a stream, descriptors need a byte that they go with: ${hint}`);
    }
    const numbers = checkDescriptors(descriptors);
    return checkResult("sendmsg", sendDescriptors(fd, data, numbers, checkFlags(flags)));
  }

  /**
   * Receives up to `size` bytes, and up to `most` descriptors that came with them: numbers of ours now, to be closed here. There may
   * be none. The flags have MSG_CTRUNC if more came than there was room for; those are closed.
   */
  recvFds(size: number, most: number, flags = 0): [data: Buffer, descriptors: number[], flags: number] {
    const fd = this.#open();
    checkInteger("The size", size, 0, fds.TRANSFER_MAX);
    checkInteger("The number of descriptors", most, 0, PASSED_MAX);
    const data = Buffer.alloc(size);
    const passed = receiveDescriptors(fd, data, most, checkFlags(flags));
    if (typeof passed === "number") return raise("recvmsg", passed);
    return [Buffer.from(data.subarray(0, passed.size)), passed.descriptors, passed.flags];
  }

  /** Sets an option, to an int or to bytes as the option wants them. */
  setsockopt(level: number, option: number, value: number | Uint8Array): void {
    const fd = this.#open();
    checkOption(level, option);
    const bytes = typeof value === "number" ? intBytes(value) : checkBytes("The value of an option", value);
    checkResult("setsockopt", calls.setOption(fd, level, option, bytes));
  }

  /** Asks for an option that is an int, or, if a length is given, for one of up to so many bytes. */
  getsockopt(level: number, option: number): number;
  getsockopt(level: number, option: number, length: number): Buffer;
  getsockopt(level: number, option: number, length?: number): number | Buffer {
    const fd = this.#open();
    checkOption(level, option);
    const size = length === undefined ? 4 : checkInteger("The length of an option", length, 1, OPTION_BYTES_MAX);
    const bytes = Buffer.alloc(size);
    const used = checkResult("getsockopt", calls.getOption(fd, level, option, bytes));
    return length === undefined ? bytes.readInt32LE() : bytes.subarray(0, Math.min(used, size));
  }

  /** The socket's own address. */
  getsockname(): A {
    checkResult("getsockname", calls.ownAddress(this.#open()));
    return (calls.lastAddress() ?? "") as A;
  }

  /** The address of the peer. @throws Error `ENOTCONN` */
  getpeername(): A {
    checkResult("getpeername", calls.peerAddress(this.#open()));
    return (calls.lastAddress() ?? "") as A;
  }

  /** Ends one direction, SHUT_RD or SHUT_WR, or both, SHUT_RDWR. */
  shutdown(how: number): void {
    checkInteger("How to shut down", how, 0, SHUT_RDWR);
    const fd = this.#openInOrder();
    checkResult("shutdown", calls.shutdown(fd, how));
  }

  /** Closes the socket, for good; whoever watches it stops. May be called again. */
  close(): void {
    checkResult("close", this._close());
  }

  /** Gives the descriptor away: it stays open, and this object counts as closed. Whoever watches it stops. */
  detach(): number {
    const fd = this.#openInOrder();
    this.#fd = -1;
    socketGone(this);
    fds.letGo(fd);
    return fd;
  }

  /** Makes another descriptor of the same socket: it is open until both are closed. */
  dup(): Socket<A> {
    const fd = checkResult("dup", fds.duplicate(this.#open()));
    return new Socket(this.family, this.type, this.proto, new NewDescriptor(fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  toString(): string {
    return `<Socket fd=${this.#fd} family=${this.family} type=${this.type} proto=${this.proto}>`;
  }

  /** @internal `accept` that answers a negative errno where that throws a system error. */
  _accept(): [socket: Socket<A>, address: A] | number {
    const fd = calls.accept(this.#fd);
    if (fd < 0) return fd;
    const address = (calls.lastAddress() ?? "") as A;
    return [new Socket(this.family, this.type, this.proto, new NewDescriptor(fd)), address];
  }

  /** @internal For who has nobody to tell, or more to do: `close` that answers 0, or a negative errno. The number is free in any case. */
  _close(): number {
    const fd = this.#fd;
    if (fd < 0) return 0;
    flushOwner(fd);
    // Sending what was written may have ended the connection.
    if (this.#fd < 0) return 0;
    this.#fd = -1;
    socketGone(this);
    return fds.close(fd);
  }

  /** @internal Receives into `memory` from `offset` on. 0 is the end of the stream; else a count or an errno. */
  _recvInto(memory: Memory, offset: number, length: number): number {
    return calls.receive(this.#fd, memory, offset, length);
  }

  /** @internal Sends from the start of `bytes`; answers a count or a negative errno. */
  _send(bytes: Uint8Array): number {
    return calls.send(this.#fd, bytes, 0);
  }

  /** @internal As `_send`, `length` bytes of `memory` from `offset` on. */
  _sendFrom(memory: Memory, offset: number, length: number): number {
    return calls.sendFrom(this.#fd, memory, offset, length);
  }

  #open(): number {
    if (this.#fd >= 0) return this.#fd;
    throw new RuntimeError("ERR_SOCKET_CLOSED", "The socket is closed. Make a new one");
  }

  /** As `#open`, for what a peer can tell from what a transport has written and not sent yet: that goes first. */
  #openInOrder(): number {
    const fd = this.#open();
    flushOwner(fd);
    // Sending it may have ended the connection.
    return this.#open();
  }

  #receive(syscall: string, size: number, flags: number, receive: typeof calls.receiveInto): Buffer {
    const fd = this.#open();
    checkInteger("The size", size, 0, fds.TRANSFER_MAX);
    checkFlags(flags);
    scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    const isSmall = size <= SCRATCH_BYTES;
    const target = isSmall ? scratch.subarray(0, size) : Buffer.allocUnsafeSlow(size);
    // A stream throws away what it is asked to truncate, and writes nothing: others' bytes must not be taken for it.
    if (flags & MSG_TRUNC) target.fill(0);
    const received = target.subarray(0, checkResult(syscall, receive(fd, target, flags)));
    // A few bytes must not hold on to a large buffer.
    return isSmall || received.length < size / 2 ? Buffer.from(received) : received;
  }
}

/** For nothing at all nobody has to wait. Only `recvfrom` takes a datagram that there is no room for, as in CPython. */
function receiveNothing(): number {
  return 0;
}

/** Makes two sockets that are connected to each other, of the kind AF_UNIX and SOCK_STREAM by default. @throws as `new Socket` */
export function socketpair(family: number = AF_UNIX, type: number = SOCK_STREAM, proto = 0): [Socket, Socket] {
  checkInteger("The family of a socket", family, 0, INT_MAX);
  checkInteger("The type of a socket", type, 0, SOCK_TYPE_MAX);
  checkInteger("The proto of a socket", proto, 0, INT_MAX);
  const made = calls.createSocketPair(family, type, proto);
  if (typeof made === "number") return raise("socketpair", made);
  const [left, right] = made;
  return [
    new Socket(family, type, proto, new NewDescriptor(left)),
    new Socket(family, type, proto, new NewDescriptor(right)),
  ];
}

/** Asks an open descriptor for its family, type or proto. */
function checkKind(fd: number, name: string, option: number, given: number | undefined): number {
  const actual = checkResult("getsockopt", calls.getSocketOption(fd, option));
  if (given === undefined || given === actual) return actual;
  throw new ValueError("ERR_SOCKET_KIND", `The descriptor ${fd} is a socket of ${name} ${actual}, not ${given}`);
}

function checkOption(level: number, option: number): void {
  checkInteger("The level of an option", level, INT_MIN, INT_MAX);
  checkInteger("The option", option, INT_MIN, INT_MAX);
}

function checkDescriptors(descriptors: readonly HasFileno[]): number[] {
  if (!Array.isArray(descriptors)) {
    throw typeError("ERR_INVALID_ARG_TYPE", `The descriptors must be an array, not ${describe(descriptors)}`);
  }
  checkInteger("The number of descriptors", descriptors.length, 0, PASSED_MAX);
  return descriptors.map(checkDescriptor);
}

function checkFlags(flags: number): number {
  return checkInteger("The flags", flags, INT_MIN, INT_MAX);
}

function intBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(checkInteger("The value of an option", value, INT_MIN, INT_MAX));
  return bytes;
}

function checkResult(syscall: string, result: number, address?: Address): number {
  return result < 0 ? raise(syscall, result, address) : result;
}

function raise(syscall: string, errno: number, address?: Address): never {
  throw systemError(syscall, errno, { message: errorText(errno), ...addressDetails(address) });
}

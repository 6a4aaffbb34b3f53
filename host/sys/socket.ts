/**
 * Calls on sockets.
 *
 * Owns: every call on a socket's number, from making it up to but not including its close. Each answers a count, 0 or a negative errno.
 * Nothing here waits: sockets are made non-blocking and closed on exec, and every transfer says so again with its flags.
 * No length given to C exceeds the buffer that it belongs to. Calls that change readiness are counted (`activity.ts`).
 *
 * Does not own: closing (`fd.ts`), the layout of addresses (`sockaddr.ts`), exceptions (`net/socket.ts`).
 */

import { MSG_DONTWAIT, MSG_NOSIGNAL, SOL_SOCKET } from "../constants.js";
import { noteActivity } from "./activity.js";
import { EBADF, EFAULT, EINPROGRESS, EINTR, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import type { Memory } from "./memory.js";
import { type Address, SocketName } from "./sockaddr.js";
import { closeAtThreadEnd } from "./thread-end.js";

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

let names: SocketName | undefined;

/** The one name that calls here read and write: no two run at once. */
function name(): SocketName {
  names ??= new SocketName();
  return names;
}

/** Makes a socket. */
export function createSocket(family: number, type: number, proto: number): number {
  const c = libc();
  const result = c.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
  return result < 0 ? -c.errno() : closeAtThreadEnd(result);
}

/** Makes two sockets that are connected to each other. */
export function createSocketPair(family: number, type: number, proto: number): [number, number] | number {
  const fds = new Int32Array(2);
  const c = libc();
  const result = c.socketpair(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto, new Uint8Array(fds.buffer));
  if (result < 0) return -c.errno();
  return [closeAtThreadEnd(fds[0] as number), closeAtThreadEnd(fds[1] as number)];
}

/** Gives the socket an address of its own. -EINVAL also for an address that is none of the family. */
export function bind(fd: number, family: number, address: Address): number {
  if (!isDescriptor(fd)) return -EBADF;
  const own = name();
  const length = own.write(family, address);
  if (length < 0) return length;
  noteActivity();
  const c = libc();
  return c.bind(fd, own.address, length) < 0 ? -c.errno() : 0;
}

/** Lets others connect, `backlog` of them before the first is accepted. */
export function listen(fd: number, backlog: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  return c.listen(fd, backlog) < 0 ? -c.errno() : 0;
}

/** Takes the next connection and answers its fd. `lastAddress` is then its peer's. */
export function accept(fd: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const peer = name();
  const c = libc();
  for (;;) {
    peer.setLength();
    const result = c.accept4(fd, peer.address, peer.lengthAddress, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (result >= 0) return closeAtThreadEnd(result);
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** The address that the last accept, receiveFrom, ownAddress or peerAddress wrote, or null if it had none. */
export function lastAddress(): Address | null {
  return name().read();
}

/** Begins to connect; -EINPROGRESS unless it is done at once. -EINVAL also for an address that is none of the family. */
export function connect(fd: number, family: number, address: Address): number {
  if (!isDescriptor(fd)) return -EBADF;
  const peer = name();
  const length = peer.write(family, address);
  if (length < 0) return length;
  noteActivity();
  const c = libc();
  if (c.connect(fd, peer.address, length) >= 0) return 0;
  const errno = c.errno();
  // Interrupted, the connection goes on being made.
  return errno === EINTR ? -EINPROGRESS : -errno;
}

/** Ends one direction or both. */
export function shutdown(fd: number, how: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  return c.shutdown(fd, how) < 0 ? -c.errno() : 0;
}

/** Finds out the socket's own address, which `lastAddress` then answers. */
export function ownAddress(fd: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  const own = name();
  own.setLength();
  const c = libc();
  return c.getsockname(fd, own.address, own.lengthAddress) < 0 ? -c.errno() : 0;
}

/** Finds out the peer's address, which `lastAddress` then answers. */
export function peerAddress(fd: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  const peer = name();
  peer.setLength();
  const c = libc();
  return c.getpeername(fd, peer.address, peer.lengthAddress) < 0 ? -c.errno() : 0;
}

const optionLength = new Uint32Array(1);
const optionLengthBytes = new Uint8Array(optionLength.buffer);

/** Reads an option into `value`; answers how many bytes of it the kernel wrote. */
export function getOption(fd: number, level: number, option: number, value: Uint8Array): number {
  if (!isDescriptor(fd)) return -EBADF;
  optionLength[0] = value.byteLength;
  const c = libc();
  const result = c.getsockopt(fd, level, option, value, optionLengthBytes);
  return result < 0 ? -c.errno() : optionLength[0];
}

/** Sets an option to the bytes of `value`. */
export function setOption(fd: number, level: number, option: number, value: Uint8Array): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  return c.setsockopt(fd, level, option, value, value.byteLength) < 0 ? -c.errno() : 0;
}

const word = new Int32Array(1);
const wordBytes = new Uint8Array(word.buffer);

/** Reads an option of SOL_SOCKET that is an int and never negative: the kind of a socket, or SO_ERROR. */
export function getSocketOption(fd: number, option: number): number {
  const result = getOption(fd, SOL_SOCKET, option, wordBytes);
  return result < 0 ? result : word[0];
}

/**
 * Receives up to `length` bytes into `memory` from `offset` on. 0 is the end of a stream.
 *
 * @returns -EFAULT if no such byte lies inside the memory, so that 0 always means the end.
 */
export function receive(fd: number, memory: Memory, offset: number, length: number): number {
  const size = memory.clamp(offset, length);
  if (size < 0) return -EFAULT;
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  let result: number;
  do {
    result = c.recv(fd, memory.address + offset, size, MSG_DONTWAIT);
    if (result < 0) result = -c.errno();
    memory.lastResult = result;
  } while (result === -EINTR);
  return result;
}

/** Receives into all of `bytes`. With flags as recv has them. */
export function receiveInto(fd: number, bytes: Uint8Array, flags: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  let result: number;
  do {
    result = c.recvView(fd, bytes, bytes.length, flags | MSG_DONTWAIT);
    if (result < 0) result = -c.errno();
  } while (result === -EINTR);
  return result;
}

/** Receives into all of `bytes`; `lastAddress` is then the sender's. */
export function receiveFrom(fd: number, bytes: Uint8Array, flags: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const sender = name();
  const c = libc();
  let result: number;
  do {
    sender.setLength();
    const { address, lengthAddress } = sender;
    result = c.recvfrom(fd, bytes, bytes.length, flags | MSG_DONTWAIT, address, lengthAddress);
    if (result < 0) result = -c.errno();
  } while (result === -EINTR);
  return result;
}

/** Sends from the start of `bytes`; answers how many were taken. Never raises SIGPIPE. */
export function send(fd: number, bytes: Uint8Array, flags = 0): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  let result: number;
  do {
    result = c.send(fd, bytes, bytes.length, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result < 0) result = -c.errno();
  } while (result === -EINTR);
  return result;
}

/** As `send`, `length` bytes of `memory` from `offset` on. -EFAULT if no such byte lies inside it. */
export function sendFrom(fd: number, memory: Memory, offset: number, length: number): number {
  const size = memory.clamp(offset, length);
  if (size < 0) return -EFAULT;
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  let result: number;
  do {
    result = c.sendFrom(fd, memory.address + offset, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (result < 0) result = -c.errno();
    memory.lastResult = result;
  } while (result === -EINTR);
  return result;
}

/** Sends one datagram to `address`. -EINVAL also for an address that is none of the family. */
export function sendTo(fd: number, bytes: Uint8Array, flags: number, family: number, address: Address): number {
  if (!isDescriptor(fd)) return -EBADF;
  const peer = name();
  const length = peer.write(family, address);
  return length < 0 ? length : sendToName(fd, bytes, flags, peer, length);
}

/** As `sendTo`, to a name that was written before and has `length` bytes. */
export function sendToName(fd: number, bytes: Uint8Array, flags: number, peer: SocketName, length: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  let result: number;
  do {
    result = c.sendto(fd, bytes, bytes.length, flags | MSG_DONTWAIT | MSG_NOSIGNAL, peer.address, length);
    if (result < 0) result = -c.errno();
  } while (result === -EINTR);
  return result;
}

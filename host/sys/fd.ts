/**
 * Descriptors of any kind: closing, duplicating, flags, and what kind of thing one is.
 *
 * Owns: the one place where descriptors are closed, and the list of those who must hear of it first. epoll keeps
 * reporting a number whose file somebody else still holds open, and cannot be told to stop once the number is closed.
 *
 * Does not own: who holds which descriptor. Everything here takes a number and answers a count, 0 or a negative errno.
 */

import { fstatSync } from "node:fs";
import { noteActivity } from "./activity.js";
import { EBADF, EFAULT, EINTR, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import type { Memory } from "./memory.js";
import { blockSigpipe } from "./sigpipe.js";
import { closeAtThreadEnd, leaveOpen } from "./thread-end.js";

/** The longest transfer that Linux does in one call, in bytes. */
export const TRANSFER_MAX = 0x7ffff000;

const F_GETFD = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const O_NONBLOCK = 0o4000;
const O_ACCMODE = 3;
const O_RDONLY = 0;
const O_WRONLY = 1;

/*
 *   struct pollfd   0 fd   4 events   6 revents   8 bytes
 */
const pollWords = new Int32Array(2);
const pollBytes = new Uint8Array(pollWords.buffer);
const REVENTS_SHIFT = 16;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

/** What a descriptor stands for. */
export type DescriptorKind = "regular" | "directory" | "fifo" | "socket" | "character" | "block" | "other";

/**
 * Called with the fd just before it is closed, while it still means what it meant. Whoever keeps something under the
 * number of an fd adds a function here, which must not throw.
 */
export const closeListeners = new Set<(fd: number) => void>();

/** Has everybody forget a descriptor of which nobody here knows what will become: somebody else closes it, or keeps it. */
export function letGo(fd: number): void {
  for (const listener of closeListeners) listener(fd);
  leaveOpen(fd);
}

/** Closes a descriptor. Interrupted or not, the number is free afterwards. */
export function close(fd: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  letGo(fd);
  noteActivity();
  const c = libc();
  const result = c.close(fd);
  if (result >= 0) return 0;
  const errno = c.errno();
  return errno === EINTR ? 0 : -errno;
}

/** Tells whether the number names an open descriptor. */
export function isOpen(fd: number): boolean {
  return isDescriptor(fd) && libc().fcntl(fd, F_GETFD, 0) >= 0;
}

/** Makes reads and writes fail with EAGAIN instead of waiting. The flag belongs to the open file, not to the number. */
export function setNonblocking(fd: number, nonblocking = true): number {
  const flags = control(fd, F_GETFL, 0);
  if (flags < 0) return flags;
  const wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted === flags ? 0 : control(fd, F_SETFL, wanted);
}

/** 1 if reads and writes never wait, else 0. */
export function isNonblocking(fd: number): number {
  const flags = control(fd, F_GETFL, 0);
  return flags < 0 ? flags : flags & O_NONBLOCK ? 1 : 0;
}

/**
 * Whether nobody is at the other end of a pipe or a socket any more, as far as the kernel knows: nobody reads from the pipe,
 * or the connection is broken or closed both ways.
 */
export function isHungUp(fd: number): boolean {
  if (!isDescriptor(fd)) return true;
  pollWords[0] = fd;
  pollWords[1] = 0;
  libc().poll(pollBytes, 1, 0);
  return ((pollWords[1] as number) & ((POLLERR | POLLHUP | POLLNVAL) << REVENTS_SHIFT)) !== 0;
}

/** Whether a descriptor was opened for reading and for writing. -EBADF if it is not open. */
export function accessOf(fd: number): { reads: boolean; writes: boolean } | number {
  const flags = control(fd, F_GETFL, 0);
  if (flags < 0) return flags;
  const access = flags & O_ACCMODE;
  return { reads: access !== O_WRONLY, writes: access !== O_RDONLY };
}

/** A second number for the same open file, closed on exec. */
export function duplicate(fd: number): number {
  return closeAtThreadEnd(control(fd, F_DUPFD_CLOEXEC, 0));
}

/** The kind of a descriptor, or a negative errno. Asks Node, because `struct stat` differs from machine to machine. */
export function descriptorKind(fd: number): DescriptorKind | number {
  if (!isDescriptor(fd)) return -EBADF;
  try {
    const stats = fstatSync(fd);
    if (stats.isSocket()) return "socket";
    if (stats.isFIFO()) return "fifo";
    if (stats.isFile()) return "regular";
    if (stats.isDirectory()) return "directory";
    if (stats.isCharacterDevice()) return "character";
    return stats.isBlockDevice() ? "block" : "other";
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? -EBADF;
  }
}

/**
 * Reads up to `length` bytes into `memory` from `offset` on. 0 is the end.
 *
 * @returns -EFAULT if no such byte lies inside the memory.
 */
export function read(fd: number, memory: Memory, offset: number, length: number): number {
  const size = memory.clamp(offset, length);
  if (size < 0) return -EFAULT;
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  for (;;) {
    let result = c.read(fd, memory.address + offset, size);
    if (result < 0) result = -c.errno();
    memory.lastResult = result;
    if (result !== -EINTR) return result;
  }
}

/** Reads into all of `bytes`. 0 is the end. */
export function readInto(fd: number, bytes: Uint8Array): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  for (;;) {
    const result = c.readView(fd, bytes, bytes.byteLength);
    if (result >= 0) return result;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** Writes from the start of `bytes`; answers how many were taken. Never ends the process with SIGPIPE. */
export function write(fd: number, bytes: Uint8Array): number {
  if (!isDescriptor(fd)) return -EBADF;
  blockSigpipe();
  noteActivity();
  const c = libc();
  for (;;) {
    const result = c.write(fd, bytes, bytes.byteLength);
    if (result >= 0) return result;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

function control(fd: number, command: number, argument: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  const c = libc();
  const result = c.fcntl(fd, command, argument);
  return result < 0 ? -c.errno() : result;
}

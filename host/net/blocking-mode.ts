/**
 * Descriptors that were made non-blocking and are not only ours.
 *
 * Owns: making a descriptor non-blocking, and putting it back as it was when it is closed or given away, and at the end of
 * the process. The mode belongs to the open file, which other descriptors and other processes may share: a terminal is
 * stdin, stdout and stderr, and the shell's as well.
 *
 * Does not own: sockets and pipes that we make ourselves, which nobody else has.
 */

import { errorText, systemError } from "../sys/errors.js";
import { closeListeners, isNonblocking, setNonblocking } from "../sys/fd.js";

/** The descriptors that must not block, and whether each is to be put back. */
const held = new Map<number, boolean>();

/**
 * Makes a descriptor non-blocking until it is closed or `restoreBlocking` is called.
 *
 * @throws Error `EBADF`
 */
export function holdNonblocking(fd: number): void {
  if (held.has(fd)) return;
  const was = isNonblocking(fd);
  const result = was === 0 ? setNonblocking(fd) : was;
  if (result < 0) throw systemError("fcntl", result, { message: errorText(result) });
  if (held.size === 0) process.on("exit", restoreAll);
  held.set(fd, was === 0);
}

/** Puts a descriptor back as it was, unless another one that is still held is the same open file. */
export function restoreBlocking(fd: number): void {
  const wasBlocking = held.get(fd);
  if (wasBlocking === undefined) return;
  held.delete(fd);
  if (held.size === 0) process.off("exit", restoreAll);
  if (!wasBlocking) return;
  setNonblocking(fd, false);
  // The others were non-blocking a moment ago: one that blocks now is the same open file, and takes the duty over.
  for (const other of held.keys()) {
    if (isNonblocking(other) !== 0) continue;
    setNonblocking(other);
    held.set(other, true);
  }
}

function restoreAll(): void {
  for (const [fd, wasBlocking] of held) if (wasBlocking) setNonblocking(fd, false);
}

closeListeners.add(restoreBlocking);

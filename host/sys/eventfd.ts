/**
 * eventfd: a counter that wakes whoever watches it.
 *
 * Owns: making and signalling one. Signalling is a single system call on a number, so any thread may do it.
 *
 * Does not own: waiting for it. A selector registers it edge-triggered and then never has to read it: every signal is a
 * new edge, and the counter would take centuries to fill.
 */

import { noteActivity } from "./activity.js";
import { EBADF, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { closeAtThreadEnd } from "./thread-end.js";

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** One, as the u64 that an eventfd wants. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Makes an eventfd that counts from 0, or answers a negative errno. */
export function createEventfd(): number {
  const c = libc();
  const result = c.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return result < 0 ? -c.errno() : closeAtThreadEnd(result);
}

/** Adds one to the counter. */
export function signalEventfd(fd: number): number {
  if (!isDescriptor(fd)) return -EBADF;
  noteActivity();
  const c = libc();
  return c.write(fd, ONE, ONE.byteLength) < 0 ? -c.errno() : 0;
}

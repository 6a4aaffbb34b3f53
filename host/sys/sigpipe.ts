/**
 * SIGPIPE, which the kernel sends to a thread that writes to a pipe without a reader.
 *
 * Owns: blocking it in this thread, so that the write fails with EPIPE and nothing else happens. Node ignores the signal
 * from the start, but whoever adds a listener for it and removes it again leaves the default behind, which is to die.
 *
 * Does not own: sockets, whose sends say MSG_NOSIGNAL; nor SIGPIPE that another process sends, which goes to another
 * thread. Processes that Node spawns begin with nothing blocked.
 */

import { libc } from "./libc.js";

const SIG_BLOCK = 0;
const SIGPIPE = 13;
/** struct sigset_t of glibc and musl. */
const SIGSET_BYTES = 128;

let isBlocked = false;

/** Blocks SIGPIPE in this thread, for good. */
export function blockSigpipe(): void {
  if (isBlocked) return;
  const set = new Uint8Array(SIGSET_BYTES);
  set[(SIGPIPE - 1) >> 3] = 1 << ((SIGPIPE - 1) & 7);
  isBlocked = libc().pthread_sigmask(SIG_BLOCK, set, 0) === 0;
}

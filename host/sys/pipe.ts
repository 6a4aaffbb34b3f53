/**
 * Pipes.
 *
 * Owns: making one, both ends non-blocking and closed on exec.
 *
 * Does not own: reading, writing and closing (`fd.ts`).
 */

import { libc } from "./libc.js";
import { closeAtThreadEnd } from "./thread-end.js";

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;

/** Makes a pipe: the end to read and the end to write, or a negative errno. */
export function createPipe(): [readEnd: number, writeEnd: number] | number {
  const fds = new Int32Array(2);
  const c = libc();
  const result = c.pipe2(new Uint8Array(fds.buffer), O_CLOEXEC | O_NONBLOCK);
  if (result < 0) return -c.errno();
  return [closeAtThreadEnd(fds[0] as number), closeAtThreadEnd(fds[1] as number)];
}

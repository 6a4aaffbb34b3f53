/**
 * sendfile: bytes of a file go out on a socket without passing through the process.
 *
 * Owns: the call, and the offset that it reads from, in a word of its own, so that the file's position is neither used nor changed.
 *
 * Does not own: what to do where a file has none of it (`net/file-source.ts`).
 */
import { noteActivity } from "./activity.js";
import { EBADF, EINTR, EINVAL, isDescriptor } from "./errno.js";
import { TRANSFER_MAX } from "./fd.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { blockSigpipe } from "./sigpipe.js";

const WORD_VALUES = 2 ** 32;

let offset: Memory | undefined;
let offsetWords: Uint32Array | undefined;

/**
 * Sends up to `length` bytes of `file` from `start` on, both safe integers.
 *
 * @returns how many were taken; 0 at the end of the file; -EINVAL and -ENOSYS where it cannot be done with this file
 */
export function sendFile(socket: number, file: number, start: number, length: number): number {
  if (!isDescriptor(socket) || !isDescriptor(file)) return -EBADF;
  if (!Number.isSafeInteger(start) || start < 0 || !(length > 0)) return -EINVAL;
  blockSigpipe();
  offset ??= new Memory(8);
  offsetWords ??= new Uint32Array(offset.bytes.buffer, 0, 2);
  noteActivity();
  const c = libc();
  for (;;) {
    offsetWords[0] = start % WORD_VALUES;
    offsetWords[1] = Math.floor(start / WORD_VALUES);
    const result = c.sendfile(socket, file, offset.address, Math.min(length, TRANSFER_MAX));
    if (result >= 0) return result;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

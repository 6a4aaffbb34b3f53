/**
 * Pipes, and descriptors that are no sockets.
 *
 * Owns: an object for a descriptor, so that it can be closed once and not again as somebody else's. One that blocked
 * when it was taken over blocks again when it is closed or given away.
 *
 * Does not own: waiting. A call that would have to wait throws an error whose code is `EAGAIN`.
 *
 * From: CPython 3.11 os.pipe2, os.read and os.write.
 */

import { checkBytes, checkInteger } from "../arguments.js";
import { RuntimeError } from "../errors.js";
import { errorText, systemError } from "../sys/errors.js";
import * as fds from "../sys/fd.js";
import { Memory } from "../sys/memory.js";
import { createPipe } from "../sys/pipe.js";
import { leaveOpen } from "../sys/thread-end.js";
import { holdNonblocking, restoreBlocking } from "./blocking-mode.js";
import { checkDescriptor, type HasFileno } from "./checks.js";

/** What a pipe holds by default, and so the most that one read can answer. */
const READ_BYTES_MAX = 65536;

let scratch: Memory | undefined;

/**
 * An open descriptor. It stays open until `close()` or `detach()`, and what is called later throws RuntimeError `ERR_FILE_CLOSED`. It does not
 * block: a call that would have to wait throws `EAGAIN`.
 */
export class FileDescriptor {
  #fd: number;

  /** Takes over an open descriptor and makes it non-blocking. @throws Error `EBADF`; ValueError `ERR_INVALID_FILE` */
  constructor(fileno: HasFileno) {
    const fd = checkDescriptor(fileno);
    holdNonblocking(fd);
    this.#fd = fd;
  }

  /** The descriptor, or -1 once it is closed or detached. */
  fileno(): number {
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Reads what is there, `size` bytes and 64 KiB at the most. Nothing at all means the end. */
  read(size: number): Buffer {
    const fd = this.#open();
    checkInteger("The size", size, 0, Number.MAX_SAFE_INTEGER);
    if (size === 0) return Buffer.alloc(0);
    scratch ??= new Memory(READ_BYTES_MAX);
    return Buffer.from(scratch.bytes.subarray(0, checkResult("read", fds.read(fd, scratch, 0, size))));
  }

  /** Writes as much as there is room for; answers how many bytes that is. */
  write(data: Uint8Array): number {
    const fd = this.#open();
    return checkResult("write", fds.write(fd, checkBytes("The data", data)));
  }

  /** Closes the descriptor, for good; whoever watches it stops. May be called again. */
  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    checkResult("close", fds.close(fd));
  }

  /** Gives the descriptor away: it stays open, and this object counts as closed. */
  detach(): number {
    const fd = this.#open();
    this.#fd = -1;
    restoreBlocking(fd);
    leaveOpen(fd);
    return fd;
  }

  /** Makes another descriptor of the same open file, say to read from a terminal with one and to write to it with the other. */
  dup(): FileDescriptor {
    return new FileDescriptor(checkResult("dup", fds.duplicate(this.#open())));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#fd >= 0) return this.#fd;
    throw new RuntimeError("ERR_FILE_CLOSED", "The descriptor is closed. Open the file again");
  }
}

/** Makes a pipe: what is written to the second can be read from the first. Both ends are non-blocking. @throws Error `EMFILE` */
export function pipe(): [readEnd: FileDescriptor, writeEnd: FileDescriptor] {
  const made = createPipe();
  if (typeof made === "number") throw systemError("pipe2", made, { message: errorText(made) });
  return [new FileDescriptor(made[0]), new FileDescriptor(made[1])];
}

function checkResult(syscall: string, result: number): number {
  if (result < 0) throw systemError(syscall, result, { message: errorText(result) });
  return result;
}

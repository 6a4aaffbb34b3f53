/**
 * The part of a file that is to be sent.
 *
 * Owns: which file, from where, how much of it, and how much has been sent; sending some of it with sendfile, and reading some of
 * it where that cannot be done.
 *
 * Does not own: where it goes (`sock-sendfile.ts`, `sendfile.ts`), and the file, which the caller keeps open meanwhile. Its position is
 * neither used nor changed.
 */

import { read, readSync } from "node:fs";
import { promisify } from "node:util";
import { checkBoolean, checkInteger, checkOptions } from "../arguments.js";
import { UnsupportedError, ValueError } from "../errors.js";
import { futureOf } from "../futures/ensure-future.js";
import type { Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { EAGAIN, EINVAL, ENOSYS, EOPNOTSUPP } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { sendFile } from "../sys/sendfile.js";
import { checkOpen, type PipeLike } from "./checks.js";
import type { Socket } from "./socket.js";
import { AGAIN } from "./socket-call.js";

const readAsync = promisify(read);

/** A file: its descriptor, or anything that has one, such as a FileHandle. */
export type FileLike = PipeLike;

/** What `sendfile` and `sockSendfile` take besides the file. */
export interface SendfileOptions {
  /** Whether the file may be read and written where the system cannot send it by itself: true unless said otherwise. */
  fallback?: boolean | undefined;
}

/** @throws TypeError `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE` */
export function checkFallback(call: string, options: SendfileOptions): boolean {
  checkOptions(call, options, ["fallback"]);
  const { fallback = true } = options;
  checkBoolean("fallback", fallback);
  return fallback;
}

export class FileSource {
  readonly #loop: EventLoop;
  readonly #fd: number;
  readonly #start: number;
  readonly #count: number;
  /** How many bytes have been sent. */
  sent = 0;

  /**
   * @param count how many bytes at the most; null for all up to the end
   * @throws ValueError `ERR_INVALID_FILE` for what is no open regular file, `ERR_OUT_OF_RANGE`; TypeError `ERR_INVALID_ARG_TYPE`
   */
  constructor(loop: EventLoop, file: FileLike, offset: number, count: number | null | undefined) {
    this.#loop = loop;
    this.#fd = checkFile(file);
    this.#start = checkInteger("The offset", offset, 0, Number.MAX_SAFE_INTEGER);
    this.#count = count === null || count === undefined ? Number.MAX_SAFE_INTEGER : checkCount(count);
  }

  /**
   * Has the kernel send some. Answers how many bytes were sent in all when that is enough, else AGAIN.
   *
   * @throws as the kernel; `unavailable`
   */
  sendOn(socket: Socket): number | typeof AGAIN {
    const sent = this.#left === 0 ? 0 : sendFile(socket.fileno(), this.#fd, this.#position, this.#left);
    if (sent === -EAGAIN) return AGAIN;
    if (sent < 0) throw this.#failure(sent);
    this.sent += sent;
    return sent === 0 || this.#left === 0 ? this.sent : AGAIN;
  }

  /** Reads some into the buffer. Answers how many bytes that is; 0 when all of it has been sent. They count as sent from here on. */
  *readInto(buffer: Buffer): Work<number> {
    const size = Math.min(buffer.byteLength, this.#left);
    if (size === 0) return 0;
    const scheduler = this.#loop._scheduler;
    const position = this.#position;
    // Node's thread pool cannot answer while the loop keeps the thread; and virtual time would not wait for it.
    const bytesRead =
      scheduler.blocking || !scheduler.driver.hasOutside
        ? readSync(this.#fd, buffer, 0, size, position)
        : yield* futureOf(
            this.#loop,
            scheduler,
            readAsync(this.#fd, buffer, 0, size, position).then((result) => result.bytesRead),
          );
    this.sent += bytesRead;
    return bytesRead;
  }

  get #position(): number {
    return this.#start + this.sent;
  }

  get #left(): number {
    return this.#count - this.sent;
  }

  #failure(errno: number): Error {
    const isUnavailable = errno === -EINVAL || errno === -ENOSYS || errno === -EOPNOTSUPP;
    if (isUnavailable && this.sent === 0) return unavailable("the system cannot send this file by itself");
    return systemError("sendfile", errno, { message: errorText(errno) });
  }
}

/** The error where the kernel cannot send a file, before anything of it was sent: asyncio's SendfileNotAvailableError. */
export function unavailable(reason: string): UnsupportedError {
  return new UnsupportedError("ERR_SENDFILE_UNAVAILABLE", `${reason}: leave fallback on, and it is read and written`);
}

/** Whether it is the error that `unavailable` makes. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof UnsupportedError && error.code === "ERR_SENDFILE_UNAVAILABLE";
}

function checkFile(file: FileLike): number {
  const { fd, kind } = checkOpen(file);
  if (kind === "regular" || kind === "block") return fd;
  throw new ValueError("ERR_INVALID_FILE", `Descriptor ${fd} is no regular file: write() what comes from elsewhere`);
}

function checkCount(count: number): number {
  return checkInteger("The count", count, 1, Number.MAX_SAFE_INTEGER);
}

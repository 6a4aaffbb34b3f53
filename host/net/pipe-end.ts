/**
 * The descriptors that pipe transports work on.
 *
 * Owns: what may be one, and taking it over: it is made non-blocking, and put back as it was and closed by `close`. A number
 * is closed as it is; an object is told to close itself, since it may count on being the one who does. But 0, 1 and 2
 * stay open, as numbers and as the streams of `process`: whatever was opened next would get their number, and with it
 * all that the process prints.
 *
 * Does not own: when to read and to write (`read-pipe.ts`, `write-pipe.ts`).
 *
 * From: CPython 3.13 unix_events `_UnixReadPipeTransport` and `_UnixWritePipeTransport`. Differs: 0, 1 and 2 stay open; a
 * socket that has something to say is not taken for one whose peer has gone; a descriptor that cannot be read, or not be
 * written, is refused.
 */

import { MSG_PEEK } from "../constants.js";
import { ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { EAGAIN } from "../sys/errno.js";
import * as fds from "../sys/fd.js";
import type { Memory } from "../sys/memory.js";
import * as sockets from "../sys/socket.js";
import { holdNonblocking } from "./blocking-mode.js";
import { checkOpen, type PipeLike } from "./checks.js";
import { checkUnowned } from "./options.js";

type PipeKind = "fifo" | "socket" | "character";

const STDERR = 2;

/** The descriptors that were taken over, whose transports are to hear of it when they are closed by somebody else. */
const ends = new Map<number, PipeEnd>();

const peeked = new Uint8Array(1);

/**
 * Takes an end of a pipe over, to be read from or to be written to.
 *
 * @throws ValueError `ERR_INVALID_FILE` if it has no descriptor, `ERR_PIPE_KIND` if that is no pipe, socket or character
 *   device, or cannot be used that way; Error `EBADF` if it is not open; RuntimeError `ERR_FD_IN_USE`. It is not taken
 *   over then
 */
export function takePipe(loop: EventLoop, pipe: PipeLike, use: "reads" | "writes"): PipeEnd {
  const { fd, kind } = checkOpen(pipe);
  if (kind !== "fifo" && kind !== "socket" && kind !== "character") {
    const hint = "Use node:fs for files";
    throw new ValueError("ERR_PIPE_KIND", `Pipe transport is for pipes, sockets and character devices only. ${hint}`);
  }
  const access = fds.accessOf(fd);
  if (typeof access === "object" && !access[use]) {
    const wanted = use === "reads" ? "reading" : "writing";
    throw new ValueError("ERR_PIPE_KIND", `Descriptor ${fd} was not opened for ${wanted}: pass the pipe's other end`);
  }
  checkUnowned(loop, fd);
  return new PipeEnd(pipe, fd, kind);
}

/** An open descriptor that a transport works on. */
export class PipeEnd {
  /** What the user has given. */
  readonly pipe: PipeLike;
  readonly #kind: PipeKind;
  #fd: number;

  constructor(pipe: PipeLike, fd: number, kind: PipeKind) {
    holdNonblocking(fd);
    this.pipe = pipe;
    this.#kind = kind;
    this.#fd = fd;
    ends.set(fd, this);
  }

  /** The descriptor, or -1 once it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** Of an end that is written to: whether it becomes readable when nobody reads at the other end any more. */
  get tellsOfReader(): boolean {
    if (this.#kind !== "fifo") return this.#kind === "socket";
    // One that can be read as well has a reader in us, and is readable when it has been written to.
    const access = fds.accessOf(this.#fd);
    return typeof access === "object" && !access.reads;
  }

  /**
   * Of such an end, now that it is said to be readable: whether nobody reads at the other end any more. Of a socket the end
   * of the stream says so too; but one that was sent something is "busy", and will stay readable.
   */
  lookForReader(): "gone" | "there" | "busy" {
    if (fds.isHungUp(this.#fd)) return "gone";
    if (this.#kind !== "socket") return "there";
    const received = sockets.receiveInto(this.#fd, peeked, MSG_PEEK);
    if (received === -EAGAIN) return "there";
    return received > 0 ? "busy" : "gone";
  }

  /** Receives up to `length` bytes into `memory` from `offset` on. 0 is the end. */
  _recvInto(memory: Memory, offset: number, length: number): number {
    return fds.read(this.#fd, memory, offset, length);
  }

  /** Receives into all of `bytes`. 0 is the end. */
  _receiveInto(bytes: Uint8Array): number {
    return fds.readInto(this.#fd, bytes);
  }

  /** Sends from the start of `bytes`; answers how many were taken. */
  _send(bytes: Uint8Array): number {
    return this.#kind === "socket" ? sockets.send(this.#fd, bytes) : fds.write(this.#fd, bytes);
  }

  /** Puts the descriptor back as it was and closes it. The loop is told if an object fails to close itself. */
  close(loop: EventLoop): void {
    const fd = this.#fd;
    if (fd < 0) return;
    fds.letGo(fd);
    const { pipe } = this;
    const report = (exception: unknown): void => {
      loop.callExceptionHandler({ message: "Closing a pipe failed", exception, pipe });
    };
    try {
      closePipe(pipe, fd)?.catch(report);
    } catch (exception) {
      report(exception);
    }
  }

  /** @internal The descriptor is about to mean something else. */
  _forget(): void {
    ends.delete(this.#fd);
    this.#fd = -1;
  }
}

/** Closes what was given, in the way that it likes best. */
function closePipe(pipe: PipeLike, fd: number): Promise<unknown> | undefined {
  const isOurs = typeof pipe === "object" && "fileno" in pipe;
  if (fd <= STDERR && !isOurs) return undefined;
  const { destroy, close } = pipe as { destroy?: unknown; close?: unknown };
  if (typeof destroy === "function") destroy.call(pipe);
  else if (typeof close === "function") return Promise.resolve(close.call(pipe));
  else fds.close(fd);
  return undefined;
}

/** Has no transport block that works on a file of which somebody else has changed the mode. */
export function keepFromBlocking(): void {
  for (const fd of ends.keys()) fds.setNonblocking(fd);
}

fds.closeListeners.add((fd) => ends.get(fd)?._forget());

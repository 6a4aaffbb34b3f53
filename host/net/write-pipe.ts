/**
 * Transports that write to a pipe.
 *
 * Owns: the end of the pipe, from the moment that the transport is made until `connectionLost` has returned; what happens
 * when; noticing that nobody reads any more.
 *
 * Does not own: the descriptor's kind and mode (`pipe-end.ts`), bytes that wait (`write-queue.ts`), the water marks
 * (`flow-control.ts`).
 *
 * From: CPython 3.13 unix_events `_UnixWritePipeTransport`.
 */

import { inspect } from "node:util";
import { checkBytes } from "../arguments.js";
import { logWarning } from "../complaints.js";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { BaseProtocol } from "../protocols.js";
import { EAGAIN, EBADF, EPIPE } from "../sys/errno.js";
import { errorText, isSystemError, systemError } from "../sys/errors.js";
import { checkLines } from "./checks.js";
import { Ending } from "./ending.js";
import { FlowControl } from "./flow-control.js";
import { checkProtocol } from "./options.js";
import { own } from "./owners.js";
import type { PipeEnd } from "./pipe-end.js";
import type { WriteTransport } from "./transport-kinds.js";
import { WriteQueue } from "./write-queue.js";

/** From this many writes to a pipe that is closed on, each is warned of. */
const LOST_WRITES_TO_WARN = 5;

/** Writes to a pipe. `connectWritePipe` makes them. */
export class WritePipeTransport extends FlowControl implements WriteTransport {
  readonly #loop: EventLoop;
  readonly #end: PipeEnd;
  readonly #queue = new WriteQueue();
  readonly #ending: Ending;
  #protocol: BaseProtocol;
  #closing = false;
  #lostWrites = 0;

  /** @internal Users call `loop.connectWritePipe()`. */
  constructor(loop: EventLoop, end: PipeEnd, protocol: BaseProtocol) {
    super();
    this.#loop = loop;
    this.#end = end;
    this.#protocol = protocol;
    this.#ending = new Ending(loop, this, () => end.close(loop));
    own(loop, end.fd, this);
    loop.callSoon(connectionMade, this, protocol);
    if (end.tellsOfReader) loop.callSoon(startWatchingReader, this);
  }

  /**
   * Writes bytes, in the order of the calls. What the pipe has no room for is copied and written when it has. After
   * `close`, and once nobody reads any more, they are dropped.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE` for anything but a Uint8Array
   */
  write(data: Uint8Array): void {
    checkBytes("The data", data);
    const size = data.length;
    if (size === 0) return;
    if (this.#closing) return this.#warnOfLostWrites();
    let sent = 0;
    if (this.#queue.size === 0) {
      sent = this.#end._send(data);
      if (sent === size) return;
      if (sent < 0) {
        if (sent !== -EAGAIN) return this.#failWrite(sent);
        sent = 0;
      }
      if (!this.#watch("writer", writeReady)) return;
    }
    this.#queue.push(data, sent);
    this._pauseIfHigh();
  }

  /** Writes several pieces of bytes, in one go if possible. @throws as `write`; then nothing was written */
  writeLines(lines: Iterable<Uint8Array>): void {
    this.write(checkLines(lines));
  }

  /** The same as `close`: a pipe is written to in one direction only, so its end is the end. */
  writeEof(): void {
    this.close();
  }

  canWriteEof(): boolean {
    return true;
  }

  /** Closes the pipe once everything that was written is in it. May be called again. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#queue.size === 0) this.#lose(null);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the pipe at once. What is not in it yet is lost. */
  abort(): void {
    this.#lose(null);
  }

  isClosing(): boolean {
    return this.#closing;
  }

  /** What is known of the pipe: `pipe`, which is what was passed to `connectWritePipe`. */
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return name === "pipe" ? this.#end.pipe : fallback;
  }

  setProtocol(protocol: BaseProtocol): void {
    this.#protocol = checkProtocol(protocol);
  }

  override getProtocol(): BaseProtocol {
    return this.#protocol;
  }

  override getWriteBufferSize(): number {
    return this.#queue.size;
  }

  override toString(): string {
    const state = this.#ending.over ? "closed" : this.#closing ? "closing" : this.#queue.size > 0 ? "polling" : "idle";
    return `<WritePipeTransport fd=${this.#end.fd} ${state} bufsize=${this.#queue.size}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal */
  protected override get _flowLoop(): EventLoop {
    return this.#loop;
  }

  /** @internal What waits can never be written. If nothing waits, the next write finds out. */
  _descriptorGoes(): void {
    if (this.#queue.size > 0) this.#lose(systemError("write", EBADF, { message: errorText(EBADF) }));
  }

  /** @internal */
  _startWatchingReader(): void {
    if (!this.#ending.begun) this.#watch("reader", readReady);
  }

  /** @internal The reader has gone, or a socket was sent something, which stays there for whoever wants it. */
  _readReady(): void {
    const reader = this.#end.lookForReader();
    if (reader === "busy") this.#loop._unwatch(this.#end.fd, "reader");
    if (reader !== "gone") return;
    this.#lose(this.#queue.size > 0 ? systemError("write", EPIPE, { message: errorText(EPIPE) }) : null);
  }

  /** @internal There is room in the pipe. */
  _writeReady(): void {
    const queue = this.#queue;
    const result = queue.flush(this.#end);
    if (result < 0) return this.#failWrite(result);
    this._resumeIfLow();
    // The protocol may have written more, or ended the transport.
    if (queue.size > 0 || this.#ending.begun) return;
    this.#loop._unwatch(this.#end.fd, "writer");
    if (!this.#closing) return;
    this.#loop._unwatch(this.#end.fd, "reader");
    this.#ending.now(null);
  }

  #watch(side: "reader" | "writer", callback: (transport: WritePipeTransport) => void): boolean {
    try {
      this.#loop._watch(this.#end.fd, side, callback as (...args: unknown[]) => unknown, [this]);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #stopWatching(): void {
    this.#loop._unwatch(this.#end.fd, "reader");
    this.#loop._unwatch(this.#end.fd, "writer");
  }

  #failWrite(errno: number): void {
    this.#fail(systemError("write", errno, { message: errorText(errno) }));
  }

  /** Ends because of an error. Those of the system are the protocol's business alone. */
  #fail(error: unknown): void {
    if (error instanceof FatalError) throw error;
    if (!isSystemError(error)) {
      const message = "Fatal write error on pipe transport";
      this.#loop.callExceptionHandler({ message, exception: error, transport: this, protocol: this.#protocol });
    }
    this.#lose(error as Error);
  }

  /** From here on there is no pipe; the protocol hears of it in the next iteration. */
  #lose(error: Error | null): void {
    this.#closing = true;
    this.#queue.clear();
    this.#stopWatching();
    this.#ending.soon(error);
  }

  #warnOfLostWrites(): void {
    if (++this.#lostWrites < LOST_WRITES_TO_WARN) return;
    logWarning("pipe closed by peer or os.write(pipe, data) raised exception.");
  }
}

function connectionMade(transport: WritePipeTransport, protocol: BaseProtocol): void {
  (protocol as { connectionMade?(transport: WriteTransport): void }).connectionMade?.(transport);
}

function startWatchingReader(transport: WritePipeTransport): void {
  transport._startWatchingReader();
}

function readReady(transport: WritePipeTransport): void {
  transport._readReady();
}

function writeReady(transport: WritePipeTransport): void {
  transport._writeReady();
}

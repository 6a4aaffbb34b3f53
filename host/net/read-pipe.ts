/**
 * Transports that read from a pipe.
 *
 * Owns: the end of the pipe, from the moment that the transport is made until `connectionLost` has returned; what happens
 * when.
 *
 * Does not own: the descriptor's kind and mode (`pipe-end.ts`), handing over what was read (`reception.ts`).
 *
 * From: CPython 3.13 unix_events `_UnixReadPipeTransport`. Differs: a protocol may be a BufferedProtocol; one that throws in
 * `dataReceived` loses the pipe, as it would a socket; a device that epoll does not take, such as /dev/null, is read from
 * in every iteration, where CPython never reads from it.
 */

import { inspect } from "node:util";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { Handle } from "../scheduler/handle.js";
import { asError } from "../show.js";
import { EAGAIN, EIO } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { Ending } from "./ending.js";
import { own } from "./owners.js";
import type { PipeEnd } from "./pipe-end.js";
import { Reception } from "./reception.js";
import type { ReadTransport } from "./transport-kinds.js";

/** Reads from a pipe. `connectReadPipe` makes them. */
export class ReadPipeTransport implements ReadTransport {
  readonly #loop: EventLoop;
  readonly #end: PipeEnd;
  readonly #reception: Reception;
  readonly #ending: Ending;
  #closing = false;
  #paused = false;
  /** The next turn, of a device that is always ready. */
  #turn: Handle | null = null;

  /** @internal Users call `loop.connectReadPipe()`. */
  constructor(loop: EventLoop, end: PipeEnd, protocol: StreamProtocol) {
    this.#loop = loop;
    this.#end = end;
    this.#reception = new Reception(protocol);
    this.#ending = new Ending(loop, this, () => end.close(loop));
    own(loop, end.fd, this);
    loop.callSoon(connectionMade, this, protocol);
    // One iteration later than in CPython: who awaits the transport goes on before the first bytes come.
    loop.callSoon(() => loop.callSoon(startReading, this));
  }

  /** Closes the pipe. Nothing is read any more. May be called again. */
  close(): void {
    this.#close(null);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  isClosing(): boolean {
    return this.#closing;
  }

  pauseReading(): void {
    if (!this.isReading()) return;
    this.#paused = true;
    this.#stopWatching();
  }

  resumeReading(): void {
    if (this.#closing || !this.#paused) return;
    this.#paused = false;
    this._startReading();
  }

  isReading(): boolean {
    return !this.#closing && !this.#paused;
  }

  /** What is known of the pipe: `pipe`, which is what was passed to `connectReadPipe`. */
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return name === "pipe" ? this.#end.pipe : fallback;
  }

  setProtocol(protocol: StreamProtocol): void {
    this.#reception.protocol = protocol;
  }

  getProtocol(): StreamProtocol {
    return this.#reception.protocol;
  }

  toString(): string {
    const state = this.#ending.over ? "closed" : this.#closing ? "closing" : this.#paused ? "idle" : "polling";
    return `<ReadPipeTransport fd=${this.#end.fd} ${state}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal */
  _startReading(): void {
    if (!this.isReading()) return;
    try {
      this.#loop._watch(this.#end.fd, "reader", readReady, [this]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPERM") return this._fail(error, READ_FAILED);
      this.#turn = this.#loop.callSoon(takeTurn, this);
    }
  }

  /** @internal The device is ready, as always. */
  _takeTurn(): void {
    this._readReady();
    if (this.isReading()) this.#turn = this.#loop.callSoon(takeTurn, this);
  }

  /** @internal The pipe is readable. Reads once. */
  _readReady(): void {
    if (this.#closing) return;
    const received = this.#reception.receive(this.#end, this);
    if (received > 0 || received === -EAGAIN) return;
    if (received < 0) return this._fail(systemError("read", received, { message: errorText(received) }), READ_FAILED);
    this.#closing = true;
    this.#stopWatching();
    this.#loop.callSoon(eofReceived, this);
    this.#ending.soon(null);
  }

  /** @internal */
  _protocolFailed(error: unknown, message: string): void {
    this._fail(error, message);
  }

  /** @internal Ends because of an error. The end of a pseudoterminal is one that nobody needs to be told of. */
  _fail(error: unknown, message: string): void {
    if (error instanceof FatalError) throw error;
    if ((error as NodeJS.ErrnoException | null)?.errno !== -EIO) {
      const protocol = this.getProtocol();
      this.#loop.callExceptionHandler({ message, exception: error, transport: this, protocol });
    }
    this.#close(asError(error));
  }

  #close(error: Error | null): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#stopWatching();
    this.#ending.soon(error);
  }

  #stopWatching(): void {
    this.#turn?.cancel();
    this.#turn = null;
    this.#loop._unwatch(this.#end.fd, "reader");
  }
}

const READ_FAILED = "Fatal read error on pipe transport";

function connectionMade(transport: ReadPipeTransport, protocol: StreamProtocol): void {
  (protocol as { connectionMade?(transport: ReadTransport): void }).connectionMade?.(transport);
}

function startReading(transport: ReadPipeTransport): void {
  transport._startReading();
}

function readReady(transport: ReadPipeTransport): void {
  transport._readReady();
}

function takeTurn(transport: ReadPipeTransport): void {
  transport._takeTurn();
}

function eofReceived(transport: ReadPipeTransport): void {
  transport.getProtocol().eofReceived?.();
}

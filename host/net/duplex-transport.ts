/**
 * Connections over streams of Node's: anything that is a Duplex.
 *
 * Owns: the stream, from the moment that the transport is made until `connectionLost` has returned: listening to it,
 * reading, writing, destroying it. The stream's events come at any time; what the protocol is told of, it is told of in an
 * iteration of the loop.
 *
 * Does not own: handing bytes to the protocol (`layered-transport.ts`), making streams.
 *
 * From: CPython has nothing of the kind; it behaves as a connection over a socket does (`socket-transport.ts`).
 */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { types } from "node:util";
import { checkBytes } from "../arguments.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { InetAddress } from "./address.js";
import { checkLines } from "./checks.js";
import { introduce } from "./introduce.js";
import { LayeredTransport } from "./layered-transport.js";
import { checkProtocolFactory } from "./options.js";
import { noteClosed, noteOpen } from "./owners.js";
import { type Transport, writeAfterEof } from "./transport.js";

/** Lets a protocol talk over a stream; see `EventLoop.connectDuplex`. */
export function connectDuplex<P extends StreamProtocol>(
  loop: EventLoop,
  protocolFactory: () => P,
  duplex: Duplex,
): Future<[transport: Transport, protocol: P]> {
  loop._scheduler.checkOpen();
  checkProtocolFactory(protocolFactory);
  checkDuplex(duplex);
  const work = introduce<P, Transport>(
    protocolFactory,
    (protocol) => {
      const transport = new DuplexTransport(loop, duplex, protocol);
      noteOpen(loop, transport);
      return transport;
    },
    () => duplex.destroy(),
  );
  return new Operation(loop, work, ([transport]) => transport.abort());
}

function checkDuplex(duplex: unknown): void {
  if (!(duplex instanceof Duplex)) {
    throw typeError("ERR_NOT_A_DUPLEX", `A Duplex of node:stream is needed, not ${describe(duplex)}`);
  }
  if (duplex.readableObjectMode || duplex.writableObjectMode || duplex.readableEncoding !== null) {
    const hint = "make it without objectMode, and do not call setEncoding()";
    throw typeError("ERR_NOT_A_DUPLEX", `The stream must be one of bytes, not of objects or strings: ${hint}`);
  }
  if (duplex.destroyed || duplex.readableEnded || duplex.writableEnded) {
    throw new RuntimeError("ERR_STREAM_ENDED", "The stream has ended in one direction at least. Pass it earlier");
  }
}

export interface DuplexTransportOptions {
  /** Whether to call `connectionMade`; true by default. */
  announce?: boolean;
  /** The high-water mark, in bytes, and whether it counts as too much, as `FlowControl` has them. */
  highByDefault?: number;
  pausesAtHigh?: boolean;
}

/** A connection over a Duplex. */
export class DuplexTransport extends LayeredTransport {
  readonly #duplex: Duplex;
  /** What has come since the last iteration, or since reading was paused. */
  readonly #arrived: unknown[] = [];
  #arrivedBytes = 0;
  #eofReceived = false;
  #eofWritten = false;
  /** What the protocol is to be told once it has what came before; null while the stream works. */
  #broken: { readonly error: Error | null } | null = null;
  /** Whether the awaiting caller has had its turn, so that bytes may be handed over. */
  #started = false;
  #readScheduled = false;
  #resumeScheduled = false;

  /** @internal Users call `loop.connectDuplex()`. */
  constructor(loop: EventLoop, duplex: Duplex, protocol: StreamProtocol, options: DuplexTransportOptions = {}) {
    super(loop, protocol, options.highByDefault, options.pausesAtHigh);
    this.#duplex = duplex;
    // When the stream that is received ends is for the protocol to decide, and not for Node.
    duplex.allowHalfOpen = true;
    Object.assign(this._extra, namesOf(duplex), { duplex });
    this._begin(options.announce ?? true);
    duplex.on("error", this.#onError).on("close", this.#onClose).on("end", this.#onEnd).on("data", this.#onData);
    duplex.resume();
  }

  override write(data: Uint8Array): void {
    checkBytes("The data", data);
    if (this.#eofWritten) throw writeAfterEof();
    const size = data.length;
    if (size === 0) return;
    if (this._closing) return this._dropWrite();
    // The stream keeps what it cannot send at once, and the caller may change its bytes meanwhile.
    const bytes = this._takesAtOnce ? data : Buffer.from(data);
    this.#duplex.write(bytes, this.#onWritten);
    this._pauseIfHigh();
  }

  override writeLines(lines: Iterable<Uint8Array>): void {
    this.write(checkLines(lines));
  }

  override writeEof(): void {
    if (this._closing || this.#eofWritten) return;
    this.#eofWritten = true;
    this.#duplex.end();
  }

  override canWriteEof(): boolean {
    return true;
  }

  override close(): void {
    if (this._closing) return;
    this._closing = true;
    const duplex = this.#duplex;
    if (!duplex.writableEnded) duplex.end();
    if (duplex.writableFinished) this._finished();
    else duplex.once("finish", () => this._finished());
  }

  override abort(): void {
    this._lose(null);
  }

  override getWriteBufferSize(): number {
    // What a stream had left when it was destroyed is lost.
    return this._isLost ? 0 : this.#duplex.writableLength;
  }

  /** @internal */
  protected override get _name(): string {
    return `DuplexTransport ${this.#duplex.constructor.name}`;
  }

  /** @internal Whether the stream is done with the bytes of the next write when that returns. */
  protected get _takesAtOnce(): boolean {
    return false;
  }

  /** @internal What the protocol is told of an error of the stream. */
  protected _causeOf(error: Error): Error {
    return error;
  }

  /** @internal What the protocol is told of a stream that closes too early, and does not say why. */
  protected get _whyClosed(): Error | null {
    return closedEarly();
  }

  /** @internal The connection was closed, and the stream has taken everything. */
  protected _finished(): void {
    this._lose(null);
  }

  /** @internal Resumes a protocol that was paused first, if the stream has taken everything. */
  protected override _tellLost(error: Error | null): void {
    if (this.#duplex.writableFinished) this._resumeIfLow();
    super._tellLost(error);
  }

  /** @internal The stream goes on by itself until it has sent as much as it would keep: see `#onData`. */
  protected override _readingPaused(): void {}

  /** @internal */
  protected override _readingResumed(): void {
    this.#readSoon();
  }

  /** @internal */
  override _abandon(): void {
    noteClosed(this._loop, this);
    const duplex = this.#duplex;
    duplex.off("close", this.#onClose).off("end", this.#onEnd).off("data", this.#onData);
    // The listener to errors stays: one that comes after the end is nobody's business, and must not end the process.
    duplex.destroy();
  }

  /** @internal */
  override _startReading(): void {
    this.#started = true;
    // With the next iteration, as a socket that is watched from now on is readable then.
    this.#readSoon();
  }

  /** @internal Hands over what has come, and then whether it was all. */
  _read(): void {
    this.#readScheduled = false;
    const arrived = this.#arrived;
    while (arrived.length > 0 && this.isReading()) {
      const chunk = arrived.shift();
      if (!types.isUint8Array(chunk)) {
        const error = typeError(
          "ERR_NOT_A_DUPLEX",
          `The stream must be one of bytes, but there came ${describe(chunk)}`,
        );
        return this._fatalError(error, "Fatal read error on duplex transport");
      }
      this._hand(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
    if (this.#broken !== null) return this._lose(this.#broken.error);
    if (!this.isReading()) return;
    this.#arrivedBytes = 0;
    if (this.#duplex.readableEnded) this.#receiveEof();
    else if (this.#duplex.isPaused()) this.#duplex.resume();
  }

  /** @internal */
  _resume(): void {
    this.#resumeScheduled = false;
    if (!this._isLost) this._resumeIfLow();
  }

  #receiveEof(): void {
    if (!this.#eofReceived) {
      this.#eofReceived = true;
      if (!this._handEof()) this.close();
    }
    // A stream that has ended in both directions closes by itself, and may have done so before the protocol was told.
    if (this.#duplex.closed) this._lose(null);
  }

  #readSoon(): void {
    if (!this.#started || this.#readScheduled || this._closing || this._loop.isClosed()) return;
    this.#readScheduled = true;
    this._loop.callSoon(read, this);
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this._closing) return;
    this.#arrived.push(chunk);
    this.#arrivedBytes += chunk.length;
    // Pauses the stream at the amount that it would keep by itself while nobody reads.
    if (this.#arrivedBytes >= this.#duplex.readableHighWaterMark) this.#duplex.pause();
    this.#readSoon();
  };

  readonly #onEnd = (): void => {
    this.#readSoon();
  };

  readonly #onWritten = (): void => {
    if (!this._isLow || this.#resumeScheduled || this._isLost || this._loop.isClosed()) return;
    this.#resumeScheduled = true;
    this._loop.callSoon(resume, this);
  };

  readonly #onError = (error: Error): void => {
    this.#breaks(this.#isOver ? null : this._causeOf(error));
  };

  readonly #onClose = (): void => {
    const { readableEnded, writableFinished, errored } = this.#duplex;
    if (errored !== null) this.#onError(errored);
    else if (this._closing) this._lose(null);
    else if (readableEnded && writableFinished) this.#readSoon();
    else this.#breaks(this._whyClosed);
  };

  /** Whether nothing is lost by a break: the connection is closing, and both sides have sent everything. Only the goodbye breaks then. */
  get #isOver(): boolean {
    const { readableEnded, writableFinished, writableLength } = this.#duplex;
    return this._closing && (writableFinished || (readableEnded && writableLength === 0));
  }

  /** The stream is broken; the protocol gets first what came before, if it is reading. */
  #breaks(error: Error | null): void {
    if (this.#arrived.length === 0 || !this.isReading() || this._loop.isClosed()) return this._lose(error);
    this.#broken ??= { error };
    this.#readSoon();
  }
}

function read(transport: DuplexTransport): void {
  transport._read();
}

function resume(transport: DuplexTransport): void {
  transport._resume();
}

/** The names that a stream of `node:net` has. */
function namesOf(duplex: Duplex): { sockname?: InetAddress; peername?: InetAddress } {
  const { localAddress, localPort, remoteAddress, remotePort } = duplex as Partial<Socket>;
  const names: { sockname?: InetAddress; peername?: InetAddress } = {};
  if (localAddress !== undefined && localPort !== undefined) names.sockname = { host: localAddress, port: localPort };
  if (remoteAddress !== undefined && remotePort !== undefined)
    names.peername = { host: remoteAddress, port: remotePort };
  return names;
}

function closedEarly(): RuntimeError {
  const message = "The stream was closed before it had ended in both directions: somebody destroyed it";
  return new RuntimeError("ERR_STREAM_PREMATURE_CLOSE", message);
}

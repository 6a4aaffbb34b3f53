/**
 * Connections over something that is a stream already: TLS over another connection, or a stream of Node's.
 *
 * Owns: handing bytes to a protocol of either kind; the states that every such connection has: open, paused, closing, lost;
 * that `connectionLost` is called exactly once and last.
 *
 * Does not own: where the bytes come from and go to (`duplex-transport.ts`, `tls-transport.ts`).
 *
 * From: CPython 3.13 selector_events `_SelectorTransport`, protocols.py `_feed_data_to_buffered_proto`.
 */

import { logWarning } from "../complaints.js";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type BufferedProtocol, isBuffered, type StreamProtocol } from "../protocols.js";
import { asError } from "../show.js";
import { isSystemError } from "../sys/errors.js";
import { endSoon } from "./ending.js";
import type { ExtraInfo } from "./extra-info.js";
import { checkProtocol } from "./options.js";
import { bufferOf } from "./reception.js";
import { Transport } from "./transport.js";

/** From this many writes to a lost connection on, each is warned of. */
const LOST_WRITES_TO_WARN = 5;

export abstract class LayeredTransport extends Transport {
  /** @internal */ protected readonly _loop: EventLoop;
  /** @internal */ protected readonly _extra: Record<string, unknown> = {};
  /** @internal */ protected _closing = false;
  #protocol: StreamProtocol;
  /** The same protocol, if it is one that has buffers of its own. */
  #buffered: BufferedProtocol | null = null;
  #paused = false;
  #lost = false;
  #lostWrites = 0;
  #ended = false;

  constructor(loop: EventLoop, protocol: StreamProtocol, highByDefault?: number, pausesAtHigh?: boolean) {
    super(highByDefault, pausesAtHigh);
    this._loop = loop;
    this.#protocol = protocol;
    this.setProtocol(protocol);
  }

  override isClosing(): boolean {
    return this._closing;
  }

  override pauseReading(): void {
    if (!this.isReading()) return;
    this.#paused = true;
    this._readingPaused();
  }

  override resumeReading(): void {
    if (this._closing || !this.#paused) return;
    this.#paused = false;
    this._readingResumed();
  }

  override isReading(): boolean {
    return !this._closing && !this.#paused;
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this._extra, name) ? (this._extra[name] ?? fallback) : fallback;
  }

  override setProtocol(protocol: StreamProtocol): void {
    this.#protocol = checkProtocol(protocol);
    this.#buffered = isBuffered(protocol) ? protocol : null;
  }

  override getProtocol(): StreamProtocol {
    return this.#protocol;
  }

  override toString(): string {
    const words = [this._name];
    if (this.#ended) words.push("closed");
    else if (this._closing) words.push("closing");
    words.push(`read=${this.isReading() ? "polling" : "idle"}`, `bufsize=${this.getWriteBufferSize()}`);
    return `<${words.join(" ")}>`;
  }

  /** @internal What `toString` begins with. */
  protected abstract get _name(): string;

  /** @internal From here on bytes may be handed over. */
  abstract _startReading(): void;

  /** @internal Bytes are not to come until `_readingResumed`. */
  protected abstract _readingPaused(): void;

  /** @internal */
  protected abstract _readingResumed(): void;

  /** @internal Lets go of what the connection runs over. Called once. */
  abstract _abandon(): void;

  /** @internal */
  protected override get _flowLoop(): EventLoop {
    return this._loop;
  }

  /** @internal Whether there is no connection any more. */
  protected get _isLost(): boolean {
    return this.#lost;
  }

  /** @internal A write came too late. */
  protected _dropWrite(): void {
    if (++this.#lostWrites >= LOST_WRITES_TO_WARN) logWarning("A write to a transport that is closed was dropped.");
  }

  /**
   * @internal The connection is there: the protocol is told, if it is to be, and reading begins one iteration later than the awaiting
   * caller goes on, as with sockets.
   */
  protected _begin(announce: boolean): void {
    const loop = this._loop;
    if (announce) loop.callSoon(connectionMade, this, this.#protocol);
    loop.callSoon(startReadingLater, this, loop);
  }

  /** @internal Hands bytes to the protocol. */
  protected _hand(data: Buffer): void {
    let rest = data;
    while (rest.byteLength > 0 && !this._closing) rest = rest.subarray(this._handOnce(rest));
  }

  /** @internal Hands bytes to the protocol in one call. Answers how many it had room for. */
  protected _handOnce(data: Buffer): number {
    if (this.#buffered !== null) return this.#handInto(this.#buffered, data);
    this.#handOver(data);
    return data.byteLength;
  }

  /** @internal Tells the protocol that nothing more will come. Answers whether it goes on sending. */
  protected _handEof(): boolean {
    try {
      return Boolean(this.#protocol.eofReceived?.());
    } catch (error) {
      this._fatalError(error, "Fatal error: protocol.eofReceived() call failed.");
      return false;
    }
  }

  /**
   * @internal Ends the connection because of an error that is ours or the protocol's. Those of the system are the
   * protocol's business alone.
   */
  protected _fatalError(error: unknown, message: string): void {
    if (error instanceof FatalError) throw error;
    if (!isSystemError(error)) {
      this._loop.callExceptionHandler({ message, exception: error, transport: this, protocol: this.#protocol });
    }
    this._lose(asError(error));
  }

  /** @internal From here on there is no connection; the protocol hears of it in the next iteration. */
  protected _lose(error: Error | null): void {
    if (this.#lost) return;
    this.#lost = true;
    this._closing = true;
    endSoon(this._loop, this, error);
  }

  /** @internal Tells the protocol that it is over, and gives everything back. */
  _end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this._tellLost(error);
    } finally {
      this._abandon();
    }
  }

  /** @internal */
  protected _tellLost(error: Error | null): void {
    this.#protocol.connectionLost?.(error);
  }

  #handOver(data: Buffer): void {
    try {
      (this.#protocol as { dataReceived?(data: Buffer): void }).dataReceived?.(data);
    } catch (error) {
      this._fatalError(error, "Fatal error: protocol.dataReceived() call failed.");
    }
  }

  /** Answers how many bytes the protocol had room for. */
  #handInto(protocol: BufferedProtocol, data: Buffer): number {
    let size: number;
    try {
      const buffer = bufferOf(protocol, data.byteLength);
      size = Math.min(buffer.byteLength, data.byteLength);
      buffer.set(size === data.byteLength ? data : data.subarray(0, size));
    } catch (error) {
      this._fatalError(error, "Fatal error: protocol.getBuffer() call failed.");
      return 0;
    }
    try {
      protocol.bufferUpdated(size);
    } catch (error) {
      this._fatalError(error, "Fatal error: protocol.bufferUpdated() call failed.");
    }
    return size;
  }
}

function connectionMade(transport: LayeredTransport, protocol: StreamProtocol): void {
  protocol.connectionMade?.(transport);
}

function startReadingLater(transport: LayeredTransport, loop: EventLoop): void {
  loop.callSoon(startReading, transport);
}

function startReading(transport: LayeredTransport): void {
  transport._startReading();
}

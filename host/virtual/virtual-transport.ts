/**
 * Connections in a virtual network.
 *
 * Owns: what waits for room at the peer's end; when the protocol is told of what. It behaves as a connection over a socket does.
 *
 * Does not own: handing bytes to the protocol (`net/layered-transport.ts`), their way to the peer (`virtual-end.ts`).
 */
import { checkBytes } from "../arguments.js";
import type { EventLoop } from "../loop/event-loop.js";
import { checkLines } from "../net/checks.js";
import { LayeredTransport } from "../net/layered-transport.js";
import { noteClosed, noteOpen } from "../net/owners.js";
import { type TransportOwner, writeAfterEof } from "../net/transport.js";
import type { StreamProtocol } from "../protocols.js";
import type { VirtualEnd } from "./virtual-end.js";

export class VirtualTransport extends LayeredTransport {
  readonly #end: VirtualEnd;
  readonly #server: TransportOwner | null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #eofReceived = false;
  #eofWritten = false;
  /** Whether the awaiting caller has had its turn, so that bytes may be handed over. */
  #started = false;

  /** @internal Users call `loop.createConnection()` and `loop.createServer()`. */
  constructor(loop: EventLoop, end: VirtualEnd, protocol: StreamProtocol, server: TransportOwner | null = null) {
    super(loop, protocol);
    this.#end = end;
    this.#server = server;
    Object.assign(this._extra, { sockname: end.sockname, peername: end.peername });
    end.watchReads(readable, this);
    this._begin(true);
    noteOpen(loop, this);
    server?._attach(this);
  }

  override write(data: Uint8Array): void {
    checkBytes("The data", data);
    if (this.#eofWritten) throw writeAfterEof();
    if (data.length === 0) return;
    if (this._isLost) return this._dropWrite();
    if (this.#end.error !== null) return this._lose(this.#end.error);
    const sent = this.#waitingBytes > 0 ? 0 : this.#end.send(data);
    if (sent === data.length) return;
    if (this.#waitingBytes === 0) this.#end.watchWrites(writable, this);
    this.#waiting.push(Buffer.from(data.subarray(sent)));
    this.#waitingBytes += data.length - sent;
    this._pauseIfHigh();
  }

  override writeLines(lines: Iterable<Uint8Array>): void {
    this.write(checkLines(lines));
  }

  override writeEof(): void {
    if (this._closing || this.#eofWritten) return;
    this.#eofWritten = true;
    if (this.#end.error !== null) this._lose(this.#end.error);
    else if (this.#waitingBytes === 0) this.#end.finish();
  }

  override canWriteEof(): boolean {
    return true;
  }

  override close(): void {
    if (this._closing) return;
    this._closing = true;
    if (this.#waitingBytes === 0) this._lose(null);
  }

  override abort(): void {
    this._lose(null);
  }

  override getWriteBufferSize(): number {
    return this.#waitingBytes;
  }

  /** @internal */
  _readable(): void {
    if (!this.#started || this._isLost) return;
    for (let data = this.#next(); data !== null; data = this.#next()) this.#handOn(data);
    // One that neither reads nor has anything to send does not notice that the connection is broken.
    if (!this.isReading() && this.#waitingBytes === 0) return;
    if (this.#end.error !== null) return this._lose(this.#end.error);
    if (this.isReading() && this.#end.ended) this.#receiveEof();
  }

  /** @internal */
  _writable(): void {
    if (this._isLost) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const sent = this.#end.send(first);
      this.#waitingBytes -= sent;
      if (sent < first.length) {
        this.#waiting[0] = first.subarray(sent);
        break;
      }
      this.#waiting.shift();
    }
    this._resumeIfLow();
    if (this.#waitingBytes > 0 || this._isLost) return;
    if (this._closing) this._lose(null);
    else if (this.#eofWritten) this.#end.finish();
  }

  /** @internal */
  override _startReading(): void {
    this.#started = true;
    // With the next iteration, as a socket that is watched from now on is readable then.
    this._loop.callSoon(readable, this);
  }

  /** @internal */
  protected override get _name(): string {
    return "VirtualTransport";
  }

  /** @internal What comes meanwhile stays at the end, until there is no room. */
  protected override _readingPaused(): void {}

  /** @internal */
  protected override _readingResumed(): void {
    this.#end.watchReads(readable, this);
    this._loop.callSoon(readable, this);
  }

  /** @internal */
  protected override _lose(error: Error | null): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    super._lose(error);
  }

  /** @internal */
  override _abandon(): void {
    noteClosed(this._loop, this);
    this.#end.close();
    this.#server?._detach(this);
  }

  #next(): Buffer | null {
    return this.isReading() ? this.#end.next() : null;
  }

  /** What the protocol has no room for stays at the end. */
  #handOn(data: Buffer): void {
    let taken = data.length;
    try {
      taken = this._handOnce(data);
    } finally {
      this.#end.take(taken);
    }
  }

  #receiveEof(): void {
    if (this.#eofReceived) return;
    this.#eofReceived = true;
    if (!this._handEof()) this.close();
  }
}

function readable(transport: VirtualTransport): void {
  transport._readable();
}

function writable(transport: VirtualTransport): void {
  transport._writable();
}

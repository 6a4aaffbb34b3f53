/**
 * Connections over TLS.
 *
 * Owns: what TLS makes different from the stream below it: there is no half close, more may wait to be sent, and closing has a
 * time limit.
 *
 * Does not own: the cipher, which is node:tls's; the handshake (`tls-handshake.ts`); the connection below, which goes
 * when the stream is destroyed.
 *
 * From: CPython 3.11 sslproto `_SSLProtocolTransport`. Differs: close waits until the peer's system has everything, and not for
 * its close_notify.
 */

import type { TLSSocket } from "node:tls";
import { types } from "node:util";
import { TimeoutError, UnsupportedError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { TimerHandle } from "../scheduler/handle.js";
import { DuplexTransport } from "./duplex-transport.js";
import type { ExtraInfo } from "./extra-info.js";
import type { TlsBelow } from "./tls-below.js";
import type { TlsSide } from "./tls-options.js";
import { hasUnconfirmed } from "./unconfirmed.js";

const HIGH_WATER_BYTES = 512 * 1024;
/** As much as a record of TLS can have. */
const HELD_MAX_BYTES = 16 * 1024;
/**
 * The system does not say when the peer's system has confirmed the end. So it is asked: first after this long, then
 * less and less often.
 */
const FIRST_POLL_SECONDS = 0.002;
const POLL_SECONDS_MAX = 0.5;

/** What the connection below is asked for. */
const BELOW = ["socket", "sockname", "peername", "peercred", "duplex"];

export interface TlsTransportOptions {
  /** Whether the protocol is to be told of the connection: not if it was before TLS began. */
  announce: boolean;
}

/** A connection over TLS. */
export class TlsTransport extends DuplexTransport {
  readonly #secure: TLSSocket;
  readonly #below: TlsBelow;
  readonly #shutdownSeconds: number;
  /** How many bytes are held back until the iteration ends; -1 if none may be. */
  #held = -1;
  #shutdownTimer: TimerHandle | null = null;
  #confirmTimer: TimerHandle | null = null;

  /** @internal */
  constructor(
    loop: EventLoop,
    secure: TLSSocket,
    below: TlsBelow,
    protocol: StreamProtocol,
    side: TlsSide,
    options: TlsTransportOptions,
  ) {
    super(loop, secure, protocol, { ...options, highByDefault: HIGH_WATER_BYTES, pausesAtHigh: true });
    this.#secure = secure;
    this.#below = below;
    this.#shutdownSeconds = side.shutdownSeconds;
    // As the handshake has left them: the TLSSocket forgets them when it is destroyed, before connectionLost is called.
    Object.assign(this._extra, {
      sslcontext: side.context,
      peercert: certificateOf(secure),
      cipher: secure.getCipher(),
    });
  }

  override write(data: Uint8Array): void {
    if (types.isUint8Array(data)) this.#hold(data.length);
    super.write(data);
  }

  /** @throws UnsupportedError `ERR_NO_HALF_CLOSE` */
  override writeEof(): never {
    const hint = "close() the connection, or agree on an end with the peer";
    throw new UnsupportedError("ERR_NO_HALF_CLOSE", `TLS cannot end one direction alone: ${hint}`);
  }

  override canWriteEof(): boolean {
    return false;
  }

  override close(): void {
    if (this._closing) return;
    super.close();
    if (this._isLost || this._loop.isClosed()) return;
    this.#shutdownTimer = this._loop.callLater(this.#shutdownSeconds, cutOff, this);
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    const secure = this.#secure;
    switch (name) {
      case "sslObject":
        return secure;
      case "alpnProtocol":
        return secure.alpnProtocol || fallback;
      default:
        return BELOW.includes(name)
          ? this.#below.transport.getExtraInfo(name, fallback)
          : super.getExtraInfo(name, fallback);
    }
  }

  /** @internal */
  protected override get _name(): string {
    return "TlsTransport";
  }

  /** @internal A write that is not behind another one is encrypted at once. */
  protected override get _takesAtOnce(): boolean {
    const { writableLength, writableCorked } = this.#secure;
    return writableLength === 0 && writableCorked === 0;
  }

  /** @internal The TLSSocket says only that the stream below it is gone, and not why. */
  protected override _causeOf(error: Error): Error {
    return this.#below.stream.errored ?? error;
  }

  /** @internal That somebody has closed the connection below is no error. */
  protected override get _whyClosed(): Error | null {
    const { stream, transport } = this.#below;
    return stream.errored ?? (transport.isClosing() ? null : super._whyClosed);
  }

  /** @internal Encrypts what was held back, as one. */
  _flush(): void {
    if (this.#held < 0) return;
    this.#held = -1;
    this.#secure.uncork();
  }

  /** @internal There is no half close: what the protocol answers makes no difference. */
  protected override _handEof(): boolean {
    if (super._handEof() && this._loop.getDebug()) {
      console.warn("returning true from eofReceived() has no effect when using ssl");
    }
    return false;
  }

  /**
   * @internal The descriptor stays until the peer's system has everything. What the peer sends until then, if only session tickets,
   * would otherwise have the connection reset.
   */
  protected override _finished(): void {
    if (this._isLost) return;
    const secure = this.#secure;
    if (this._loop.isClosed() || secure.readableEnded || secure.destroyed) return this._lose(null);
    secure.once("end", () => this._lose(null)).once("close", () => this._lose(null));
    secure.resume();
    this._letGoIfConfirmed(FIRST_POLL_SECONDS);
  }

  /** @internal */
  _letGoIfConfirmed(pollSeconds: number): void {
    const { transport } = this.#below;
    // A connection that cannot be closed by halves is closing as a whole, and the stream over it ends with it.
    if (this._isLost || !transport.canWriteEof()) return;
    if (!hasUnconfirmed(transport.getExtraInfo("socket"))) return this._lose(null);
    const next = Math.min(2 * pollSeconds, POLL_SECONDS_MAX);
    this.#confirmTimer = this._loop.callLater(pollSeconds, letGoIfConfirmed, this, next);
  }

  /** @internal */
  override _abandon(): void {
    this.#shutdownTimer?.cancel();
    this.#shutdownTimer = null;
    this.#confirmTimer?.cancel();
    this.#confirmTimer = null;
    super._abandon();
    this.#below.transport.abort();
  }

  /** @internal */
  _cutOff(): void {
    this._lose(new TimeoutError("SSL shutdown timed out"));
  }

  /** Has small pieces of one iteration become one record, as those of a socket leave in one system call. */
  #hold(size: number): void {
    if (this.#held < 0) {
      const { _scheduler: scheduler } = this._loop;
      if (size > HELD_MAX_BYTES || !scheduler.mayPutOff || this._closing) return;
      this.#held = 0;
      this.#secure.cork();
      scheduler.flushes.add(this);
    }
    this.#held += size;
    if (this.#held > HELD_MAX_BYTES) this._flush();
  }
}

function cutOff(transport: TlsTransport): void {
  transport._cutOff();
}

function letGoIfConfirmed(transport: TlsTransport, pollSeconds: number): void {
  transport._letGoIfConfirmed(pollSeconds);
}

/** The peer's certificate, or null if it has shown none. */
function certificateOf(secure: TLSSocket): object | null {
  const certificate = secure.getPeerCertificate();
  return certificate !== null && Object.keys(certificate).length > 0 ? certificate : null;
}

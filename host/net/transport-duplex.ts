/**
 * A connection of ours as a stream of Node's, for whatever takes one: a `node:http` server, `pipeline`, a parser.
 *
 * Owns: the way from the callbacks of a protocol to the methods of a Duplex, and back; flow control both ways, ends in each
 * direction, errors; of what `net.Socket` has beyond a Duplex, the part that servers and agents of Node's make use of.
 *
 * Does not own: the connection, which goes on being a transport.
 */

import { Duplex } from "node:stream";
import { checkBoolean, checkInteger, checkOptions, INT_MAX } from "../arguments.js";
import { AF_UNIX, IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET, TCP_KEEPIDLE, TCP_NODELAY } from "../constants.js";
import { describe, RuntimeError, typeError } from "../errors.js";
import { clearTimeout, setTimeout } from "../node-timers.js";
import { EPIPE } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import type { InetAddress } from "./address.js";
import type { Socket } from "./socket.js";
import { Transport } from "./transport.js";

/** Options of `asDuplex`. */
export interface DuplexOptions {
  /** Whether the stream can be written to after the peer has ended its own; false by default, as in `node:net`. */
  allowHalfOpen?: boolean;
  /** How many bytes that nobody has read yet stop the connection from receiving; Node's default if left out. */
  readableHighWaterMark?: number;
  /** From how many bytes on `write()` returns false; Node's default if left out. */
  writableHighWaterMark?: number;
}

/**
 * Makes a stream of a connection. The stream takes the protocol's place: from here on it is the stream that is told of
 * what comes. Usually called in `connectionMade`, before anything has.
 *
 * Ending the stream ends what the peer receives, or closes the connection where that cannot be done by halves, as with TLS.
 * Destroying it closes the connection at once, unless it has finished.
 *
 * @throws TypeError `ERR_NOT_A_TRANSPORT`, `ERR_UNKNOWN_OPTION`, `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE`; RuntimeError
 *   `ERR_TRANSPORT_CLOSING`
 */
export function asDuplex(transport: Transport, options: DuplexOptions = {}): TransportDuplex {
  checkIsTransport(transport);
  checkOptions("asDuplex", options, ["allowHalfOpen", "readableHighWaterMark", "writableHighWaterMark"]);
  const { allowHalfOpen = false, ...marks } = options;
  checkBoolean("allowHalfOpen", allowHalfOpen);
  for (const [name, value] of Object.entries(marks)) {
    if (value !== undefined) checkInteger(`The option ${name}`, value, 0, INT_MAX);
  }
  if (transport.isClosing()) {
    throw new RuntimeError("ERR_TRANSPORT_CLOSING", `${transport} is closing: make a stream of it earlier`);
  }
  return new TransportDuplex(transport, { allowHalfOpen, ...marks });
}

function checkIsTransport(transport: unknown): void {
  if (transport instanceof Transport) return;
  const hint = "pass what connectionMade() was called with";
  throw typeError("ERR_NOT_A_TRANSPORT", `A Transport is needed, not ${describe(transport)}: ${hint}`);
}

/** What a stream calls when it is done with something. */
type Done = (error?: Error | null) => void;

/** A stream over a connection of ours. `asDuplex` makes them. */
export class TransportDuplex extends Duplex {
  /** The connection. */
  readonly transport: Transport;
  /** After how many ms without traffic the event `timeout` comes; 0 is never. */
  timeout = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the transport has asked to hold back what can wait. */
  #full = false;
  #lost = false;
  /** Waits until the transport has room again. */
  #whenRoom: Done | null = null;
  /** Waits until the transport is lost. */
  #whenLost: (() => void) | null = null;

  /** @internal Users call `asDuplex()`. */
  constructor(transport: Transport, options: DuplexOptions & { autoDestroy?: boolean }) {
    checkIsTransport(transport);
    super(options);
    this.transport = transport;
    this.#full = transport._isPaused;
    transport.setProtocol({
      dataReceived: (data) => this.#receive(data),
      eofReceived: () => this.#receiveEof(),
      pauseWriting: () => {
        this.#full = true;
      },
      resumeWriting: () => this.#goOn(null),
      connectionLost: (error) => this.#lose(error),
    });
  }

  /** Whether the connection is over TLS. */
  get encrypted(): boolean {
    return this.transport.getExtraInfo("sslcontext") !== null;
  }

  /** The numeric address of the peer, if it has one. */
  get remoteAddress(): string | undefined {
    return this.#nameOf("peername")?.host;
  }

  get remotePort(): number | undefined {
    return this.#nameOf("peername")?.port;
  }

  get localAddress(): string | undefined {
    return this.#nameOf("sockname")?.host;
  }

  get localPort(): number | undefined {
    return this.#nameOf("sockname")?.port;
  }

  /**
   * Has the event `timeout` emitted whenever there was no traffic for so long. Nothing else happens then.
   *
   * @param timeoutMs 0 for never
   * @param callback called at the next `timeout`
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    checkInteger("The timeout", timeoutMs, 0, INT_MAX);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.timeout = timeoutMs;
    if (timeoutMs > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit("timeout"), timeoutMs).unref();
      if (callback !== undefined) this.once("timeout", callback);
    } else if (callback !== undefined) this.off("timeout", callback);
    return this;
  }

  /** Has small writes sent at once, as they are anyway, or, with false, held back until the peer has confirmed what came before. */
  setNoDelay(noDelay = true): this {
    checkBoolean("noDelay", noDelay);
    const socket = this.#inetSocket();
    socket?.setsockopt(IPPROTO_TCP, TCP_NODELAY, noDelay ? 1 : 0);
    return this;
  }

  /**
   * Has the system find out, every now and then, whether a silent peer is still there.
   *
   * @param initialDelayMs how long the peer is silent before that; 0 leaves it as it is
   */
  setKeepAlive(enable = false, initialDelayMs = 0): this {
    checkBoolean("enable", enable);
    checkInteger("The initial delay", initialDelayMs, 0, INT_MAX);
    const socket = this.#inetSocket();
    socket?.setsockopt(SOL_SOCKET, SO_KEEPALIVE, enable ? 1 : 0);
    const seconds = Math.floor(initialDelayMs / 1000);
    if (enable && seconds > 0) socket?.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    return this;
  }

  /** Has no effect: it is the loop that keeps the process alive while it runs, and no single connection. */
  ref(): this {
    return this;
  }

  /** As `ref`. */
  unref(): this {
    return this;
  }

  override _read(): void {
    this.transport.resumeReading();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  /** Finished is what the kernel has taken. */
  override _final(done: Done): void {
    const { transport } = this;
    if (this.#lost) return done();
    const byHalves = transport.canWriteEof();
    if (byHalves) transport.writeEof();
    this.#whenRoom = (error) => {
      if (!byHalves) transport.close();
      done(error);
    };
    // From now on there is room when nothing waits any more.
    transport.setWriteBufferLimits({ high: 0 });
    if (!this.#full) this.#goOn(null);
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#whenRoom = null;
    const { transport } = this;
    if (error === null && this.writableFinished) transport.close();
    else transport.abort();
    if (this.#lost || transport._isOrphaned) done(error);
    else this.#whenLost = () => done(error);
  }

  /** Sends pieces in one go. What the transport refuses, because a file is being sent on it, breaks the stream. */
  #send(pieces: readonly Uint8Array[], done: Done): void {
    this.#timer?.refresh();
    const { transport } = this;
    if (transport.isClosing()) return done(brokenPipe());
    try {
      if (pieces.length === 1) transport.write(pieces[0] as Uint8Array);
      else transport.writeLines(pieces);
    } catch (error) {
      return done(error as Error);
    }
    if (this.#full) this.#whenRoom = done;
    else done();
  }

  #receive(data: Buffer): void {
    this.#timer?.refresh();
    if (!this.push(data)) this.transport.pauseReading();
  }

  #receiveEof(): boolean {
    this.push(null);
    // Without this the end comes only when somebody reads.
    this.read(0);
    return this.transport.canWriteEof();
  }

  #lose(error: Error | null): void {
    this.#lost = true;
    if (this.#whenLost !== null) return this.#whenLost();
    if (error !== null) {
      this.destroy(error);
      return;
    }
    this.#goOn(brokenPipe());
    // What has come can still be read; after that the stream destroys itself.
    if (!this.destroyed && !this.writableEnded) this.end();
    if (!this.destroyed) this.#receiveEof();
  }

  #goOn(error: Error | null): void {
    this.#full = false;
    const done = this.#whenRoom;
    this.#whenRoom = null;
    this.#timer?.refresh();
    done?.(error);
  }

  /** The open socket of a connection over TCP, or null. */
  #inetSocket(): Socket | null {
    const socket = this.transport.getExtraInfo("socket");
    return socket === null || socket.closed || socket.family === AF_UNIX ? null : socket;
  }

  #nameOf(end: "peername" | "sockname"): InetAddress | undefined {
    const name = this.transport.getExtraInfo(end) as InetAddress | string | null;
    return typeof name === "object" && name !== null && "host" in name ? name : undefined;
  }
}

function brokenPipe(): Error {
  return systemError("write", EPIPE, { message: "the connection is closed" });
}

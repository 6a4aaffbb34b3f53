/**
 * Stream writers: what is sent on a connection.
 *
 * Owns: the names of the calls, and `drain`.
 *
 * Does not own: sending (the transports in `net/`), whether there is too much to send (`stream-protocol.ts`).
 *
 * From: CPython 3.13 asyncio/streams.py `StreamWriter`. Differs: one that nobody holds is not closed; cancelling
 * `waitClosed` does not touch others who wait.
 */

import { inspect } from "node:util";
import { describe, typeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { ExtraInfo } from "../net/extra-info.js";
import type { SSLContext } from "../net/ssl-context.js";
import type { StartTlsOptions } from "../net/start-tls.js";
import type { Transport } from "../net/transport.js";
import type { WriteTransport } from "../net/transport-kinds.js";
import type { StreamReaderProtocol } from "./stream-protocol.js";
import type { StreamReader } from "./stream-reader.js";

/** Options of `StreamWriter.startTls`: the side is the connection's own. */
export type WriterTlsOptions = Omit<StartTlsOptions, "serverSide">;

/**
 * The sending half of a connection. `openConnection` and `startServer` make them; one for a pipe is made of what
 * `connectWritePipe` answers.
 */
export class StreamWriter<T extends WriteTransport = Transport> {
  #transport: T;
  readonly #protocol: StreamReaderProtocol;
  readonly #reader: StreamReader | null;
  readonly #loop: EventLoop;

  /** @throws TypeError `ERR_NOT_A_TRANSPORT` */
  constructor(transport: T, protocol: StreamReaderProtocol, reader: StreamReader | null, loop: EventLoop) {
    if (typeof transport?.write !== "function") {
      const hint = "pass one that can write, such as connectionMade() was called with";
      throw typeError("ERR_NOT_A_TRANSPORT", `A transport is needed, not ${describe(transport)}: ${hint}`);
    }
    this.#transport = transport;
    this.#protocol = protocol;
    this.#reader = reader;
    this.#loop = loop;
  }

  /** The transport below. */
  get transport(): T {
    return this.#transport;
  }

  /** Sends bytes, as soon as there is room; follow it by `await drain()`. @throws as `Transport.write` */
  write(data: Uint8Array): void {
    this.#transport.write(data);
  }

  /** Sends several pieces of bytes, in one go if possible. @throws as `write` */
  writeLines(lines: Iterable<Uint8Array>): void {
    this.#transport.writeLines(lines);
  }

  /** Ends the stream that the peer receives, after what was written before. What the peer sends still comes. @throws as `Transport.writeEof` */
  writeEof(): void {
    this.#transport.writeEof();
  }

  /** Whether `writeEof` can be used: not with TLS. */
  canWriteEof(): boolean {
    return this.#transport.canWriteEof();
  }

  /** Closes the connection, both halves, once everything that was written is sent. May be called again. */
  close(): void {
    this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.waitClosed();
  }

  /** Whether the connection is closing, or closed. */
  isClosing(): boolean {
    return this.#transport.isClosing();
  }

  /** Waits until the connection has ended. Fails with what has broken it. */
  waitClosed(): Future<void> {
    return this.#protocol._untilClosed();
  }

  /** What is known of the connection by that name, such as `peername` or `sslObject`, or else `fallback`. */
  getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  getExtraInfo(name: string, fallback?: unknown): unknown;
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return this.#transport.getExtraInfo(name, fallback);
  }

  /**
   * Waits while more than the high-water mark is still to be sent; is done at once if there is not.
   *
   * @returns what fails with what has broken the stream, and with `ECONNRESET` once the connection has ended
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  drain(): Future<void> {
    this.#loop._scheduler.checkOpen();
    return new Operation(this.#loop, this.#drain(), null, "StreamWriter.drain");
  }

  /**
   * Begins TLS on the connection, as the server if a server has accepted it. Nothing may be read meanwhile.
   *
   * @returns what is done when the handshake is. If that fails, the connection is closed; wrong arguments fail it too
   * @throws RuntimeError `ERR_LOOP_CLOSED`
   */
  startTls(this: StreamWriter, sslcontext: SSLContext, options: WriterTlsOptions = {}): Future<void> {
    this.#loop._scheduler.checkOpen();
    return new Operation(this.#loop, this.#startTls(sslcontext, options));
  }

  toString(): string {
    return `<StreamWriter transport=${this.#transport}${this.#reader === null ? "" : ` reader=${this.#reader}`}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  *#drain(): Work<void> {
    const exception = this.#reader?.exception() ?? null;
    if (exception !== null) throw exception;
    // So that whoever writes and drains in a loop comes to see that the connection is lost.
    if (this.#transport.isClosing()) yield;
    yield* this.#protocol._drain();
  }

  *#startTls(this: StreamWriter, sslcontext: SSLContext, options: WriterTlsOptions): Work<void> {
    yield* this.#drain();
    const all = { ...options, serverSide: this.#protocol.isServerSide };
    const starting = this.#loop.startTls(this.#transport, this.#protocol, sslcontext, all);
    try {
      this.#transport = yield* starting;
    } catch (error) {
      this.#protocol._failed(error);
      throw error;
    }
    this.#protocol._replaceTransport(this.#transport);
  }
}

/**
 * Transports: what a protocol is handed when a connection is there, and sends and closes with.
 *
 * Owns: what every connection of bytes can do, whatever it runs over.
 *
 * Does not own: doing it. That is for connections over sockets (`socket-transport.ts`) and over whatever else there is.
 *
 * From: CPython 3.13 asyncio/transports.py `Transport`.
 */

import { inspect } from "node:util";
import { describe, RuntimeError, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { ExtraInfo } from "./extra-info.js";
import { FlowControl } from "./flow-control.js";
import type { ReadTransport, WriteTransport } from "./transport-kinds.js";

/** Who is told that a transport has ended: the server that has accepted it. */
export interface TransportOwner {
  _attach(connection: Connection): void;
  _detach(connection: Connection): void;
}

/** What a server can do with what it has accepted. */
export type Connection = Pick<Transport, "close" | "abort">;

/** A connection. `createConnection`, `createServer` and their kin make them. */
export abstract class Transport extends FlowControl implements ReadTransport, WriteTransport {
  /**
   * Sends bytes, in the order of the calls. Small ones leave at the end of the iteration, all in one system call; what the
   * kernel does not take is sent when it does. They may be changed after the call. Writes to a lost connection are dropped.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE` for anything but a Uint8Array; RuntimeError `ERR_WRITE_AFTER_EOF`
   */
  abstract write(data: Uint8Array): void;

  /** Sends several pieces of bytes, in one go if possible. @throws as `write`; then nothing was sent */
  abstract writeLines(lines: Iterable<Uint8Array>): void;

  /**
   * Ends the stream that the peer receives, after what was written before. What the peer sends still comes.
   *
   * @throws UnsupportedError `ERR_NO_HALF_CLOSE` with TLS
   */
  abstract writeEof(): void;

  /** Whether `writeEof` can be used. */
  abstract canWriteEof(): boolean;

  /** Closes the connection once everything that was written is sent. Nothing is received any more. May be called again. */
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the connection at once. What was not sent yet is lost. */
  abstract abort(): void;

  /** Whether the connection is closing, or closed. */
  abstract isClosing(): boolean;

  /** Receives nothing until `resumeReading`. */
  abstract pauseReading(): void;

  /** Ends what `pauseReading` began. */
  abstract resumeReading(): void;

  /** Whether received bytes are handed to the protocol: not while paused or closing. */
  abstract isReading(): boolean;

  /**
   * What is known of the connection; see `ExtraInfo` for the names.
   *
   * @param fallback what to answer for a name that is not known, and where there is nothing of the kind; null by default
   */
  abstract getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  abstract getExtraInfo(name: string, fallback?: unknown): unknown;

  /** Lets another protocol be told of everything from now on. `connectionMade` is not called on it. @throws TypeError `ERR_NOT_A_PROTOCOL` */
  abstract setProtocol(protocol: StreamProtocol): void;

  abstract override getProtocol(): StreamProtocol;

  /** @internal Whether the loop is closed, so that nobody will be told of anything any more. */
  get _isOrphaned(): boolean {
    return this._flowLoop.isClosed();
  }

  /** @internal Whether it is one of that loop. */
  _isOf(loop: EventLoop): boolean {
    return this._flowLoop === loop;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** @throws TypeError `ERR_NOT_A_TRANSPORT`; ValueError `ERR_FOREIGN_TRANSPORT` for one of another loop */
export function checkTransport(loop: EventLoop, transport: unknown): asserts transport is Transport {
  if (!(transport instanceof Transport)) {
    throw typeError("ERR_NOT_A_TRANSPORT", `The transport must be one of a connection, not ${describe(transport)}`);
  }
  if (!transport._isOf(loop)) {
    throw new ValueError(
      "ERR_FOREIGN_TRANSPORT",
      `${transport} belongs to another loop: make the call on the loop that made it`,
    );
  }
}

/** The error where a transport that is closing, or was closed meanwhile, cannot do what it is asked. */
export function transportClosing(): RuntimeError {
  return new RuntimeError(
    "ERR_TRANSPORT_CLOSING",
    "The transport is closing: send the file, and await that, before it is closed",
  );
}

/** The error of a `write`, of a second file, or of TLS, while a file is being sent. */
export function sendfileInProgress(): RuntimeError {
  return new RuntimeError(
    "ERR_SENDFILE_IN_PROGRESS",
    "A file is being sent on the transport: await sendfile() first, then go on",
  );
}

/** The error of a `write`, or of a file, after `writeEof`. */
export function writeAfterEof(): RuntimeError {
  return new RuntimeError(
    "ERR_WRITE_AFTER_EOF",
    "Cannot call write() after writeEof(): write first, then end the stream",
  );
}

/**
 * What transports of every kind can do: the interfaces that users write their protocols against.
 *
 * Owns: the names of the methods and what they promise. A connection (`transport.ts`) can do all of it, a pipe one half.
 *
 * Does not own: doing it.
 *
 * From: CPython 3.13 asyncio/transports.py. Differs: these are interfaces, so nothing is an instance of them.
 */

import type { BaseProtocol } from "../protocols.js";
import type { WriteBufferLimits } from "./flow-control.js";

/** What every transport can do. */
export interface BaseTransport {
  /** Closes it, once everything that was written is sent. May be called again. */
  close(): void;
  /** Whether it is closing, or closed. */
  isClosing(): boolean;
  /** What is known of it by that name, or else `fallback`. */
  getExtraInfo(name: string, fallback?: unknown): unknown;
  /** Lets another protocol be told of everything from now on. */
  setProtocol(protocol: BaseProtocol): void;
  getProtocol(): BaseProtocol;
}

/** A transport that receives. */
export interface ReadTransport extends BaseTransport {
  /** Whether received bytes are handed to the protocol: not while paused or closing. */
  isReading(): boolean;
  /** Receives nothing until `resumeReading`. */
  pauseReading(): void;
  /** Ends what `pauseReading` began. */
  resumeReading(): void;
}

/** A transport that sends. */
export interface WriteTransport extends BaseTransport {
  /** Sends bytes, in the order of the calls, now or as soon as there is room. */
  write(data: Uint8Array): void;
  /** Sends several pieces of bytes, in one go if possible. */
  writeLines(lines: Iterable<Uint8Array>): void;
  /** Ends the stream, after what was written before. */
  writeEof(): void;
  /** Whether `writeEof` can be used. */
  canWriteEof(): boolean;
  /** Closes it at once. What was not sent yet is lost. */
  abort(): void;
  /** How many bytes wait to be sent. */
  getWriteBufferSize(): number;
  /** The low-water and the high-water mark, in bytes. */
  getWriteBufferLimits(): [low: number, high: number];
  /** Sets the marks between which the protocol is told to pause and to resume. */
  setWriteBufferLimits(limits?: WriteBufferLimits): void;
}

/**
 * Protocols: what a user writes to be told of what happens on a connection.
 *
 * Owns: the names of the callbacks and what they promise. All of them are optional, so a protocol may be an object
 * literal, implement the interface, or extend the class.
 *
 * Does not own: calling them (the transports in `net/`).
 *
 * From: CPython 3.13 asyncio/protocols.py.
 */

import type { Address } from "./net/address.js";
import type { DatagramTransport } from "./net/datagram-transport.js";
import type { Transport } from "./net/transport.js";
import type { SubprocessTransport } from "./processes/subprocess-transport.js";

/** What every protocol may have that writes. */
export interface WritingProtocol {
  /** More bytes wait to be sent than the high-water mark allows: hold back what can wait. Called inside `write` or `sendto`. */
  pauseWriting?(): void;

  /** So many bytes were sent that the low-water mark is reached: go on. Follows each `pauseWriting`, unless the connection is lost. */
  resumeWriting?(): void;
}

/** What every protocol of a connection may have. */
export interface BaseProtocol extends WritingProtocol {
  /** The connection is there. Called once, before anything else. */
  connectionMade?(transport: Transport): void;

  /**
   * The connection is gone. Called once, after everything else, if `connectionMade` was called or going to be.
   *
   * @param error null if either side closed it in good order or it was aborted here; else what broke it
   */
  connectionLost?(error: Error | null): void;

  /**
   * The peer will send nothing more.
   *
   * @returns true to go on sending; anything falsy closes the transport once what was written is sent
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a method without `return` has this type
  eofReceived?(): boolean | void;
}

/** A protocol that is handed the bytes in buffers of the transport's. */
export interface Protocol extends BaseProtocol {
  /** Bytes came. They are the protocol's to keep; how they are cut into pieces means nothing. */
  dataReceived?(data: Buffer): void;
}

/** A base class for protocols, for those who like `extends`. It does nothing. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: no method of the interface is required, so nothing is promised that is not there
export class Protocol {}

/** A protocol that receives into buffers of its own. */
export interface BufferedProtocol extends BaseProtocol {
  /**
   * Asked for before each receive: where to put the bytes. It must have room for one at least.
   *
   * @param sizeHint how much room would be good, -1 if any will do
   */
  getBuffer(sizeHint: number): Uint8Array;

  /** So many bytes were put at the start of the buffer that `getBuffer` answered last. */
  bufferUpdated(size: number): void;
}

/** A base class for buffered protocols. Both of its own methods are to be overridden. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the two methods that are required are there
export class BufferedProtocol {
  getBuffer(_sizeHint: number): Uint8Array {
    throw new TypeError("a BufferedProtocol must have getBuffer()");
  }

  bufferUpdated(_size: number): void {}
}

/** A protocol that sends and receives datagrams. */
export interface DatagramProtocol extends WritingProtocol {
  /** The socket is there. Called once, before anything else. */
  connectionMade?(transport: DatagramTransport): void;

  /** A datagram came. Its bytes are the protocol's to keep; the address may be frozen, and is null if the sender has none. */
  datagramReceived?(data: Buffer, address: Address | null): void;

  /** Sending or receiving has failed, such as with `ECONNREFUSED` when nobody listens there. The socket goes on. */
  errorReceived?(error: Error): void;

  /**
   * The socket is closed. Called once, after everything else.
   *
   * @param error null if it was closed or aborted here; else what broke it
   */
  connectionLost?(error: Error | null): void;
}

/** A base class for datagram protocols, for those who like `extends`. It does nothing. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: no method of the interface is required, so nothing is promised that is not there
export class DatagramProtocol {}

/** A protocol for a child process and its pipes: 0 is its stdin, 1 its stdout, 2 its stderr. */
export interface SubprocessProtocol extends WritingProtocol {
  /** The child runs, and its pipes are there. Called once, before anything else. */
  connectionMade?(transport: SubprocessTransport): void;

  /** The child has written something. */
  pipeDataReceived?(fd: number, data: Buffer): void;

  /**
   * A pipe is closed.
   *
   * @param error null if either side closed it in good order; else what broke it
   */
  pipeConnectionLost?(fd: number, error: Error | null): void;

  /** The child has ended. May come before its last output, and before its pipes are closed. */
  processExited?(): void;

  /** The child has ended and all its pipes are closed. Called once, after everything else. */
  connectionLost?(error: Error | null): void;
}

/** A base class for protocols of children, for those who like `extends`. It does nothing. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: no method of the interface is required, so nothing is promised that is not there
export class SubprocessProtocol {}

/** Any protocol of a stream. */
export type StreamProtocol = Protocol | BufferedProtocol;

/** Whether it receives into buffers of its own. */
export function isBuffered(protocol: StreamProtocol): protocol is BufferedProtocol {
  return typeof (protocol as Partial<BufferedProtocol>).getBuffer === "function";
}

/**
 * Receiving for a protocol.
 *
 * Owns: where the next bytes are put, in the slab or in a buffer of the protocol's, and handing them over; how much is
 * asked for at a time.
 *
 * Does not own: when to receive, the end of the stream, errors of the source (the transports). Those of sockets do the same
 * by themselves, which spares them a call and an object.
 *
 * From: CPython 3.13 selector_events `_read_ready__data_received` and `_read_ready__get_buffer`.
 */

import { checkBytes } from "../arguments.js";
import { ValueError } from "../errors.js";
import { type BufferedProtocol, isBuffered, type Protocol, type StreamProtocol } from "../protocols.js";
import { checkProtocol } from "./options.js";
import { receiveSlab } from "./receive-slab.js";
import type { Socket } from "./socket.js";

/** How much is received at a time: at first, and from a peer that sends as much. */
const WINDOW_MIN_BYTES = 64 * 1024;
const WINDOW_MAX_BYTES = 256 * 1024;

/**
 * Asks a protocol where to put bytes.
 *
 * @param sizeHint as `getBuffer` has it
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, ValueError `ERR_EMPTY_BUFFER`; and what the protocol throws
 */
export function bufferOf(protocol: BufferedProtocol, sizeHint: number): Uint8Array {
  const buffer = checkBytes("The buffer of getBuffer()", protocol.getBuffer(sizeHint));
  if (buffer.byteLength > 0) return buffer;
  throw new ValueError("ERR_EMPTY_BUFFER", "getBuffer() returned an empty buffer: there must be room for a byte");
}

/** Where bytes come from: each answers a count, 0 at the end, or a negative errno. */
export interface Source extends Pick<Socket, "_recvInto"> {
  /** Receives into all of `bytes`. */
  _receiveInto(bytes: Uint8Array): number;
}

/** Who is told that the protocol has thrown. */
export interface ReceptionOwner {
  _protocolFailed(error: unknown, message: string): void;
}

export class Reception {
  #protocol: StreamProtocol;
  /** The same protocol, if it is one that has buffers of its own. */
  #buffered: BufferedProtocol | null;
  #window = WINDOW_MIN_BYTES;

  constructor(protocol: StreamProtocol) {
    this.#protocol = protocol;
    this.#buffered = isBuffered(protocol) ? protocol : null;
  }

  /** Who receives. @throws TypeError `ERR_NOT_A_PROTOCOL` when set to something else */
  get protocol(): StreamProtocol {
    return this.#protocol;
  }

  set protocol(protocol: StreamProtocol) {
    this.#protocol = checkProtocol(protocol);
    this.#buffered = isBuffered(protocol) ? protocol : null;
  }

  /**
   * Receives once and hands it over.
   *
   * @returns how much came; 0 at the end of the stream; a negative errno. Where the protocol has thrown, the owner was told,
   *   and nothing is left to be done
   */
  receive(source: Source, owner: ReceptionOwner): number {
    if (this.#buffered !== null) return this.#receiveInto(this.#buffered, source, owner);
    const window = this.#window;
    const received = receiveSlab.receive(source, window);
    if (received <= 0) return received;
    const data = receiveSlab.take(received);
    if (received === window && window < WINDOW_MAX_BYTES) this.#window = window * 2;
    try {
      const protocol = this.#protocol as Protocol;
      if (protocol.dataReceived !== undefined) protocol.dataReceived(data);
    } catch (error) {
      owner._protocolFailed(error, "Fatal error: protocol.dataReceived() call failed.");
    }
    return received;
  }

  #receiveInto(protocol: BufferedProtocol, source: Source, owner: ReceptionOwner): number {
    let buffer: Uint8Array;
    try {
      buffer = bufferOf(protocol, -1);
    } catch (error) {
      owner._protocolFailed(error, "Fatal error: protocol.getBuffer() call failed.");
      return 1;
    }
    const received = source._receiveInto(buffer);
    if (received <= 0) return received;
    try {
      protocol.bufferUpdated(received);
    } catch (error) {
      owner._protocolFailed(error, "Fatal error: protocol.bufferUpdated() call failed.");
    }
    return received;
  }
}

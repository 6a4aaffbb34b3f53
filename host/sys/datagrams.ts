/**
 * Receiving datagrams, many in one system call.
 *
 * Owns: the memory that recvmmsg writes to: headers, senders' names, and room for each datagram. What came is copied out, so
 * a datagram that is kept holds on to no more than itself.
 *
 * Does not own: the descriptor, and when to receive (`net/socket-datagrams.ts`).
 *
 * From: recvmmsg(2). One call for each datagram costs 2 µs more CPU a datagram when they come in bursts.
 */

import { AF_INET, MSG_DONTWAIT, MSG_TRUNC } from "../constants.js";
import { noteActivity } from "./activity.js";
import { EBADF, EINTR, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { HEADER_BYTES, IOVEC_BYTES, NAME_LENGTH, writeHeader } from "./mmsghdr.js";
import { type Address, NAME_BYTES, readAddress } from "./sockaddr.js";

/** Where the flags, and the number of bytes received, stand in a header. */
const FLAGS = 48;
const RECEIVED = 56;

/** Senders that are remembered. */
const SENDERS_MAX = 512;

/** Room for a number of datagrams. */
export class DatagramBatch {
  readonly #count: number;
  readonly #bytesEach: number;
  readonly #headers: Memory;
  readonly #payload: Memory;
  readonly #names: number;
  /** Those of IPv4, by address and port: a server hears from the same ones again and again. */
  readonly #senders = new Map<number, Address>();
  #used: number;

  /**
   * @param count how many datagrams one call may receive
   * @param bytesEach how large each may be
   */
  constructor(count: number, bytesEach: number) {
    this.#count = count;
    this.#bytesEach = bytesEach;
    this.#used = count;
    this.#headers = new Memory(count * (HEADER_BYTES + IOVEC_BYTES + NAME_BYTES));
    this.#payload = new Memory(count * bytesEach);
    this.#names = count * (HEADER_BYTES + IOVEC_BYTES);
    const { bytes, address } = this.#headers;
    bytes.fill(0);
    for (let index = 0; index < count; index++) {
      const name = address + this.#names + index * NAME_BYTES;
      const data = this.#payload.address + index * bytesEach;
      writeHeader(this.#headers, count, index, { name, data, size: bytesEach });
    }
  }

  /** Receives what is there. Answers how many datagrams came, or a negative errno: of the socket, or of one sent before. */
  receive(fd: number): number {
    if (!isDescriptor(fd)) return -EBADF;
    noteActivity();
    const { bytes, address } = this.#headers;
    for (let index = 0; index < this.#used; index++) {
      bytes.writeUInt32LE(NAME_BYTES, index * HEADER_BYTES + NAME_LENGTH);
    }
    const c = libc();
    let result: number;
    do {
      result = c.recvmmsg(fd, address, this.#count, MSG_DONTWAIT, 0);
      if (result < 0) result = -c.errno();
      this.#payload.lastResult = result;
    } while (result === -EINTR);
    this.#used = Math.max(result, 0);
    return result;
  }

  /** A copy of a datagram that was just received. */
  data(index: number): Buffer {
    const size = this.#headers.bytes.readUInt32LE(index * HEADER_BYTES + RECEIVED);
    const start = index * this.#bytesEach;
    // A small one shares 8 KiB with others, whatever becomes of them.
    const copy = Buffer.allocUnsafe(size);
    this.#payload.bytes.copy(copy, 0, start, start + size);
    return copy;
  }

  /** Whether it was larger than there was room for. */
  isCut(index: number): boolean {
    return (this.#headers.bytes.readUInt32LE(index * HEADER_BYTES + FLAGS) & MSG_TRUNC) !== 0;
  }

  /** Who sent it; null for an unnamed Unix socket. */
  sender(index: number): Address | null {
    const { bytes } = this.#headers;
    const name = this.#names + index * NAME_BYTES;
    const length = bytes.readUInt32LE(index * HEADER_BYTES + NAME_LENGTH);
    if (length === 0 || bytes.readUInt16LE(name) !== AF_INET) return readAddress(bytes, name, length);
    const key = bytes.readUInt32BE(name + 4) * 0x10000 + bytes.readUInt16BE(name + 2);
    let sender = this.#senders.get(key);
    if (sender === undefined) {
      if (this.#senders.size === SENDERS_MAX) this.#senders.clear();
      sender = Object.freeze(readAddress(bytes, name, length) as Address);
      this.#senders.set(key, sender);
    }
    return sender;
  }
}

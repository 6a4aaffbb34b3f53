/**
 * Sending datagrams, many in one system call.
 *
 * Owns: the memory that sendmmsg reads from: headers, receivers' names, and a copy of each datagram.
 *
 * Does not own: the descriptor, when to send, and what becomes of those that were not (`net/socket-datagrams.ts`).
 */

import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../constants.js";
import { noteActivity } from "./activity.js";
import { EBADF, EINTR, isDescriptor } from "./errno.js";
import { libc } from "./libc.js";
import { Memory } from "./memory.js";
import { DATA_LENGTH, HEADER_BYTES, IOVEC_BYTES, NAME_LENGTH, writeHeader } from "./mmsghdr.js";
import { type Address, SocketName } from "./sockaddr.js";

const WORD_BYTES = 4;
const HEADER_WORDS = HEADER_BYTES / WORD_BYTES;
const IOVEC_WORDS = IOVEC_BYTES / WORD_BYTES;
const NAME_LENGTH_WORD = NAME_LENGTH / WORD_BYTES;
const LENGTH_WORD = DATA_LENGTH / WORD_BYTES;

/** Room for a number of small datagrams. */
export class SendBatch {
  readonly #room: number;
  readonly #bytesEach: number;
  readonly #headers: Memory;
  readonly #words: Uint32Array;
  readonly #payload: Memory;
  readonly #names: SocketName[] = [];
  /** The address that each name was written from, if it is frozen and so cannot have changed since. */
  readonly #named: (Address | null)[] = [];
  readonly #addresses: Address[] = [];
  /** Where the length of the first stands. */
  readonly #lengthWord: number;
  #count = 0;

  /**
   * @param room how many datagrams one call may send
   * @param bytesEach how large each may be
   */
  constructor(room: number, bytesEach: number) {
    this.#room = room;
    this.#bytesEach = bytesEach;
    this.#headers = new Memory(room * (HEADER_BYTES + IOVEC_BYTES));
    this.#payload = new Memory(room * bytesEach);
    this.#lengthWord = room * HEADER_WORDS + LENGTH_WORD;
    const { bytes } = this.#headers;
    bytes.fill(0);
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / WORD_BYTES);
    for (let index = 0; index < room; index++) {
      const name = new SocketName();
      this.#names.push(name);
      this.#named.push(null);
      const data = this.#payload.address + index * bytesEach;
      writeHeader(this.#headers, room, index, { name: name.address, data, size: 0 });
    }
  }

  /** How many wait to be sent. */
  get count(): number {
    return this.#count;
  }

  /** Takes a copy. Answers false if there is no room for it, or the address is none of the family. */
  add(data: Uint8Array, family: number, address: Address): boolean {
    const index = this.#count;
    const size = data.length;
    if (index === this.#room || size > this.#bytesEach) return false;
    if (address !== this.#named[index]) {
      const length = (this.#names[index] as SocketName).write(family, address);
      this.#named[index] = length > 0 && Object.isFrozen(address) ? address : null;
      if (length < 0) return false;
      this.#words[index * HEADER_WORDS + NAME_LENGTH_WORD] = length;
    }
    this.#words[this.#lengthWord + index * IOVEC_WORDS] = size;
    this.#payload.bytes.set(data, index * this.#bytesEach);
    this.#addresses[index] = address;
    this.#count = index + 1;
    return true;
  }

  /** Sends from one of them on. Answers how many were sent, or a negative errno of that one. */
  send(fd: number, start: number): number {
    if (!isDescriptor(fd)) return -EBADF;
    noteActivity();
    const c = libc();
    let result: number;
    do {
      const headers = this.#headers.address + start * HEADER_BYTES;
      result = c.sendmmsg(fd, headers, this.#count - start, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (result < 0) result = -c.errno();
      this.#payload.lastResult = result;
    } while (result === -EINTR);
    return result;
  }

  /** Where one of them goes. */
  address(index: number): Address {
    return this.#addresses[index] as Address;
  }

  /** Copies those from one of them on, and is empty again. */
  takeFrom(start: number): { data: Buffer; address: Address }[] {
    const taken: { data: Buffer; address: Address }[] = [];
    for (let index = start; index < this.#count; index++) {
      const from = index * this.#bytesEach;
      const size = this.#words[this.#lengthWord + index * IOVEC_WORDS] as number;
      taken.push({ data: Buffer.from(this.#payload.bytes.subarray(from, from + size)), address: this.address(index) });
    }
    this.#count = 0;
    return taken;
  }
}

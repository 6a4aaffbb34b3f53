/**
 * Bytes that wait until the kernel takes them.
 *
 * Owns: copies of them, since their owner may change them meanwhile. Small pieces are copied one behind the other into
 * blocks, so that many of them go out in one system call. A block that was sent is used again: nobody else has seen it.
 *
 * Does not own: when to send, and what too much is (`socket-transport.ts`, `flow-control.ts`).
 */

import { EAGAIN } from "../sys/errno.js";
import type { Socket } from "./socket.js";

/** Blocks are as large as what waits already, within these bounds; what is larger gets a block of its own. */
const BLOCK_MIN_BYTES = 1024;
const BLOCK_MAX_BYTES = 64 * 1024;

/** The largest block of this thread that was sent, for whichever queue needs one next. */
let spare: Buffer | null = null;

export class WriteQueue {
  /** How many bytes wait. */
  size = 0;
  readonly #blocks: Buffer[] = [];
  /** How much of the first block was sent. */
  #sent = 0;
  /** How much of the last block is filled. */
  #filled = 0;

  /** Queues a copy of the bytes from `start` on. */
  push(bytes: Uint8Array, start: number): void {
    let from = start;
    const last = this.#blocks.at(-1);
    if (last !== undefined) {
      const fits = Math.min(last.byteLength - this.#filled, bytes.byteLength - from);
      last.set(bytes.subarray(from, from + fits), this.#filled);
      this.#filled += fits;
      from += fits;
    }
    const rest = bytes.byteLength - from;
    if (rest > 0) {
      const block = takeBlock(Math.max(rest, blockBytes(this.size)));
      block.set(from === 0 ? bytes : bytes.subarray(from));
      this.#blocks.push(block);
      this.#filled = rest;
    }
    this.size += bytes.byteLength - start;
  }

  /** Sends until nothing is left or the kernel takes no more. Answers 0, or the negative errno of what broke the socket. */
  flush(socket: Pick<Socket, "_send">): number {
    const blocks = this.#blocks;
    while (blocks.length > 0) {
      const block = blocks[0] as Buffer;
      const end = blocks.length === 1 ? this.#filled : block.byteLength;
      const sent = socket._send(block.subarray(this.#sent, end));
      if (sent < 0) return sent === -EAGAIN ? 0 : sent;
      this.size -= sent;
      this.#sent += sent;
      if (this.#sent < end) return 0;
      blocks.shift();
      this.#sent = 0;
      keepBlock(block);
    }
    return 0;
  }

  /** Drops what waits. */
  clear(): void {
    this.#blocks.length = 0;
    this.#sent = 0;
    this.#filled = 0;
    this.size = 0;
  }
}

function blockBytes(queued: number): number {
  return Math.min(Math.max(queued, BLOCK_MIN_BYTES), BLOCK_MAX_BYTES);
}

function takeBlock(size: number): Buffer {
  const block = spare;
  if (block === null || block.byteLength < size) return Buffer.allocUnsafeSlow(size);
  spare = null;
  return block;
}

function keepBlock(block: Buffer): void {
  const isLargest = spare === null || block.byteLength > spare.byteLength;
  if (isLargest && block.byteLength <= BLOCK_MAX_BYTES) spare = block;
}

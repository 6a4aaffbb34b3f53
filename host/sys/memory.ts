/**
 * Memory that C may be given the address of.
 *
 * Owns: a buffer and its address together, so that the address is never used without the buffer.
 *
 * Does not own: what is in it. A receive into `address + offset` spares the hot path a view for each call.
 */

import { loadKoffi } from "./libc.js";

/** A buffer of fixed place and size. Its bytes are uninitialised. */
export class Memory {
  /** All of it. Its length is 0 once somebody has transferred the ArrayBuffer away, and then no wrapper touches it. */
  readonly bytes: Buffer;
  /** Where `bytes` begins. Good for as long as `bytes.byteLength` is not 0. */
  readonly address: number;
  /** The answer of the last call into it. Written after each call, so that the memory outlives the call. */
  lastResult = 0;

  /** @param size In bytes, at least 1. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.address = Number(loadKoffi().address(this.bytes));
  }

  /** How many of `wanted` bytes from `offset` on lie inside, or -1 if none does: the only lengths that C may be told. */
  clamp(offset: number, wanted: number): number {
    // `byteLength` says the same, and takes V8 five times as long.
    const room = this.bytes.length - offset;
    const length = Math.min(wanted, room);
    return offset >= 0 && length >= 1 ? length : -1;
  }
}

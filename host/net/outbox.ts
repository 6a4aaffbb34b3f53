/**
 * Small pieces of bytes that are written in one iteration, so that those of one transport leave in one system call.
 *
 * Owns: memory in which they lie until the iteration ends, those of one transport one behind the other.
 *
 * Does not own: where a transport's bytes lie, which it knows itself; when they are sent (`scheduler/flushes.ts`).
 *
 * From: uvloop's `UVStream`, which sends at the end of an iteration too. Differs: bytes are copied here at once, because their
 * owner may change them; a transport that is asked how much it has yet to send sends first, and answers as asyncio's would.
 */
import { Memory } from "../sys/memory.js";

const OUTBOX_BYTES = 256 * 1024;
/** As much as one transport may have here; what is more is sent at once. */
const HELD_MAX_BYTES = 16 * 1024;

export class Outbox {
  #memory: Memory | null = null;
  #used = 0;
  /** How many transports have bytes here. */
  #holders = 0;

  /** The memory, once there is something in it. */
  get memory(): Memory {
    this.#memory ??= new Memory(OUTBOX_BYTES);
    return this.#memory;
  }

  /**
   * Adds to the `size` bytes at `start` that a transport has here; 0 are none.
   *
   * @returns where they begin now, or -1 when there is no room for more, and then they are where they were
   */
  add(start: number, size: number, bytes: Uint8Array): number {
    const added = bytes.length;
    if (size + added > HELD_MAX_BYTES) return -1;
    // Those of others lie behind them: they move to the end.
    const moves = size > 0 && start + size !== this.#used;
    const end = this.#used + (moves ? size : 0);
    if (end + added > OUTBOX_BYTES) return -1;
    const { bytes: all } = this.memory;
    if (moves) all.copyWithin(this.#used, start, start + size);
    all.set(bytes, end);
    this.#used = end + added;
    if (size === 0) this.#holders++;
    return end - size;
  }

  /** A transport has no bytes here any more. */
  release(): void {
    if (--this.#holders === 0) this.#used = 0;
  }
}

/** The outbox of this thread. */
export const outbox = new Outbox();

/**
 * Where received bytes are put: slabs of memory that fill up from the start, one after the other.
 *
 * Owns: the slabs that are in use. What was received is a view of a slab, whose place is not used again; a slab is collected
 * when nobody holds a view of it any more. Everything is received into a large slab. A small message is copied from there
 * into a small one, so that whoever keeps it for long does not keep a large slab with it, and its place is free again.
 *
 * Does not own: whose bytes they are. All transports of a thread share the slabs, as no two receive at the same time.
 */

import { markAsUntransferable } from "node:worker_threads";
import { EFAULT } from "../sys/errno.js";
import { Memory } from "../sys/memory.js";
import type { Socket } from "./socket.js";

/** How much of a large slab is filled. */
const SLAB_BYTES = 1024 * 1024;
/** It begins at a multiple of this … */
const STRIDE_BYTES = 6 * SLAB_BYTES;
/**
 * … and this much is allocated, so that there is one. V8 collects young buffers when those that were allocated come to
 * 32 MiB, so five slabs at a time; seven made a process with a slow reader grow by 16 MiB. The rest is never touched,
 * wherever the allocator puts it, and takes up no memory.
 */
const ALLOCATED_BYTES = STRIDE_BYTES + SLAB_BYTES;
/**
 * Slabs are freed several at a time, and glibc gives what is then free at the end of its heap back to the system, to fault
 * it in again page by page: 2.5 faults for 64 KiB. It keeps twice as much as the largest mapping that it has seen freed,
 * so it sees one of this size.
 */
const FREED_ONCE_BYTES = 24 * 1024 * 1024;
const SMALL_SLAB_BYTES = 64 * 1024;
/** The largest message that is copied. */
const SMALL_BYTES = 4 * 1024;
/** What is left of a slab is given up when it is less than this. */
const ROOM_MIN_BYTES = 16 * 1024;
/** Views begin at multiples of 8, so that arrays of any type can be laid over them. */
const ALIGNMENT = 8;

type BufferViewConstructor = new (bytes: ArrayBufferLike, start: number, size: number) => Buffer;

/**
 * The class behind Buffer, which Buffer's own methods make their views with. `subarray` and `Buffer.from` do the same after
 * tests that take 60 % of their time, for every message received.
 */
const BufferView = (Buffer as unknown as { [Symbol.species]: BufferViewConstructor })[Symbol.species];

export class ReceiveSlab {
  #memory: Memory | null = null;
  /** All of the slab: asking a view for it is slow. */
  #bytes: ArrayBufferLike = new ArrayBuffer(0);
  #used = 0;
  #end = 0;
  #small = Buffer.alloc(0);
  #smallBytes: ArrayBufferLike = this.#small.buffer;
  #smallUsed = 0;

  /**
   * Receives up to `size` bytes, or fewer when the slab is nearly full. Answers how many came, 0 at the end of the stream,
   * or a negative errno. `take` must follow at once where something came.
   */
  receive(socket: Pick<Socket, "_recvInto">, size: number): number {
    let memory = this.#memory;
    if (memory === null || this.#end - this.#used < ROOM_MIN_BYTES) memory = this.#renew();
    const most = Math.min(size, this.#end - this.#used);
    const received = socket._recvInto(memory, this.#used, most);
    if (received !== -EFAULT) return received;
    // Somebody has detached the slab through one of its views: the others are empty now, but nothing else is lost.
    memory = this.#renew();
    return socket._recvInto(memory, this.#used, most);
  }

  /** The `size` bytes that were just received. */
  take(size: number): Buffer {
    if (size <= SMALL_BYTES) return this.#takeCopy(size);
    const start = this.#used;
    this.#used = (start + size + ALIGNMENT - 1) & -ALIGNMENT;
    return new BufferView(this.#bytes, start, size);
  }

  #takeCopy(size: number): Buffer {
    // A small slab that somebody has detached has no room either.
    if (this.#small.length < this.#smallUsed + size) this.#renewSmall();
    const start = this.#smallUsed;
    const end = start + size;
    this.#smallUsed = (end + ALIGNMENT - 1) & -ALIGNMENT;
    this.#small.set(new BufferView(this.#bytes, this.#used, size), start);
    return new BufferView(this.#smallBytes, start, size);
  }

  #renewSmall(): void {
    this.#small = Buffer.allocUnsafeSlow(SMALL_SLAB_BYTES);
    this.#smallBytes = this.#small.buffer;
    markAsUntransferable(this.#smallBytes);
    this.#smallUsed = 0;
  }

  #renew(): Memory {
    if (this.#memory === null) Buffer.allocUnsafeSlow(FREED_ONCE_BYTES);
    const memory = new Memory(ALLOCATED_BYTES);
    // A transfer would take the bytes away from everybody who holds a view of this slab.
    markAsUntransferable(memory.bytes.buffer);
    this.#memory = memory;
    this.#bytes = memory.bytes.buffer;
    this.#used = (STRIDE_BYTES - (memory.address % STRIDE_BYTES)) % STRIDE_BYTES;
    this.#end = this.#used + SLAB_BYTES;
    return memory;
  }
}

/** The slab of this thread. */
export const receiveSlab = new ReceiveSlab();

/**
 * One end of a connection in a virtual network: what a connected socket is to the kernel.
 *
 * Owns: the bytes that have come and were not taken, the room that the peer's end has left, ends and resets on their way. What is
 * sent arrives after the network's latency, in order.
 *
 * Does not own: what waits because there is no room (`virtual-transport.ts`).
 */
import type { Address } from "../net/address.js";
import { type BoundCall, boundCall, type Callback } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import { ECONNRESET } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import type { VirtualNetwork } from "./virtual-network.js";

/** How many bytes may be under way or wait to be taken, in each direction. */
const WINDOW_BYTES = 64 * 1024;

export class VirtualEnd {
  readonly sockname: Address;
  readonly peername: Address;
  readonly #network: VirtualNetwork;
  #peer!: VirtualEnd;
  #reader: BoundCall | null = null;
  #writer: BoundCall | null = null;
  #arrived: Buffer[] = [];
  /** How many bytes the peer's end would take now. */
  #room = WINDOW_BYTES;
  /** What this end has sent last arrives then. */
  #lastArrival = 0;
  #peerFinished = false;
  #finished = false;
  #closed = false;
  #error: Error | null = null;

  private constructor(network: VirtualNetwork, sockname: Address, peername: Address) {
    this.#network = network;
    this.sockname = sockname;
    this.peername = peername;
  }

  /** Both ends of a connection: the client's, and the server's. */
  static pair(network: VirtualNetwork, client: Address, server: Address): [client: VirtualEnd, server: VirtualEnd] {
    const ends: [VirtualEnd, VirtualEnd] = [
      new VirtualEnd(network, client, server),
      new VirtualEnd(network, server, client),
    ];
    ends[0].#peer = ends[1];
    ends[1].#peer = ends[0];
    return ends;
  }

  /**
   * Has the callback called, in the current context and not in that of who sends, whenever there is something to take, or there will
   * be nothing any more, or the connection is broken. What has come before is there to be taken.
   */
  watchReads(callback: Callback, ...args: unknown[]): void {
    this.#reader = boundCall(callback, args, captureContext());
  }

  /** The same, whenever there is room again. */
  watchWrites(callback: Callback, ...args: unknown[]): void {
    this.#writer = boundCall(callback, args, captureContext());
  }

  /** Why the connection is broken, or null. What came before can still be taken. */
  get error(): Error | null {
    return this.#error;
  }

  /** Whether all was taken that will ever come. */
  get ended(): boolean {
    return this.#peerFinished && this.#arrived.length === 0;
  }

  /** What has come and was not taken, at most a segment of it; null when there is nothing. */
  next(): Buffer | null {
    return this.#arrived[0]?.subarray(0, this.#network.segmentBytes) ?? null;
  }

  /** Takes so many bytes of what is next. There is room for as many then. */
  take(size: number): void {
    const first = this.#arrived[0] as Buffer;
    if (size === first.length) this.#arrived.shift();
    else this.#arrived[0] = first.subarray(size);
    this.#toPeer((peer) => peer.#roomCame(size));
  }

  /** Sends as much as there is room for. Returns how many bytes that were. They are copied. */
  send(data: Uint8Array): number {
    const size = Math.min(data.length, this.#room);
    if (size === 0) return 0;
    const bytes = Buffer.from(data.subarray(0, size));
    this.#room -= size;
    this.#toPeer((peer) => peer.#arrive(bytes));
    return size;
  }

  /** Sends nothing any more. What the peer sends still comes. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#toPeer((peer) => peer.#peerFinishes());
  }

  /** Closes this end. The peer hears of an end, or, if it has sent what nobody took, that the connection was reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#peer.#closed) this.#network._forget(this, this.#peer);
    if (this.#arrived.length > 0) this.#toPeer((peer) => peer.break());
    else this.finish();
    this.#arrived = [];
  }

  /** The connection is broken for both ends, from this very moment on. */
  breakBoth(): void {
    this.break();
    this.#peer.break();
  }

  /** The connection is broken for this end. */
  break(): void {
    if (this.#closed || this.#error !== null) return;
    this.#error = systemError("recv", ECONNRESET, { message: errorText(ECONNRESET) });
    // Somebody may be in the midst of taking what came before.
    this.#network._soon(() => this.#reader?.run());
  }

  #arrive(bytes: Buffer): void {
    if (this.#closed) return this.#toPeer((peer) => peer.break());
    if (this.#error !== null) return;
    this.#arrived.push(bytes);
    this.#reader?.run();
  }

  #peerFinishes(): void {
    this.#peerFinished = true;
    this.#reader?.run();
  }

  #roomCame(size: number): void {
    this.#room += size;
    if (!this.#closed) this.#writer?.run();
  }

  #toPeer(happens: (peer: VirtualEnd) => void): void {
    this.#lastArrival = this.#network._after(this.#lastArrival, () => happens(this.#peer));
  }
}

/**
 * The network of a virtual loop: hosts that are names, ports that servers listen at, connections between them.
 *
 * Owns: who listens where; how long everything takes; all connections, to be broken.
 *
 * Does not own: bytes on their way (`virtual-end.ts`), datagrams (`datagram-post.ts`), the arguments of calls (`virtual-calls.ts`).
 */
import { checkInteger } from "../arguments.js";
import { describe, typeError, ValueError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type Address, addressDetails, type InetAddress } from "../net/address.js";
import { EADDRINUSE, ECONNREFUSED, ENOENT } from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { isUnixPath } from "../sys/sockaddr.js";
import { type DatagramDelays, DatagramPost } from "./datagram-post.js";
import { ANYWHERE, FreePorts, hostsMeet, isAbstract, keyOf, LOCALHOST } from "./virtual-address.js";
import type { VirtualDoor } from "./virtual-door.js";
import { VirtualEnd } from "./virtual-end.js";

const SEGMENT_BYTES = 64 * 1024;

/** What happens in it is as exact as the clock of its loop. */
export class VirtualNetwork {
  readonly #loop: EventLoop;
  readonly #doors = new Map<string, VirtualDoor>();
  /** The clients' ends of all connections. */
  readonly #connections = new Set<VirtualEnd>();
  /** @internal */
  readonly _datagrams: DatagramPost;
  #latency = 0;
  #segmentBytes = SEGMENT_BYTES;
  readonly #ports = new FreePorts();

  /** @internal It is `VirtualEventLoop.network`. */
  constructor(loop: EventLoop) {
    this.#loop = loop;
    this._datagrams = new DatagramPost(loop, () => this.#latency);
  }

  /** How many seconds everything takes from one end to the other; 0 at first. What is under way already is not affected. */
  get latency(): number {
    return this.#latency;
  }

  /** @throws TypeError `ERR_NOT_A_NUMBER`, ValueError `ERR_BAD_TIME` unless it is 0 or more, and finite */
  set latency(seconds: number) {
    if (typeof seconds !== "number") {
      throw typeError("ERR_NOT_A_NUMBER", `The latency must be a number of seconds, not ${describe(seconds)}`);
    }
    if (!(seconds >= 0 && seconds < Number.POSITIVE_INFINITY)) {
      throw new ValueError("ERR_BAD_TIME", `The latency must be 0 or more seconds, and finite, not ${seconds}`);
    }
    this.#latency = seconds;
  }

  /** How many bytes come at a time, at the most: with 1, a protocol sees each byte by itself. 65,536 at first. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  /** @throws TypeError `ERR_INVALID_ARG_TYPE`, ValueError `ERR_OUT_OF_RANGE` */
  set segmentBytes(bytes: number) {
    checkInteger("The size of a segment", bytes, 1, SEGMENT_BYTES);
    this.#segmentBytes = bytes;
  }

  /**
   * How datagrams travel: after how many seconds each copy of one arrives, as an array. `[]` loses it, two numbers
   * double it, and different ones change the order. Null, at first: once, after the latency.
   */
  get datagramDelays(): DatagramDelays | null {
    return this._datagrams.delays;
  }

  /** @throws TypeError `ERR_NOT_CALLABLE` */
  set datagramDelays(delays: DatagramDelays | null) {
    this._datagrams.delays = delays;
  }

  /**
   * Breaks every connection: both ends are told at once that it was reset; one that has paused reading, when it resumes or writes.
   * Servers go on listening.
   */
  breakConnections(): void {
    for (const end of [...this.#connections]) end.breakBoth();
  }

  /** @internal Calls back when something that is sent now arrives, but not before `earliest`. Returns when that is. */
  _after(earliest: number, callback: () => void): number {
    const loop = this.#loop;
    const when = Math.max(earliest, loop.time() + this.#latency);
    if (!loop.isClosed()) loop.callAt(when, callback);
    return when;
  }

  /** @internal Calls back in the next iteration. */
  _soon(callback: () => void): void {
    if (!this.#loop.isClosed()) this.#loop.callSoon(callback);
  }

  /** @internal A free port, or the one that is wanted. @throws Error `EADDRINUSE` when none is free */
  _portFor(wanted: number): number {
    if (wanted !== 0) return wanted;
    const taken = new Set([...this.#doors.values()].map(({ address }) => (isUnixPath(address) ? 0 : address.port)));
    return this.#ports.take((port) => taken.has(port));
  }

  /** @internal Enters a door, in the place of one that is at the same path of a file. @throws Error `EADDRINUSE` */
  _enter(door: VirtualDoor): void {
    const { address } = door;
    if (isUnixPath(address) ? isAbstract(address) && this.#doors.has(keyOf(address)) : this.#isTaken(address)) {
      throw systemError("bind", EADDRINUSE, { ...addressDetails(address), message: errorText(EADDRINUSE) });
    }
    this.#doors.set(keyOf(address), door);
  }

  /** @internal The door is closed. */
  _leave(door: VirtualDoor): void {
    const key = keyOf(door.address);
    if (this.#doors.get(key) === door) this.#doors.delete(key);
  }

  /** @internal Connects to who listens at the address. Both ends are told after as long as that takes. */
  _connect(address: Address, done: (error: Error | null, end: VirtualEnd | null) => void): void {
    const client = isUnixPath(address) ? "" : { host: LOCALHOST, port: this._portFor(0) };
    const arrival = this._after(0, () => {
      const door = this.#doorAt(address);
      if (door === null || !door.isOpen) {
        const isNoFile = door === null && isUnixPath(address) && !isAbstract(address);
        const errno = isNoFile ? ENOENT : ECONNREFUSED;
        this._after(arrival, () => done(systemError("connect", errno, addressDetails(address)), null));
        return;
      }
      const [end, serverEnd] = VirtualEnd.pair(this, client, address);
      this.#connections.add(end);
      this._after(arrival, () => done(null, end));
      door._accept(serverEnd);
    });
  }

  /** @internal Both ends of a connection are closed. */
  _forget(...ends: VirtualEnd[]): void {
    for (const end of ends) this.#connections.delete(end);
  }

  #doorAt(address: Address): VirtualDoor | null {
    const door = this.#doors.get(keyOf(address));
    if (door !== undefined || isUnixPath(address)) return door ?? null;
    return ANYWHERE.map((host) => this.#doors.get(keyOf({ ...address, host }))).find(Boolean) ?? null;
  }

  /** Whether a server has the port, at that host or at all of them. */
  #isTaken({ host, port }: InetAddress): boolean {
    for (const { address } of this.#doors.values()) {
      if (isUnixPath(address) || address.port !== port) continue;
      if (hostsMeet(address.host, host)) return true;
    }
    return false;
  }
}

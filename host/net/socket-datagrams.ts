/**
 * Endpoints for datagrams over sockets.
 *
 * Owns: the socket, from the moment that the transport is made until `connectionLost` has returned; datagrams that wait
 * until the kernel takes them, each by itself; that `connectionLost` is called exactly once and last.
 *
 * Does not own: receiving (`datagram-arrivals.ts`), whom one may send to (`datagram-peers.ts`), sending many at a time
 * (`sys/datagram-sends.ts`), the water marks (`flow-control.ts`), making endpoints (`datagram-endpoint.ts`).
 *
 * From: CPython 3.13 selector_events `_SelectorDatagramTransport`. Differs: several datagrams are received at a time, and what
 * `datagramReceived` sends on a socket that is not connected leaves with one call when they have been handed out; an error
 * of the protocol with one of them does not keep the others from it; and a socket that is writable and yet takes nothing, as a
 * Unix one without a peer is when a receiver is full, is asked again in a millisecond, where asyncio asks all the time.
 */

import { performance } from "node:perf_hooks";
import { checkBytes } from "../arguments.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { DatagramProtocol } from "../protocols.js";
import type { TimerHandle } from "../scheduler/handle.js";
import { SendBatch } from "../sys/datagram-sends.js";
import { EAGAIN, EBADF } from "../sys/errno.js";
import { errorText, isSystemError, systemError } from "../sys/errors.js";
import { type Address, addressDetails } from "./address.js";
import { type Arrival, receiveArrivals } from "./datagram-arrivals.js";
import { DatagramPeers } from "./datagram-peers.js";
import { DatagramTransport } from "./datagram-transport.js";
import { endSoon } from "./ending.js";
import { own } from "./owners.js";
import type { Socket } from "./socket.js";
import type { SocketFile } from "./socket-file.js";

/** How long to wait until a socket that is writable, and yet takes nothing, is asked again. */
const RETRY_SECONDS = 0.001;

/** What each datagram that waits counts for beside its bytes, so that many empty ones pause the protocol as well. */
const HEADER_BYTES = 8;

/** How many datagrams are sent at a time, and how large each may be: copying it must be cheaper than a system call. */
const SENDS = 32;
const SEND_BYTES_MAX = 2048;
/** How long a datagram that was sent may wait while others are handed out, in milliseconds. */
const SENDS_WAIT_MS = 0.5;

/** The batch of this thread: no two sockets hand out datagrams at the same time. */
let sends: SendBatch | null = null;

export interface SocketDatagramsOptions {
  /** The only peer, of a socket that is connected to it or that sends to nobody else. */
  peer: Address | null;
  /** Whether the socket is connected to the peer, so that the kernel knows where to send. */
  connected: boolean;
  /** The file that the socket has made. */
  file: SocketFile | null;
}

/** A socket for datagrams. */
export class SocketDatagrams extends DatagramTransport {
  readonly #socket: Socket;
  readonly #peers: DatagramPeers;
  readonly #connected: boolean;
  readonly #file: SocketFile | null;
  /** Datagrams that wait, copied, each with the address it goes to; null is the connected peer. */
  readonly #queue: { readonly data: Buffer; readonly address: Address | null }[] = [];
  #queuedBytes = 0;
  /** Set while the queue waits for the clock, and not until the socket is writable. */
  #retry: TimerHandle | null = null;
  #closing = false;
  #ended = false;
  /** Collects what `datagramReceived` sends, while several datagrams are handed out one after the other. */
  #batch: SendBatch | null = null;
  #flushTime = 0;

  /** @internal Users call `loop.createDatagramEndpoint()`. */
  constructor(loop: EventLoop, socket: Socket, protocol: DatagramProtocol, options: SocketDatagramsOptions) {
    super(loop, protocol, {
      socket,
      sockname: socket.getsockname(),
      peername: options.connected ? options.peer : null,
    });
    this.#socket = socket;
    this.#connected = options.connected;
    this.#peers = new DatagramPeers(socket, options.peer, options.connected);
    this.#file = options.file;
    own(loop, socket.fileno(), this);
    // Later than whoever awaits the endpoint goes on, be it a generator or an async function.
    loop.callSoon(startReadingLater, this, loop);
  }

  override sendto(data: Uint8Array, address: Address | null = null): void {
    if (!(data instanceof Uint8Array)) checkBytes("The data", data);
    const target = this.#peers.find(address);
    if (this.#ended) return this._dropSend();
    if (this.#batch !== null && target !== null && this.#gather(this.#batch, data, target)) return;
    if (this.#queue.length === 0) {
      const result = this.#peers.send(data, target);
      if (result >= 0) return;
      if (result !== -EAGAIN) return this.#tellError(result, target);
      if (!this.#startWriting()) return;
    }
    this.#enqueue(Buffer.from(data), target);
    this._pauseIfHigh();
  }

  override close(): void {
    this._flush();
    if (this.#closing) return;
    this.#closing = true;
    this._loop._unwatch(this.#socket.fileno(), "reader");
    if (this.#queue.length === 0) this.#lose(null);
  }

  override abort(): void {
    this._flush();
    this.#forceClose(null);
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  override getWriteBufferSize(): number {
    this._flush();
    return this.#queuedBytes;
  }

  override toString(): string {
    const words = [`fd=${this.#socket.fileno()}`];
    if (this.#ended) words.push("closed");
    else if (this.#closing) words.push("closing");
    words.push(`bufsize=${this.#queuedBytes}`);
    return `<DatagramTransport ${words.join(" ")}>`;
  }

  /** @internal */
  _startReading(): void {
    if (this.#closing) return;
    try {
      this._loop._watch(this.#socket.fileno(), "reader", readReady, [this]);
    } catch (error) {
      this.#fatalError(error, "Fatal read error on datagram transport");
    }
  }

  /** @internal The socket is readable. Receives as many datagrams as one call brings. */
  _readReady(): void {
    if (this.#closing) return;
    const arrivals = receiveArrivals(this.#socket);
    if (arrivals === -EAGAIN) return;
    if (typeof arrivals === "number") return this.#tellError(arrivals, null, "recvmmsg");
    // The kernel may answer a connected socket with the error of an earlier datagram, and sendmmsg would not say so.
    if (arrivals.length === 1 || this.#connected) return this._deliver(arrivals, 0);
    sends ??= new SendBatch(SENDS, SEND_BYTES_MAX);
    this.#batch = sends;
    this.#flushTime = performance.now() + SENDS_WAIT_MS;
    try {
      this._deliver(arrivals, 0);
    } finally {
      try {
        this._flush();
      } finally {
        this.#batch = null;
      }
    }
  }

  /** @internal Hands what came to the protocol. A fatal error leaves the rest to the next run. */
  _deliver(arrivals: readonly Arrival[], start: number): void {
    for (let index = start; index < arrivals.length && !this.#closing; index++) {
      try {
        this._hand(arrivals[index] as Arrival);
        this.#flushInTime();
      } catch (error) {
        if (index + 1 < arrivals.length) this._loop.callSoon(deliver, this, arrivals, index + 1);
        throw error;
      }
    }
  }

  /** @internal The socket is to be asked again. */
  _writeAgain(): void {
    this.#retry = null;
    if (this.#startWriting()) this._writeReady();
  }

  /** @internal The socket is writable. */
  _writeReady(): void {
    const queue = this.#queue;
    let isStuck = true;
    while (queue.length > 0 && !this.#ended) {
      const [{ data, address }] = queue as [(typeof queue)[number]];
      const result = this.#peers.send(data, address);
      if (result === -EAGAIN) {
        if (isStuck) this.#rest();
        break;
      }
      isStuck = false;
      queue.shift();
      this.#queuedBytes -= data.length + HEADER_BYTES;
      // The protocol, which is told of the error, may want to close first. What still waits is sent later.
      if (result < 0) return this.#tellError(result, address);
    }
    this._resumeIfLow();
    if (queue.length > 0 || this.#ended) return;
    this.#stopWriting();
    if (this.#closing) this.#lose(null);
  }

  /** @internal What waits can never be sent. If nothing waits, the next datagram finds out. */
  _descriptorGoes(): void {
    if (this.#queue.length === 0) return;
    this.#forceClose(systemError("send", EBADF, { message: errorText(EBADF) }));
  }

  /** @internal Tells the protocol that it is over, and gives everything back. */
  _end(error: Error | null): void {
    try {
      this._protocol.connectionLost?.(error);
    } finally {
      this._abandon();
    }
  }

  /** Takes a datagram to be sent with others. Answers false if it has to go by itself, after those. */
  #gather(batch: SendBatch, data: Uint8Array, address: Address): boolean {
    if (this.#queue.length > 0) return false;
    const { family } = this.#socket;
    if (batch.add(data, family, address)) return true;
    this._flush();
    // A protocol that was told of errors may have closed.
    return this.#ended || (this.#queue.length === 0 && batch.add(data, family, address));
  }

  /** Sends what was collected, if it has waited long enough: the protocol may take long with each datagram. */
  #flushInTime(): void {
    const batch = this.#batch;
    if (batch !== null && batch.count > 0 && performance.now() >= this.#flushTime) this._flush();
  }

  /** @internal Sends what was gathered. What the kernel has no room for waits; errors are told once all have been tried. */
  _flush(): void {
    const batch = this.#batch;
    if (batch === null || batch.count === 0) return;
    const failed: [errno: number, address: Address][] = [];
    let next = 0;
    while (next < batch.count) {
      const result = batch.send(this.#socket.fileno(), next);
      if (result === -EAGAIN) break;
      if (result < 0) failed.push([result, batch.address(next)]);
      next += Math.max(result, 1);
    }
    const rest = batch.takeFrom(next);
    if (rest.length > 0 && this.#startWriting()) {
      for (const each of rest) this.#enqueue(each.data, each.address);
    }
    for (const [errno, address] of failed) if (!this.#ended) this.#tellError(errno, address);
    if (rest.length > 0) this._pauseIfHigh();
  }

  #enqueue(data: Buffer, address: Address | null): void {
    this.#queue.push({ data, address });
    this.#queuedBytes += data.length + HEADER_BYTES;
  }

  #startWriting(): boolean {
    try {
      this._loop._watch(this.#socket.fileno(), "writer", writeReady, [this]);
      return true;
    } catch (error) {
      this.#fatalError(error, "Fatal write error on datagram transport");
      return false;
    }
  }

  /** Waits for the clock, as the socket took nothing although it said that it would. */
  #rest(): void {
    this.#stopWriting();
    this.#retry = this._loop.callLater(RETRY_SECONDS, writeAgain, this);
  }

  #stopWriting(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this._loop._unwatch(this.#socket.fileno(), "writer");
  }

  /** Tells the protocol of an error of the network, after which the socket goes on. */
  #tellError(errno: number, address: Address | null, syscall = address === null ? "send" : "sendto"): void {
    const details = { message: errorText(errno), ...addressDetails(address ?? undefined) };
    this._hand(systemError(syscall, errno, details));
  }

  #fatalError(error: unknown, message: string): void {
    if (!isSystemError(error)) {
      this._loop.callExceptionHandler({ message, exception: error, transport: this, protocol: this._protocol });
    }
    this.#forceClose(error as Error);
  }

  #forceClose(error: Error | null): void {
    if (this.#ended) return;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#closing = true;
    this._loop._unwatch(this.#socket.fileno(), "reader");
    this.#lose(error);
  }

  /** From here on nothing is sent or received; the protocol hears of it in the next iteration. */
  #lose(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopWriting();
    endSoon(this._loop, this, error);
  }

  /** @internal */
  _abandon(): void {
    this.#file?.remove();
    this.#socket._close();
  }
}

function startReadingLater(transport: SocketDatagrams, loop: EventLoop): void {
  loop.callSoon(startReading, transport);
}

function startReading(transport: SocketDatagrams): void {
  transport._startReading();
}

function readReady(transport: SocketDatagrams): void {
  transport._readReady();
}

function writeReady(transport: SocketDatagrams): void {
  transport._writeReady();
}

function writeAgain(transport: SocketDatagrams): void {
  transport._writeAgain();
}

function deliver(transport: SocketDatagrams, arrivals: readonly Arrival[], start: number): void {
  transport._deliver(arrivals, start);
}

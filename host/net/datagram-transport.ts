/**
 * Endpoints for datagrams: they tell a protocol what comes, from whom, and send what it wants sent.
 *
 * Owns: what every endpoint can do, whatever it runs over; the protocol, and telling it.
 *
 * Does not own: sending and receiving. That is for endpoints over sockets (`socket-datagrams.ts`), and for others.
 *
 * From: CPython 3.13 transports.py `DatagramTransport`.
 */
import { inspect } from "node:util";
import { logWarning } from "../complaints.js";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { DatagramProtocol } from "../protocols.js";
import type { Address } from "./address.js";
import type { Arrival } from "./datagram-arrivals.js";
import type { ExtraInfo } from "./extra-info.js";
import { FlowControl } from "./flow-control.js";
import { checkProtocol } from "./options.js";
import type { Socket } from "./socket.js";

/** From this many sends on an endpoint that is closed on, each is warned of. */
const LOST_SENDS_TO_WARN = 5;

/** A socket for datagrams. `createDatagramEndpoint` makes them. */
export abstract class DatagramTransport extends FlowControl {
  /** @internal */
  protected readonly _loop: EventLoop;
  /** @internal */
  protected _protocol: DatagramProtocol;
  readonly #extra: Readonly<Record<string, unknown>>;
  #lostSends = 0;

  /** @internal Users call `loop.createDatagramEndpoint()`. */
  constructor(loop: EventLoop, protocol: DatagramProtocol, extra: Readonly<Record<string, unknown>>) {
    super();
    this._loop = loop;
    this._protocol = protocol;
    this.#extra = extra;
    loop.callSoon(connectionMade, this, protocol);
  }

  /**
   * Sends a datagram; an empty one is a datagram too. One that cannot be sent at once is copied and sent when it can be. An
   * error of the network comes to `errorReceived`. What `datagramReceived` sends may leave, and its errors come, a little later:
   * when the datagrams that came with that one have been handed out, half a millisecond has passed, or the endpoint closes.
   *
   * @param address where to; may be left out, or must be the same, if the endpoint has a remote address
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ADDRESS`; ValueError `ERR_INVALID_ADDRESS`, `ERR_OUT_OF_RANGE`
   */
  abstract sendto(data: Uint8Array, address?: Address | null): void;

  /** Closes the endpoint once everything that waits is sent. Nothing is received any more. May be called again. */
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the endpoint at once. What was not sent yet is lost. */
  abstract abort(): void;

  /** Whether the endpoint is closing, or closed. */
  abstract isClosing(): boolean;

  /** Lets another protocol be told of everything from now on. @throws TypeError `ERR_NOT_A_PROTOCOL` */
  setProtocol(protocol: DatagramProtocol): void {
    this._protocol = checkProtocol(protocol);
  }

  override getProtocol(): DatagramProtocol {
    return this._protocol;
  }

  /**
   * What is known of the endpoint: `socket`, `sockname`, and of a connected one `peername`.
   *
   * @param fallback what to answer for a name that is not known
   */
  getExtraInfo(name: "socket"): Socket;
  getExtraInfo<K extends "sockname" | "peername">(name: K): ExtraInfo[K] | null;
  getExtraInfo(name: string, fallback?: unknown): unknown;
  getExtraInfo(name: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this.#extra, name) ? (this.#extra[name] ?? fallback) : fallback;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal */
  protected override get _flowLoop(): EventLoop {
    return this._loop;
  }

  /** @internal Hands what came to the protocol. Throws only what is fatal. */
  protected _hand(arrival: Arrival): void {
    const protocol = this._protocol;
    try {
      if (arrival instanceof Error) protocol.errorReceived?.(arrival);
      else protocol.datagramReceived?.(arrival[0], arrival[1]);
    } catch (exception) {
      if (exception instanceof FatalError) throw exception;
      const message = `protocol.${arrival instanceof Error ? "errorReceived" : "datagramReceived"}() call failed.`;
      this._loop.callExceptionHandler({ message, exception, transport: this, protocol });
    }
  }

  /** @internal Something was to be sent on an endpoint that is closed. */
  protected _dropSend(): void {
    if (++this.#lostSends >= LOST_SENDS_TO_WARN) logWarning("A datagram to a closed endpoint was dropped.");
  }
}

function connectionMade(transport: DatagramTransport, protocol: DatagramProtocol): void {
  protocol.connectionMade?.(transport);
}

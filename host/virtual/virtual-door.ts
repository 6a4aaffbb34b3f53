/**
 * Where a server listens in a virtual network.
 *
 * Owns: making a transport of each connection that comes.
 *
 * Does not own: the server (`net/server.ts`), who else listens where (`virtual-network.ts`).
 */
import type { AsyncResource } from "node:async_hooks";
import { FatalError } from "../errors.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Address } from "../net/address.js";
import type { Door } from "../net/door.js";
import { checkProtocol } from "../net/options.js";
import { noteClosed, noteOpen } from "../net/owners.js";
import type { TransportOwner } from "../net/transport.js";
import type { StreamProtocol } from "../protocols.js";
import { boundCall } from "../scheduler/call.js";
import { captureContext } from "../scheduler/context.js";
import type { VirtualEnd } from "./virtual-end.js";
import type { VirtualNetwork } from "./virtual-network.js";
import { VirtualTransport } from "./virtual-transport.js";

export class VirtualDoor<A extends Address = Address> implements Door<A> {
  readonly socket = null;
  readonly address: A;
  readonly #loop: EventLoop;
  readonly #network: VirtualNetwork;
  readonly #protocolFactory: () => StreamProtocol;
  #owner: object | null = null;
  /** The same server, while it accepts. */
  #server: TransportOwner | null = null;
  /** The context in which it has begun to accept: callbacks run in that, and not in the context of a client that connects. */
  #context: AsyncResource | null = null;

  constructor(loop: EventLoop, network: VirtualNetwork, address: A, protocolFactory: () => StreamProtocol) {
    this.#loop = loop;
    this.#network = network;
    this.address = address;
    this.#protocolFactory = protocolFactory;
  }

  /** Whether somebody accepts what connects. */
  get isOpen(): boolean {
    return this.#server !== null;
  }

  belongTo(server: object): void {
    this.#owner = server;
    noteOpen(this.#loop, server);
  }

  listen(): void {}

  start(server: TransportOwner): void {
    this.#server = server;
    this.#context = captureContext();
  }

  stop(): void {
    this.#server = null;
  }

  close(): void {
    if (this.#owner !== null) noteClosed(this.#loop, this.#owner);
    this.#network._leave(this);
  }

  toString(): string {
    return "virtual";
  }

  /** @internal A connection has come. */
  _accept(end: VirtualEnd): void {
    boundCall(accept, [this, end], this.#context).run();
  }

  /** @internal */
  _connect(end: VirtualEnd): void {
    // The connection is this server's, even if the factory closes that server.
    const server = this.#server;
    try {
      const protocol = checkProtocol(this.#protocolFactory());
      new VirtualTransport(this.#loop, end, protocol, server);
    } catch (error) {
      end.close();
      if (error instanceof FatalError) throw error;
      if (!this.#loop.getDebug()) return;
      const message = "Error on transport creation for incoming connection";
      this.#loop.callExceptionHandler({ message, exception: error });
    }
  }
}

function accept(door: VirtualDoor, end: VirtualEnd): void {
  door._connect(end);
}

/**
 * Doors: what a server listens at, one for each of its addresses.
 *
 * Owns: the interface, and the door that is a listening socket.
 *
 * Does not own: the server, nor accepting (`listener.ts`).
 */
import type { EventLoop } from "../loop/event-loop.js";
import type { Address } from "./address.js";
import { type Acceptance, Listener } from "./listener.js";
import { own } from "./owners.js";
import type { Socket } from "./socket.js";
import type { TransportOwner } from "./transport.js";

/** One address that a server listens at. */
export interface Door<A extends Address = Address> {
  readonly address: A;
  /** The listening socket, or null in a network that has none. */
  readonly socket: Socket<A> | null;
  /** From here on it is that server's alone. */
  belongTo(server: object): void;
  /** Lets clients wait to be accepted. @throws Error `EADDRINUSE` and the like */
  listen(): void;
  /** Begins to accept them, for that server. */
  start(server: TransportOwner): void;
  /** Accepts nobody any more. */
  stop(): void;
  /** Gives the address back. */
  close(): void;
}

/** A socket that is bound. */
export class SocketDoor<A extends Address> implements Door<A> {
  readonly socket: Socket<A>;
  readonly #loop: EventLoop;
  readonly #acceptance: Acceptance;
  readonly #backlog: number;
  #listener: Listener | null = null;

  /** @param backlog how many connections may wait to be accepted */
  constructor(loop: EventLoop, socket: Socket<A>, acceptance: Acceptance, backlog: number) {
    this.socket = socket;
    this.#loop = loop;
    this.#acceptance = acceptance;
    this.#backlog = backlog;
  }

  get address(): A {
    return this.socket.getsockname();
  }

  belongTo(server: object): void {
    own(this.#loop, this.socket.fileno(), server);
  }

  listen(): void {
    this.socket.listen(this.#backlog);
  }

  start(server: TransportOwner): void {
    this.#listener = new Listener(this.#loop, this.socket, this.#acceptance, server, Math.max(this.#backlog, 1));
    this.#listener.start();
  }

  stop(): void {
    this.#listener?.stop();
    this.#listener = null;
  }

  close(): void {
    this.socket._close();
  }

  toString(): string {
    return `${this.socket.fileno()}`;
  }
}

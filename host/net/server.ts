/**
 * Servers: where they listen, and the connections that came through them.
 *
 * Owns: the doors, which are listening sockets as a rule, until `close`; serving, in turn or for ever; whom to tell
 * when the server is closed and its last connection has ended.
 *
 * Does not own: accepting (`door.ts`, `listener.ts`), the addresses (`create-server.ts`), the connections' own lives
 * (`socket-transport.ts`).
 *
 * From: CPython 3.13 base_events `Server`.
 * Differs: `sockets` is null once closed; starting a closed server is a RuntimeError.
 */

import { inspect } from "node:util";
import { RuntimeError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { OwnResult, ownResult, settleUnlessDone } from "../futures/own-result.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { Address } from "./address.js";
import type { Door } from "./door.js";
import type { Socket } from "./socket.js";
import type { ServerTlsOptions } from "./tls-options.js";
import type { Connection, TransportOwner } from "./transport.js";

/** Options of every server. */
export interface ServingOptions extends ServerTlsOptions {
  /** How many connections may wait to be accepted; 100 by default. */
  backlog?: number;
  /** Whether to accept connections from the start; true by default. */
  startServing?: boolean;
}

/** A server that `createServer` made, or `createUnixServer`. `A` is what the addresses of its sockets are. */
export class Server<A extends Address = Address> implements TransportOwner {
  readonly #loop: EventLoop;
  readonly #file: { remove(): void } | null;
  readonly #connections = new Set<Connection>();
  #doors: readonly Door<A>[] | null;
  #serving = false;
  #forever: ServingForever | null = null;
  #closedWaiters: OwnResult<void>[] = [];

  /** @internal Users call `loop.createServer()`. */
  constructor(loop: EventLoop, doors: readonly Door<A>[], file: { remove(): void } | null = null) {
    this.#loop = loop;
    this.#doors = doors;
    this.#file = file;
    for (const door of doors) door.belongTo(this);
  }

  /** The listening sockets, or null once the server is closed. A virtual loop's servers have none. */
  get sockets(): Socket<A>[] | null {
    if (this.#doors === null) return null;
    return this.#doors.map(({ socket }) => socket).filter((socket) => socket !== null);
  }

  /** Where it listens: an address for each socket. None once it is closed. */
  get addresses(): A[] {
    return (this.#doors ?? []).map(({ address }) => address);
  }

  /** The loop that it runs on. */
  getLoop(): EventLoop {
    return this.#loop;
  }

  /** Whether connections are accepted. */
  isServing(): boolean {
    return this.#serving;
  }

  /**
   * Begins to accept connections; has no effect when that goes on already.
   *
   * @returns a future that is done in the next iteration
   * @throws RuntimeError `ERR_SERVER_CLOSED`; Error `EADDRINUSE` of `listen`
   */
  startServing(): Future<void> {
    this._startServing();
    const started = ownResult<void>(this.#loop);
    this.#loop.callSoon(settleUnlessDone, started, undefined);
    return started;
  }

  /**
   * Accepts connections until it is cancelled, which closes the server. The future is then cancelled when the last
   * connection has ended; a second cancellation does not wait for that.
   *
   * @throws RuntimeError `ERR_SERVER_CLOSED`, `ERR_SERVER_BUSY` if somebody waits for it already
   */
  serveForever(): Future<never> {
    if (this.#forever !== null) {
      throw new RuntimeError("ERR_SERVER_BUSY", `${this} serves for ever already: await that, or cancel it first`);
    }
    this._startServing();
    this.#forever = new ServingForever(this.#loop, this);
    return this.#forever;
  }

  /** Stops listening, for good. Connections go on; `waitClosed` waits for them. May be called again. */
  close(): void {
    const doors = this.#doors;
    if (doors === null) return;
    this.#doors = null;
    this.#serving = false;
    for (const door of doors) door.stop();
    this.#file?.remove();
    for (const door of doors) door.close();
    this.#forever?._serverCloses();
    this.#tellIfOver();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.waitClosed();
  }

  /** Closes every connection that came through the server, once what was written to it is sent. */
  closeClients(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  /** Closes every connection that came through the server at once. */
  abortClients(): void {
    for (const connection of [...this.#connections]) connection.abort();
  }

  /** Waits until the server is closed and its last connection has ended. */
  waitClosed(): Future<void> {
    const waiter = ownResult<void>(this.#loop, "Server.waitClosed");
    if (this.#isOver()) waiter._succeed(undefined);
    else this.#closedWaiters.push(waiter);
    return waiter;
  }

  toString(): string {
    return this.#doors === null ? "<Server closed>" : `<Server sockets=[${this.#doors}]>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** @internal Begins to accept connections. */
  _startServing(): void {
    if (this.#serving) return;
    const doors = this.#doors;
    if (doors === null) {
      throw new RuntimeError("ERR_SERVER_CLOSED", "The server is closed: make a new one with loop.createServer()");
    }
    for (const door of doors) door.listen();
    for (const door of doors) door.start(this);
    this.#serving = true;
  }

  /** @internal A connection came. */
  _attach(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** @internal A connection has ended. */
  _detach(connection: Connection): void {
    this.#connections.delete(connection);
    this.#tellIfOver();
  }

  /** @internal Lets another call of `serveForever` come. */
  _forgetForever(): void {
    this.#forever = null;
  }

  #isOver(): boolean {
    return this.#doors === null && this.#connections.size === 0;
  }

  #tellIfOver(): void {
    if (!this.#isOver() || this.#loop.isClosed()) return;
    const waiters = this.#closedWaiters;
    this.#closedWaiters = [];
    for (const waiter of waiters) settleUnlessDone(waiter, undefined);
    this.#forever?._serverIsOver();
  }
}

/** Serving until cancelled: cancelling closes the server, and takes effect when its last connection has ended. */
class ServingForever extends OwnResult<never> {
  readonly #server: Server;
  #closing = false;
  #message: string | undefined;

  constructor(loop: EventLoop, server: Server) {
    super(loop, loop._scheduler);
    this.#server = server;
  }

  override cancel(message?: string): boolean {
    if (this.done()) return false;
    this.#message = message;
    if (this.#closing) this._serverIsOver();
    else {
      this.#closing = true;
      this.#server.close();
    }
    return true;
  }

  _serverCloses(): void {
    this.#closing = true;
  }

  _serverIsOver(): void {
    this.#server._forgetForever();
    super.cancel(this.#message);
  }
}

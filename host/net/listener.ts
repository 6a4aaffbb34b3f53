/**
 * Listeners: accepting what connects to one listening socket.
 *
 * Owns: watching the socket; taking connections until there is none left, `backlog` at the most in a row; making a
 * transport of each; pausing when that fails, as it does when the system has run out of descriptors or memory.
 *
 * Does not own: the socket (`door.ts`).
 *
 * From: CPython 3.13 selector_events `_accept_connection`. Differs: a connection is set up in the iteration that accepts
 * it; there is one retry and not a stack of them, and none after the server is closed (python/cpython#151615); a
 * connection that broke before it was accepted does not end the round; after any other error of the system the listener
 * pauses too, where CPython tries again in each iteration.
 */

import { CancelledError, FatalError } from "../errors.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import type { StreamProtocol } from "../protocols.js";
import type { TimerHandle } from "../scheduler/handle.js";
import {
  EAGAIN,
  EBADF,
  ECONNABORTED,
  ECONNRESET,
  EHOSTDOWN,
  EHOSTUNREACH,
  EINVAL,
  EMFILE,
  ENETDOWN,
  ENETUNREACH,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  ENONET,
  ENOPROTOOPT,
  ENOTSOCK,
  EOPNOTSUPP,
  EPROTO,
  ETIMEDOUT,
} from "../sys/errno.js";
import { errorText, systemError } from "../sys/errors.js";
import { type Address, formatAddress } from "./address.js";
import { isLogged, writeDown } from "./debug-log.js";
import { checkProtocol } from "./options.js";
import { SecureConnection } from "./secure-connection.js";
import type { Socket } from "./socket.js";
import { SocketTransport } from "./socket-transport.js";
import { secure } from "./tls-handshake.js";
import type { TlsSide } from "./tls-options.js";
import type { Transport, TransportOwner } from "./transport.js";

const RETRY_SECONDS = 1;

/** What becomes of a connection that was accepted. */
export interface Acceptance {
  readonly protocolFactory: () => StreamProtocol;
  readonly tls: TlsSide | null;
}

export class Listener {
  readonly #loop: EventLoop;
  readonly #socket: Socket;
  readonly #acceptance: Acceptance;
  readonly #server: TransportOwner;
  readonly #inARow: number;
  #retry: TimerHandle | null = null;
  #stopped = false;

  constructor(loop: EventLoop, socket: Socket, acceptance: Acceptance, server: TransportOwner, inARow: number) {
    this.#loop = loop;
    this.#socket = socket;
    this.#acceptance = acceptance;
    this.#server = server;
    this.#inARow = inARow;
  }

  start(): void {
    this.#loop._watch(this.#socket.fileno(), "reader", accept, [this]);
  }

  /** Accepts nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#retry = null;
    this.#loop._unwatch(this.#socket.fileno(), "reader");
  }

  /** @internal The socket is readable. */
  _accept(): void {
    for (let count = 0; count < this.#inARow && !this.#stopped; count++) {
      const accepted = this.#socket._accept();
      if (typeof accepted !== "number") this.#connect(...accepted);
      else if (accepted === -EAGAIN) return;
      else if (!BREAKS.has(-accepted)) return this.#fail(accepted);
    }
  }

  #connect(socket: Socket, peername: Address): void {
    const { protocolFactory, tls } = this.#acceptance;
    if (isLogged(this.#loop)) {
      writeDown(`${this.#server} got a new connection from ${formatAddress(peername)}: ${socket}`);
    }
    try {
      const protocol = checkProtocol(protocolFactory());
      if (tls === null) new SocketTransport(this.#loop, socket, protocol, { peername, server: this.#server });
      else this.#secure(socket, peername, protocol, tls);
    } catch (error) {
      socket._close();
      if (error instanceof FatalError) throw error;
      this.#report(error, socket);
    }
  }

  #secure(socket: Socket, peername: Address, protocol: StreamProtocol, tls: TlsSide): void {
    const connection = new SecureConnection(this.#loop, this.#server);
    const below = new SocketTransport(this.#loop, socket, {}, { peername, server: connection });
    const made = (transport: Transport): void => {
      connection.transport = transport;
    };
    new Operation(this.#loop, this.#securing(secure(this.#loop, below, protocol, tls, true, made), socket));
  }

  /** It never fails: a loop that ends just then would leave nobody to look at the error. */
  *#securing(work: Work<Transport>, socket: Socket): Work<void> {
    try {
      yield* work;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      this.#report(error, socket);
    }
  }

  /** What goes wrong before there is a connection is the peer's doing more often than not. */
  #report(exception: unknown, socket: Socket): void {
    if (!this.#loop.getDebug()) return;
    const message = "Error on transport creation for incoming connection";
    this.#loop.callExceptionHandler({ message, exception, socket });
  }

  /** @internal The pause is over. */
  _restart(): void {
    try {
      this.start();
    } catch (error) {
      // Where accepting ran out of memory, watching may do so as well.
      this.#pause("The listening socket cannot be watched", error);
    }
  }

  /** Accepting fails. The socket stays readable, and would fail again at once. */
  #fail(errno: number): void {
    this.#loop._unwatch(this.#socket.fileno(), "reader");
    const exception = systemError("accept", errno, { message: errorText(errno) });
    if (SHORTAGES.has(-errno)) this.#pause("socket.accept() out of system resource", exception);
    else if (FAILURES.has(-errno)) this.#tell("socket.accept() failed for good", exception);
    else this.#pause("socket.accept() failed", exception);
  }

  #pause(message: string, exception: unknown): void {
    this.#retry = this.#loop.callLater(RETRY_SECONDS, restart, this);
    this.#tell(message, exception);
  }

  #tell(message: string, exception: unknown): void {
    this.#loop.callExceptionHandler({ message, exception, socket: this.#socket });
  }
}

/** Errors of the whole process or machine, which may pass. */
const SHORTAGES = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM]);
/** Errors of the socket, which will not. */
const FAILURES = new Set([EBADF, EINVAL, ENOTSOCK]);
/** Errors of one connection, which is gone; accept(2) lists them. All others may come again and again. */
const BREAKS = new Set([
  ECONNABORTED,
  ECONNRESET,
  EPROTO,
  ENOPROTOOPT,
  EOPNOTSUPP,
  ETIMEDOUT,
  ENETDOWN,
  ENETUNREACH,
  ENONET,
  EHOSTDOWN,
  EHOSTUNREACH,
]);

function accept(listener: Listener): void {
  listener._accept();
}

function restart(listener: Listener): void {
  listener._restart();
}

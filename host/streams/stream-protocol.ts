/**
 * The protocol of a connection that is a reader and a writer.
 *
 * Owns: feeding the reader; whether the writer is to hold back, and who waits for that and for the end; calling a server's
 * callback for a new connection, as a task.
 *
 * Does not own: reading (`stream-reader.ts`), writing (`stream-writer.ts`).
 *
 * From: CPython 3.13 asyncio/streams.py `StreamReaderProtocol`, `FlowControlMixin`. Differs: `startTls` gives the reader the new
 * transport; the reader is kept as long as the connection, so a stream that nobody holds is not closed; a callback that is no coroutine function is called in a
 * task too, one iteration later.
 */

import { types } from "node:util";
import { isClass } from "../arguments.js";
import { CancelledError, describe, FatalError, typeError } from "../errors.js";
import { isCoroutine, isPromiseLike } from "../futures/coroutine.js";
import type { Future } from "../futures/future.js";
import type { Work } from "../futures/operation.js";
import { type OwnResult, ownResult } from "../futures/own-result.js";
import type { EventLoop } from "../loop/event-loop.js";
import { getEventLoop } from "../loop/implicit-loop.js";
import type { Transport } from "../net/transport.js";
import { Protocol } from "../protocols.js";
import { ECONNRESET } from "../sys/errno.js";
import { systemError } from "../sys/errors.js";
import { settleAll } from "./settle-all.js";
import { StreamReader } from "./stream-reader.js";
import { StreamWriter } from "./stream-writer.js";

/** Called for each connection of a server: a function, an async one, or a generator function. */
export type ClientConnected = (reader: StreamReader, writer: StreamWriter) => unknown;

/** Connects a StreamReader with a transport. */
export class StreamReaderProtocol extends Protocol {
  readonly #loop: EventLoop;
  readonly #reader: StreamReader;
  readonly #clientConnected: ClientConnected | null;
  #transport: Transport | null = null;
  #isSecure = false;
  #paused = false;
  /** What has ended the connection: null if it was closed in good order, undefined while it goes on. */
  #lost: Error | null | undefined;
  readonly #drainWaiters = new Set<OwnResult<void>>();
  readonly #closeWaiters = new Set<OwnResult<void>>();

  /**
   * @param clientConnected what a server calls with each connection
   * @param loop the loop that it belongs to; by default the one that `getEventLoop` answers
   * @throws TypeError `ERR_NOT_CALLABLE`, `ERR_INVALID_ARG_TYPE`
   */
  constructor(reader: StreamReader, clientConnected: ClientConnected | null = null, loop: EventLoop = getEventLoop()) {
    super();
    if (!(reader instanceof StreamReader)) {
      throw typeError("ERR_INVALID_ARG_TYPE", `The reader must be a StreamReader, not ${describe(reader)}`);
    }
    if (clientConnected !== null) checkClientConnected(clientConnected);
    this.#reader = reader;
    this.#clientConnected = clientConnected;
    this.#loop = loop;
  }

  /** Whether a server has accepted the connection. */
  get isServerSide(): boolean {
    return this.#clientConnected !== null;
  }

  override connectionMade(transport: Transport): void {
    this.#use(transport);
    this.#reader.setTransport(transport);
    if (this.#clientConnected !== null) this.#serve(this.#clientConnected, transport);
  }

  override dataReceived(data: Buffer): void {
    this.#reader.feedData(data);
  }

  override eofReceived(): boolean {
    this.#reader.feedEof();
    return !this.#isSecure;
  }

  override pauseWriting(): void {
    this.#paused = true;
  }

  override resumeWriting(): void {
    this.#paused = false;
    settleAndForget(this.#drainWaiters, null);
  }

  override connectionLost(error: Error | null): void {
    this.#lost = error;
    if (error === null) this.#reader.feedEof();
    else this.#reader.setException(error);
    settleAndForget(this.#drainWaiters, error);
    settleAndForget(this.#closeWaiters, error);
    this.#transport = null;
  }

  /** @internal Waits while there is too much to send. */
  *_drain(): Work<void> {
    if (this.#lost !== undefined) throw connectionLost("Connection lost");
    if (!this.#paused) return;
    const waiter = ownResult<void>(this.#loop);
    this.#drainWaiters.add(waiter);
    try {
      yield* waiter;
    } finally {
      this.#drainWaiters.delete(waiter);
    }
  }

  /** @internal Waits until the connection has ended. */
  _untilClosed(): Future<void> {
    const waiter = ownResult<void>(this.#loop, "StreamWriter.waitClosed");
    this.#closeWaiters.add(waiter);
    if (this.#lost !== undefined) settleAndForget(this.#closeWaiters, this.#lost);
    return waiter;
  }

  /** @internal From here on the connection is over this transport. */
  _replaceTransport(transport: Transport): void {
    this.#use(transport);
    this.#reader._replaceTransport(transport);
  }

  /** @internal TLS could not begin, so the connection is closed, and nobody else says so. */
  _failed(error: unknown): void {
    if (this.#lost !== undefined) return;
    const isCancelled = error instanceof CancelledError;
    this.connectionLost(isCancelled ? connectionLost("the start of TLS was cancelled") : (error as Error));
  }

  /** @internal Ends a connection that nobody will get. */
  _abort(): void {
    this.#transport?.abort();
  }

  #use(transport: Transport): void {
    this.#transport = transport;
    this.#isSecure = transport.getExtraInfo("sslcontext") !== null;
  }

  #serve(clientConnected: ClientConnected, transport: Transport): void {
    const writer = new StreamWriter(transport, this, this.#reader, this.#loop);
    const task = this.#loop.createTask(() => {
      const result = clientConnected(this.#reader, writer);
      return isCoroutine<unknown>(result) || isPromiseLike<unknown>(result) ? result : nothing();
    });
    task.addDoneCallback(() => {
      if (task.cancelled()) return writer.close();
      if (!task._failed) return;
      const exception = task.exception();
      if (!(exception instanceof FatalError)) {
        const message = "Unhandled exception in client_connected_cb";
        this.#loop.callExceptionHandler({ message, exception, transport });
      }
      writer.close();
    });
  }
}

/** @throws TypeError `ERR_NOT_CALLABLE` */
export function checkClientConnected(clientConnected: ClientConnected): void {
  const isAsyncgen = types.isAsyncFunction(clientConnected) && types.isGeneratorFunction(clientConnected);
  if (typeof clientConnected === "function" && !isClass(clientConnected) && !isAsyncgen) return;
  const kind = isAsyncgen ? "an async generator, which nobody would run" : describe(clientConnected);
  const problem = `must be a function of a reader and a writer, not ${kind}`;
  throw typeError("ERR_NOT_CALLABLE", `The callback for connected clients ${problem}`);
}

/** The coroutine of a callback that is none. */
function* nothing(): Generator<undefined, void, unknown> {}

function connectionLost(message: string): Error {
  return systemError("write", ECONNRESET, { message });
}

function settleAndForget(waiters: Set<OwnResult<void>>, error: Error | null): void {
  settleAll(waiters, error);
  waiters.clear();
}

/**
 * Connections over sockets, which tell a protocol what comes, and send what it writes.
 *
 * Owns: the socket, from the moment that the transport is made until `connectionLost` has returned; what happens when;
 * that `connectionLost` is called exactly once and last.
 *
 * Does not own: where received bytes are put (`receive-slab.ts`), bytes that wait (`write-queue.ts`), the water marks
 * (`flow-control.ts`), making connections (`connect.ts`, `listener.ts`).
 *
 * From: CPython 3.13 selector_events `_SelectorSocketTransport`. Differs: a write after a close that has drained is dropped
 * quietly; inside `resumeWriting`, `abort` does not lead to a second `connectionLost`, nor `writeEof` to a second shutdown,
 * which may fail; a peer that is gone when the end of the stream is to be sent is an error of the connection and not of
 * `writeEof`.
 */

import { checkBytes } from "../arguments.js";
import { logWarning } from "../complaints.js";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, SHUT_WR, TCP_NODELAY } from "../constants.js";
import { FatalError } from "../errors.js";
import type { Future } from "../futures/future.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type BufferedProtocol, isBuffered, type StreamProtocol } from "../protocols.js";
import { asError } from "../show.js";
import { EAGAIN, EBADF } from "../sys/errno.js";
import { errorText, isSystemError, systemError } from "../sys/errors.js";
import { receiveInto, setOption, shutdown } from "../sys/socket.js";
import type { Address } from "./address.js";
import { checkLines } from "./checks.js";
import { endSoon } from "./ending.js";
import type { ExtraInfo } from "./extra-info.js";
import { checkProtocol } from "./options.js";
import { outbox } from "./outbox.js";
import { own } from "./owners.js";
import { peerCredentials } from "./peer-credentials.js";
import { receiveSlab } from "./receive-slab.js";
import { bufferOf } from "./reception.js";
import type { Socket } from "./socket.js";
import { sendfileInProgress, Transport, type TransportOwner, transportClosing, writeAfterEof } from "./transport.js";
import { WriteQueue } from "./write-queue.js";

/** How much is received at a time: at first, and for a peer that sends as much. */
const WINDOW_MIN_BYTES = 64 * 1024;
const WINDOW_MAX_BYTES = 256 * 1024;
/** From this many writes to a lost connection on, each is warned of. */
const LOST_WRITES_TO_WARN = 5;

export interface SocketTransportOptions {
  peername?: Address;
  server?: TransportOwner;
  /** Whether somebody awaits the transport, who is to go on before the first bytes are received. */
  awaited?: boolean;
}

/** A connection over a socket. */
export class SocketTransport extends Transport {
  readonly #loop: EventLoop;
  readonly #socket: Socket;
  #server: TransportOwner | null;
  readonly #extra: Record<string, unknown>;
  #protocol: StreamProtocol;
  /** The protocol once more, if it is one that has buffers of its own. */
  #buffered: BufferedProtocol | null = null;
  #queue: WriteQueue | null = null;
  #window = WINDOW_MIN_BYTES;
  /** Where in the outbox bytes of this iteration begin, and how many they are. */
  #heldAt = 0;
  #held = 0;
  #closing = false;
  #paused = false;
  #eofReceived = false;
  #eofWritten = false;
  /** Whether somebody else receives from the socket. */
  #lent = false;
  /** Not null while a file is sent; done when what was written before it is gone. */
  #file: Future<void> | null = null;
  /** 0 while there is a connection; afterwards 1, and one more for each write. */
  #lost = 0;
  #ended = false;

  /** @internal Users call `loop.createConnection()` and `loop.createServer()`. */
  constructor(loop: EventLoop, socket: Socket, protocol: StreamProtocol, options: SocketTransportOptions = {}) {
    super();
    this.#loop = loop;
    this.#socket = socket;
    this.#server = options.server ?? null;
    this.#protocol = protocol;
    this.setProtocol(protocol);
    this.#extra = {
      socket,
      sockname: nameOf(() => socket.getsockname()),
      peername: options.peername ?? nameOf(() => socket.getpeername()),
    };
    if (socket.family === AF_UNIX) this.#extra.peercred = peerCredentials(socket);
    setNodelay(socket);
    loop.callSoon(connectionMade, this, protocol);
    if (options.awaited) loop.callSoon(startReadingLater, this, loop);
    else loop.callSoon(startReading, this);
    own(loop, socket.fileno(), this);
    this.#server?._attach(this);
  }

  override write(data: Uint8Array): void {
    if (!(data instanceof Uint8Array)) checkBytes("The data", data);
    if (this.#eofWritten) throw writeAfterEof();
    if (this.#file !== null) throw sendfileInProgress();
    const size = data.length;
    if (size === 0) return;
    if (this.#lost !== 0) return this.#warnOfLostWrites();
    if (this.#queue !== null && this.#queue.size > 0) this.#wait(data, 0);
    else if (!this.#hold(data)) {
      this._flush();
      if (this.getWriteBufferSize() > 0) this.#wait(data, 0);
      else if (this.#lost === 0) this.#sent(data, this.#socket._send(data));
    }
  }

  override writeLines(lines: Iterable<Uint8Array>): void {
    this.write(checkLines(lines));
  }

  override writeEof(): void {
    if (this.#closing || this.#eofWritten) return;
    this._flush();
    this.#eofWritten = true;
    if (this.#hasNothingToSend) this.#shutdown();
  }

  override canWriteEof(): boolean {
    return true;
  }

  override close(): void {
    if (this.#closing) return;
    this._flush();
    this.#closing = true;
    this.#loop._unwatch(this.#socket.fileno(), "reader");
    if (this.#hasNothingToSend) this.#lose(null);
  }

  override abort(): void {
    this.#forceClose(null);
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  override pauseReading(): void {
    if (!this.isReading()) return;
    this.#paused = true;
    this.#loop._unwatch(this.#socket.fileno(), "reader");
  }

  override resumeReading(): void {
    if (this.#closing || !this.#paused) return;
    this.#paused = false;
    this._startReading();
  }

  override isReading(): boolean {
    return !this.#closing && !this.#paused;
  }

  override getExtraInfo(name: "socket"): Socket;
  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this.#extra, name) ? (this.#extra[name] ?? fallback) : fallback;
  }

  override setProtocol(protocol: StreamProtocol): void {
    this.#protocol = checkProtocol(protocol);
    this.#buffered = isBuffered(protocol) ? protocol : null;
  }

  override getProtocol(): StreamProtocol {
    return this.#protocol;
  }

  override getWriteBufferSize(): number {
    this._flush();
    return this.#queue === null ? 0 : this.#queue.size;
  }

  override toString(): string {
    const words = [`fd=${this.#socket.fileno()}`];
    if (this.#ended) words.push("closed");
    else if (this.#closing) words.push("closing");
    // Describing it sends nothing.
    const waiting = this.#held + (this.#queue?.size ?? 0);
    words.push(`read=${this.isReading() ? "polling" : "idle"}`, `bufsize=${waiting}`);
    return `<Transport ${words.join(" ")}>`;
  }

  /** @internal */
  protected override get _flowLoop(): EventLoop {
    return this.#loop;
  }

  /** @internal */
  _startReading(): void {
    if (!this.isReading() || this.#eofReceived || this.#lent) return;
    try {
      this.#loop._watch(this.#socket.fileno(), "reader", readReady, [this]);
    } catch (error) {
      this.#fatalError(error, "Fatal read error on socket transport");
    }
  }

  /** @internal Somebody else receives from here on, whoever pauses and resumes. */
  _lend(): void {
    this.pauseReading();
    this.#lent = true;
  }

  /**
   * @internal Has something else be the connection of the server, if it is a server's: `replace` makes what is told of
   * the end from here on.
   */
  _replaceOwner(replace: (server: TransportOwner) => TransportOwner): void {
    const server = this.#server;
    if (server === null) return;
    this.#server = replace(server);
    this.#server._attach(this);
    server._detach(this);
  }

  /** @internal The socket is readable. Receives once. */
  _readReady(): void {
    if (this.#lost !== 0) return;
    if (this.#buffered !== null) return this.#receiveInto(this.#buffered);
    const window = this.#window;
    const received = receiveSlab.receive(this.#socket, window);
    if (received <= 0) return this.#nothingReceived(received);
    const data = receiveSlab.take(received);
    if (received === window && window < WINDOW_MAX_BYTES) this.#window = window * 2;
    try {
      const protocol = this.#protocol as { dataReceived?(data: Buffer): void };
      if (protocol.dataReceived !== undefined) protocol.dataReceived(data);
    } catch (error) {
      this.#fatalError(error, "Fatal error: protocol.dataReceived() call failed.");
    }
  }

  /** @internal The socket is writable. */
  _writeReady(): void {
    const queue = this.#queue;
    if (this.#lost !== 0 || queue === null) return;
    const result = queue.flush(this.#socket);
    if (result < 0) return this.#fail("send", result, "Fatal write error on socket transport");
    // Asked before `resumeWriting` is called: an end of the stream that is written there is sent there.
    const eofWaits = this.#eofWritten;
    this._resumeIfLow();
    // The protocol may have written more, or ended the connection.
    if (this.getWriteBufferSize() > 0 || this.#lost !== 0) return;
    this.#loop._unwatch(this.#socket.fileno(), "writer");
    if (this.#file !== null) {
      if (!this.#file.done()) this.#file.setResult();
    } else if (this.#closing) {
      this.#lost = 1;
      this._end(null);
    } else if (eofWaits) this.#shutdown();
  }

  /** @internal Sends what was held back. */
  _flush(): void {
    const size = this.#held;
    if (size === 0) return;
    this.#held = 0;
    const { memory } = outbox;
    const sent = this.#lost === 0 ? this.#socket._sendFrom(memory, this.#heldAt, size) : size;
    if (sent === size) return outbox.release();
    // The place in the outbox may be somebody else's from here on, so what is left is copied.
    const rest = Buffer.from(memory.bytes.subarray(this.#heldAt, this.#heldAt + size));
    outbox.release();
    this.#sent(rest, sent);
  }

  /**
   * @internal A file is to be sent: nothing can be written, and the end of the stream waits, until `_endFile`.
   *
   * @returns what is done when all that was written before has been sent, and fails when the connection is lost first
   * @throws RuntimeError `ERR_WRITE_AFTER_EOF`
   */
  _beginFile(): Future<void> {
    if (this.#eofWritten) throw writeAfterEof();
    this.#file = this.#loop.createFuture();
    if (this.getWriteBufferSize() === 0) this.#file.setResult();
    return this.#file;
  }

  /** @internal Whether a file is being sent. */
  get _sendsFile(): boolean {
    return this.#file !== null;
  }

  /** @internal The file was sent, or will not be. */
  _endFile(): void {
    this.#file = null;
    if (this.#lost !== 0 || this.getWriteBufferSize() > 0) return;
    if (this.#closing) this.#lose(null);
    else if (this.#eofWritten) this.#shutdown();
  }

  /** @internal Tells the protocol that it is over, and gives everything back. */
  _end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#protocol.connectionLost?.(error);
    } finally {
      const result = this.#socket._close();
      this.#server?._detach(this);
      if (result < 0) this.#tellClose(result);
    }
  }

  /** @internal What waits can never be sent. If nothing waits, the next write finds out. */
  _descriptorGoes(): void {
    if (this.#queue === null || this.#queue.size === 0) return;
    this.#forceClose(systemError("send", EBADF, { message: errorText(EBADF) }));
  }

  /** @internal */
  _abandon(): void {
    this.#socket._close();
  }

  #receiveInto(protocol: BufferedProtocol): void {
    let received: number;
    try {
      received = receiveInto(this.#socket.fileno(), bufferOf(protocol, -1), 0);
    } catch (error) {
      return this.#fatalError(error, "Fatal error: protocol.getBuffer() call failed.");
    }
    if (received <= 0) return this.#nothingReceived(received);
    try {
      protocol.bufferUpdated(received);
    } catch (error) {
      this.#fatalError(error, "Fatal error: protocol.bufferUpdated() call failed.");
    }
  }

  #nothingReceived(result: number): void {
    if (result === -EAGAIN) return;
    if (result < 0) return this.#fail("recv", result, "Fatal read error on socket transport");
    this.#eofReceived = true;
    let keepOpen: unknown;
    try {
      keepOpen = this.#protocol.eofReceived?.();
    } catch (error) {
      return this.#fatalError(error, "Fatal error: protocol.eofReceived() call failed.");
    }
    // At the end of the stream the socket stays readable for ever.
    if (keepOpen) this.#loop._unwatch(this.#socket.fileno(), "reader");
    else this.close();
  }

  /** Keeps a small piece until the end of the iteration, if one is under way and there is room. */
  #hold(data: Uint8Array): boolean {
    const { _scheduler: scheduler } = this.#loop;
    const isFirst = this.#held === 0;
    if (isFirst && !scheduler.mayPutOff) return false;
    const at = outbox.add(this.#heldAt, this.#held, data);
    if (at < 0) return false;
    if (isFirst) scheduler.flushes.add(this);
    this.#heldAt = at;
    this.#held += data.length;
    return true;
  }

  /** The kernel has taken `sent` of the bytes, or has answered an errno. */
  #sent(data: Uint8Array, sent: number): void {
    if (sent === data.length) return;
    if (sent < 0 && sent !== -EAGAIN) return this.#fail("send", sent, "Fatal write error on socket transport");
    if (this.#startWriting()) this.#wait(data, Math.max(sent, 0));
  }

  /** Queues the bytes from `start` on. */
  #wait(data: Uint8Array, start: number): void {
    (this.#queue as WriteQueue).push(data, start);
    this._pauseIfHigh();
  }

  get #hasNothingToSend(): boolean {
    return this.getWriteBufferSize() === 0 && this.#file === null;
  }

  #startWriting(): boolean {
    this.#queue ??= new WriteQueue();
    try {
      this.#loop._watch(this.#socket.fileno(), "writer", writeReady, [this]);
      return true;
    } catch (error) {
      this.#fatalError(error, "Fatal write error on socket transport");
      return false;
    }
  }

  #shutdown(): void {
    const result = shutdown(this.#socket.fileno(), SHUT_WR);
    if (result < 0) this.#fail("shutdown", result, "Fatal write error on socket transport");
  }

  #fail(syscall: string, errno: number, message: string): void {
    this.#fatalError(systemError(syscall, errno, { message: errorText(errno) }), message);
  }

  #tellClose(errno: number): void {
    const exception = systemError("close", errno, { message: errorText(errno) });
    this.#loop.callExceptionHandler({ message: "Closing a socket failed", exception, transport: this });
  }

  /** Ends the connection because of an error. Those of the system are the protocol's business alone. */
  #fatalError(error: unknown, message: string): void {
    if (error instanceof FatalError) throw error;
    if (!isSystemError(error)) {
      const protocol = this.#protocol;
      this.#loop.callExceptionHandler({ message, exception: error, transport: this, protocol });
    }
    this.#forceClose(asError(error));
  }

  #forceClose(error: Error | null): void {
    // In asyncio everything that was written before has been sent by now.
    this._flush();
    if (this.#lost !== 0) return;
    this.#queue?.clear();
    if (!this.#closing) {
      this.#closing = true;
      this.#loop._unwatch(this.#socket.fileno(), "reader");
    }
    this.#lose(error);
  }

  /** From here on there is no connection; the protocol hears of it in the next iteration. */
  #lose(error: Error | null): void {
    this.#lost = 1;
    this.#loop._unwatch(this.#socket.fileno(), "writer");
    if (this.#file !== null && !this.#file.done()) this.#file.setException(error ?? transportClosing());
    endSoon(this.#loop, this, error);
  }

  #warnOfLostWrites(): void {
    if (this.#lost >= LOST_WRITES_TO_WARN) logWarning("socket.send() raised exception.");
    this.#lost++;
  }
}

function connectionMade(transport: SocketTransport, protocol: StreamProtocol): void {
  protocol.connectionMade?.(transport);
}

function startReading(transport: SocketTransport): void {
  transport._startReading();
}

/**
 * One iteration later than in CPython: an async function that awaits the transport goes on in a microtask, so after the
 * iteration in which a generator would.
 */
function startReadingLater(transport: SocketTransport, loop: EventLoop): void {
  loop.callSoon(startReading, transport);
}

function readReady(transport: SocketTransport): void {
  transport._readReady();
}

function writeReady(transport: SocketTransport): void {
  transport._writeReady();
}

function nameOf(getName: () => Address): Address | null {
  try {
    return getName();
  } catch {
    return null;
  }
}

const ON = new Uint8Array(new Int32Array([1]).buffer);

/** Small writes are not held back to be joined with later ones. Where the kernel cannot do that, there is a connection all the same. */
function setNodelay(socket: Socket): void {
  if (socket.family !== AF_INET && socket.family !== AF_INET6) return;
  if (socket.proto === 0 || socket.proto === IPPROTO_TCP) setOption(socket.fileno(), IPPROTO_TCP, TCP_NODELAY, ON);
}

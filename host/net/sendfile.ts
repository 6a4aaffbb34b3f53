/**
 * `sendfile`: a file on a transport.
 *
 * Owns: what a transport does meanwhile: it sends what was written before, then the file, and receives nothing. Over a socket the
 * kernel sends the file; over anything else, such as TLS, it is read and written in pieces.
 *
 * Does not own: the file and what of it is sent (`file-source.ts`), the kernel's part (`sock-sendfile.ts`).
 *
 * From: CPython 3.13 base_events `sendfile`, `_SendfileFallbackProtocol`. Differs: what the kernel sends is waited for by
 * `close` and `writeEof`; the file's position stays where it is.
 */
import type { Future } from "../futures/future.js";
import { Operation, type Work } from "../futures/operation.js";
import type { EventLoop } from "../loop/event-loop.js";
import { type BufferedProtocol, isBuffered, type Protocol, type StreamProtocol } from "../protocols.js";
import {
  checkFallback,
  type FileLike,
  FileSource,
  isUnavailable,
  type SendfileOptions,
  unavailable,
} from "./file-source.js";
import { sendNatively } from "./sock-sendfile.js";
import { SocketTransport } from "./socket-transport.js";
import { checkTransport, sendfileInProgress, type Transport, transportClosing } from "./transport.js";

/** How much is read and written at a time. */
const PIECE_BYTES = 16 * 1024;

/** Sends a file; see `EventLoop.sendfile`. */
export function sendfile(
  loop: EventLoop,
  transport: Transport,
  file: FileLike,
  offset: number,
  count: number | null,
  options: SendfileOptions,
): Future<number> {
  loop._scheduler.checkOpen();
  checkTransport(loop, transport);
  const fallback = checkFallback("sendfile", options);
  const source = new FileSource(loop, file, offset, count);
  if (transport.isClosing()) throw transportClosing();
  if (!fallback && !(transport instanceof SocketTransport)) {
    throw unavailable("only over a bare socket can the system send a file by itself");
  }
  return new Operation(loop, send(loop, transport, source, fallback));
}

/** Fails while a file is being sent on the transport. @throws RuntimeError `ERR_SENDFILE_IN_PROGRESS` */
export function checkSendsNoFile(transport: Transport): void {
  const sendsNatively = transport instanceof SocketTransport && transport._sendsFile;
  if (sendsNatively || transport.getProtocol() instanceof FileSender) throw sendfileInProgress();
}

function* send(loop: EventLoop, transport: Transport, source: FileSource, fallback: boolean): Work<number> {
  checkSendsNoFile(transport);
  const wasReading = transport.isReading();
  transport.pauseReading();
  try {
    if (transport instanceof SocketTransport) {
      try {
        return yield* sendOnSocket(loop, transport, source);
      } catch (error) {
        if (!fallback || !isUnavailable(error)) throw error;
      }
    }
    return yield* writePieces(loop, transport, source);
  } finally {
    if (wasReading && !loop.isClosed()) transport.resumeReading();
  }
}

function* sendOnSocket(loop: EventLoop, transport: SocketTransport, source: FileSource): Work<number> {
  const flushed = transport._beginFile();
  try {
    yield* flushed;
    return yield* sendNatively(loop, transport.getExtraInfo("socket"), source);
  } finally {
    transport._endFile();
  }
}

function* writePieces(loop: EventLoop, transport: Transport, source: FileSource): Work<number> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const protocol = transport.getProtocol();
  const sender = isBuffered(protocol)
    ? new BufferedFileSender(loop, transport, protocol)
    : new FileSender(loop, transport, protocol);
  try {
    for (;;) {
      yield* sender.drain();
      const size = yield* source.readInto(buffer);
      if (size === 0) return source.sent;
      if (transport.isClosing()) throw transportClosing();
      transport.write(buffer.subarray(0, size));
    }
  } finally {
    sender.restore();
  }
}

/** Takes the protocol's place while pieces are written, to hear when to pause. What comes once reading is resumed is the protocol's. */
class FileSender implements Protocol {
  readonly #loop: EventLoop;
  readonly #transport: Transport;
  readonly #protocol: StreamProtocol;
  readonly #wasPaused: boolean;
  #resumed: Future<void> | null = null;
  #isLost = false;

  constructor(loop: EventLoop, transport: Transport, protocol: StreamProtocol) {
    this.#loop = loop;
    this.#transport = transport;
    this.#protocol = protocol;
    this.#wasPaused = transport._isPaused;
    if (this.#wasPaused) this.pauseWriting();
    transport.setProtocol(this);
  }

  pauseWriting(): void {
    this.#resumed ??= this.#loop.createFuture();
  }

  resumeWriting(): void {
    const resumed = this.#resumed;
    this.#resumed = null;
    if (resumed !== null && !resumed.done()) resumed.setResult();
  }

  dataReceived(data: Buffer): void {
    (this.#protocol as Protocol).dataReceived?.(data);
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as in BaseProtocol
  eofReceived(): boolean | void {
    return this.#protocol.eofReceived?.();
  }

  connectionLost(error: Error | null): void {
    this.#isLost = true;
    const resumed = this.#resumed;
    if (resumed !== null && !resumed.done()) resumed.setException(error ?? transportClosing());
    this.#protocol.connectionLost?.(error);
  }

  /** Waits until more may be written. @throws the error that has ended the connection */
  *drain(): Work<void> {
    if (this.#resumed !== null) yield* this.#resumed;
    if (this.#isLost || this.#transport.isClosing()) throw transportClosing();
  }

  /** Gives the protocol its place back, and tells it what it has missed. */
  restore(): void {
    const transport = this.#transport;
    const protocol = this.#protocol;
    transport.setProtocol(protocol);
    if (this.#isLost) return;
    if (transport._isPaused && !this.#wasPaused) protocol.pauseWriting?.();
    if (!transport._isPaused && this.#wasPaused) protocol.resumeWriting?.();
  }
}

/** The same in the place of a protocol that has buffers of its own. */
class BufferedFileSender extends FileSender {
  readonly #buffered: BufferedProtocol;

  constructor(loop: EventLoop, transport: Transport, protocol: BufferedProtocol) {
    super(loop, transport, protocol);
    this.#buffered = protocol;
  }

  getBuffer(sizeHint: number): Uint8Array {
    return this.#buffered.getBuffer(sizeHint);
  }

  bufferUpdated(size: number): void {
    this.#buffered.bufferUpdated(size);
  }
}

/**
 * Stream readers: what a connection receives, to be read when one likes.
 *
 * Owns: what has come and was not read yet, up to a limit, and holding the transport back beyond it; the one read that waits.
 *
 * Does not own: the connection (`stream-protocol.ts`), the bytes' own order (`byte-queue.ts`).
 *
 * From: CPython 3.13 asyncio/streams.py `StreamReader`. Differs: a read has begun when its future is there, and has taken
 * its bytes when that is done, so a task that is cancelled just then does not get them; wrong arguments and a second read
 * are refused at the call, and a second read also while the one that waits could leave it something; cancelling `read(-1)`
 * loses nothing; `feedData` keeps the bytes and does not copy them.
 */

import { inspect } from "node:util";
import { checkBytes, checkInteger, checkOptions } from "../arguments.js";
import { describe, IncompleteReadError, LimitOverrunError, RuntimeError, typeError, ValueError } from "../errors.js";
import type { Future } from "../futures/future.js";
import { EventLoop } from "../loop/event-loop.js";
import { getEventLoop } from "../loop/implicit-loop.js";
import type { ReadTransport } from "../net/transport-kinds.js";
import { isError } from "../show.js";
import { ByteQueue } from "./byte-queue.js";
import { type Attempt, Reading } from "./reading.js";

const LIMIT_BYTES = 64 * 1024;
const NEWLINE = Buffer.from("\n");
const NOTHING = Buffer.alloc(0);

/** Options of a StreamReader. */
export interface StreamReaderOptions {
  /** How long a line may be, in bytes; 64 KiB by default. The transport is held back at more than twice as much. */
  limit?: number | undefined;
  /** The loop that it belongs to; by default the one that `getEventLoop` answers. */
  loop?: EventLoop | undefined;
}

/** What a reader needs of a transport. */
export type ReadableTransport = Pick<ReadTransport, "pauseReading" | "resumeReading">;

/** The receiving half of a connection. `openConnection` and `startServer` make them. */
export class StreamReader {
  readonly #loop: EventLoop;
  readonly #limit: number;
  readonly #bytes = new ByteQueue();
  #reading: Reading | null = null;
  #eof = false;
  #exception: Error | null = null;
  #transport: ReadableTransport | null = null;
  #paused = false;

  /** @throws ValueError `ERR_OUT_OF_RANGE`; TypeError `ERR_INVALID_ARG_TYPE`, `ERR_UNKNOWN_OPTION`, `ERR_NOT_A_LOOP` */
  constructor(options: StreamReaderOptions = {}) {
    checkOptions("StreamReader", options, ["limit", "loop"]);
    const { limit = LIMIT_BYTES, loop = getEventLoop() } = options;
    this.#limit = checkInteger("The option limit", limit, 1, Number.MAX_SAFE_INTEGER);
    if (!(loop instanceof EventLoop)) {
      throw typeError("ERR_NOT_A_LOOP", `The option loop must be an EventLoop, not ${describe(loop)}`);
    }
    this.#loop = loop;
  }

  /**
   * Reads what is there, waiting for some if there is nothing.
   *
   * @param n how many bytes at the most; -1 is all, up to the end of the stream
   * @returns nothing at all at the end of the stream
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_OUT_OF_RANGE`; RuntimeError `ERR_READER_BUSY` while another read waits
   */
  read(n = -1): Future<Buffer> {
    checkInteger("n", n, -1, Number.MAX_SAFE_INTEGER);
    return this.#read("read", () => {
      if (n === 0) return NOTHING;
      if (n < 0) return this.#eof ? this.#take(this.#bytes.size) : null;
      return this.#bytes.size > 0 || this.#eof ? this.#take(n) : null;
    });
  }

  /**
   * Reads so many bytes. If the stream ends before, it fails with an IncompleteReadError, which has what was there.
   *
   * @throws as `read`
   */
  readexactly(n: number): Future<Buffer> {
    checkInteger("n", n, 0, Number.MAX_SAFE_INTEGER);
    return this.#read("readexactly", () => {
      if (this.#bytes.size >= n) return this.#take(n);
      return this.#eof ? this.#endTooEarly(n) : null;
    });
  }

  /**
   * Reads a line, its "\n" included; the last one may have none. A line that is longer than the limit fails with ValueError
   * `ERR_LINE_TOO_LONG`, and what has come of it is dropped.
   *
   * @returns nothing at all at the end of the stream
   * @throws as `read`
   */
  readline(): Future<Buffer> {
    const attempt = this.#until([NEWLINE]);
    return this.#read("readline", () => {
      try {
        return attempt();
      } catch (error) {
        if (error instanceof IncompleteReadError) return error.partial;
        if (!(error instanceof LimitOverrunError)) throw error;
        const isWhole = this.#bytes.find(NEWLINE, error.consumed) === error.consumed;
        this.#take(isWhole ? error.consumed + NEWLINE.length : this.#bytes.size);
        throw new ValueError("ERR_LINE_TOO_LONG", `${error.message}: give the reader a higher limit, or read(n)`);
      }
    });
  }

  /**
   * Reads up to a separator, which is included. If the stream ends before, it fails with an IncompleteReadError; if there are more
   * bytes before it than the limit, with a LimitOverrunError, and then they are still there.
   *
   * @param separator one, or several in an array: then what is read ends with one of them, and is as short as can be
   * @throws as `read`; ValueError `ERR_EMPTY_SEPARATOR`
   */
  readuntil(separator: Uint8Array | readonly Uint8Array[] = NEWLINE): Future<Buffer> {
    return this.#read("readuntil", this.#until(checkSeparators(separator)));
  }

  /** The lines, up to the end of the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const line = await this.readline();
      if (line.length === 0) return;
      yield line;
    }
  }

  /** Whether the stream has ended and everything of it was read. */
  atEof(): boolean {
    return this.#eof && this.#bytes.size === 0;
  }

  /** What has broken the stream, or null. */
  exception(): Error | null {
    return this.#exception;
  }

  /** Has this read, and all that follow, fail with an error. @throws TypeError `ERR_NOT_AN_ERROR` */
  setException(exception: Error): void {
    if (!isError(exception)) {
      throw typeError("ERR_NOT_AN_ERROR", `the exception must be an Error, not ${describe(exception)}`);
    }
    this.#exception = exception;
    this.#reading?._break(exception);
    this.#reading = null;
  }

  /**
   * Lets the reader hold a transport back when nobody reads what comes.
   *
   * @throws RuntimeError `ERR_TRANSPORT_SET` if it has one
   */
  setTransport(transport: ReadableTransport): void {
    if (this.#transport !== null) {
      throw new RuntimeError("ERR_TRANSPORT_SET", "Transport already set: a reader is of one connection");
    }
    this.#transport = transport;
  }

  /** @internal From here on the stream comes over this one. */
  _replaceTransport(transport: ReadableTransport): void {
    this.#transport = transport;
    if (this.#paused) transport.pauseReading();
  }

  /**
   * Adds what has come. The bytes are the reader's from here on.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; RuntimeError `ERR_FEED_AFTER_EOF`
   */
  feedData(data: Uint8Array): void {
    checkBytes("The data", data);
    if (this.#eof) {
      throw new RuntimeError("ERR_FEED_AFTER_EOF", "feedData after feedEof: make another reader for another stream");
    }
    if (data.length === 0) return;
    this.#bytes.push(data);
    this.#retry();
    if (this.#reading !== null || this.#paused || this.#transport === null) return;
    if (this.#bytes.size <= 2 * this.#limit) return;
    this.#paused = true;
    this.#transport.pauseReading();
  }

  /** @internal Puts back what a read up to the end has taken, for the next one. */
  _putBack(data: Buffer): void {
    if (data.length > 0) this.#bytes.push(data);
  }

  /** Ends the stream. */
  feedEof(): void {
    this.#eof = true;
    this.#retry();
  }

  toString(): string {
    const words = [
      "StreamReader",
      ...(this.#bytes.size > 0 ? [`${this.#bytes.size} bytes`] : []),
      ...(this.#eof ? ["eof"] : []),
      ...(this.#limit === LIMIT_BYTES ? [] : [`limit=${this.#limit}`]),
      ...(this.#isBusy() ? ["waiting"] : []),
      ...(this.#exception === null ? [] : [`exception=${this.#exception}`]),
      ...(this.#transport === null ? [] : [`transport=${this.#transport}`]),
      ...(this.#paused ? ["paused"] : []),
    ];
    return `<${words.join(" ")}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #read(call: string, attempt: Attempt): Future<Buffer> {
    if (this.#isBusy()) {
      const hint = "wait for that one first, or cancel it";
      throw new RuntimeError("ERR_READER_BUSY", `${call}() called while another read waits for incoming data: ${hint}`);
    }
    this.#loop._scheduler.checkOpen();
    const reading = new Reading(this.#loop, call, attempt);
    if (this.#exception !== null) {
      reading._break(this.#exception);
      return reading;
    }
    this.#reading = reading;
    this.#retry();
    // What it waits for would never come.
    if (this.#isBusy()) this.#resume();
    return reading;
  }

  #isBusy(): boolean {
    return this.#reading !== null && !this.#reading.done();
  }

  #retry(): void {
    this.#reading?._try();
    if (this.#reading?.done()) this.#reading = null;
  }

  /**
   * An attempt to read up to a separator. It remembers how far it has looked.
   *
   * @param separators the shortest first
   */
  #until(separators: readonly Buffer[]): Attempt {
    const [shortest, longest] = [separators[0], separators.at(-1)] as [Buffer, Buffer];
    let looked = 0;
    return () => {
      const { size } = this.#bytes;
      if (size - looked >= shortest.length) {
        const [found, end] = this.#firstOf(separators, looked);
        if (found > this.#limit) {
          throw new LimitOverrunError("Separator is found, but chunk is longer than limit", found);
        }
        if (found >= 0) return this.#take(end);
        looked = Math.max(size + 1 - longest.length, 0);
        if (looked > this.#limit) {
          throw new LimitOverrunError("Separator is not found, and chunk exceed the limit", looked);
        }
      }
      return this.#eof ? this.#endTooEarly(null) : null;
    };
  }

  /** Where the separator that ends first begins, and where it ends; -1 if there is none. */
  #firstOf(separators: readonly Buffer[], from: number): [start: number, end: number] {
    let first: [start: number, end: number] = [-1, Number.POSITIVE_INFINITY];
    for (const separator of separators) {
      const start = this.#bytes.find(separator, from);
      const end = start + separator.length;
      if (start >= 0 && end < first[1]) first = [start, end];
    }
    return first;
  }

  #take(size: number): Buffer {
    const data = this.#bytes.take(size);
    if (this.#bytes.size <= this.#limit) this.#resume();
    return data;
  }

  #endTooEarly(expected: number | null): never {
    throw new IncompleteReadError(this.#take(this.#bytes.size), expected);
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport?.resumeReading();
  }
}

/**
 * Answers copies of the separators that were passed, the shortest first.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; ValueError `ERR_EMPTY_SEPARATOR`
 */
function checkSeparators(given: Uint8Array | readonly Uint8Array[]): Buffer[] {
  const separators = Array.isArray(given) ? given : [given];
  for (const separator of separators) checkBytes("The separator", separator);
  if (separators.length === 0 || separators.some(({ length }) => length === 0)) {
    const problem = `Separator should be ${separators.length === 0 ? "one or more" : "at least one byte"}`;
    throw new ValueError("ERR_EMPTY_SEPARATOR", `${problem}: use read() to read to the end`);
  }
  return separators.map((separator) => Buffer.from(separator)).sort((a, b) => a.length - b.length);
}

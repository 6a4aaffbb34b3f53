/**
 * What a child writes to a pipe, and whether anybody can still read it.
 *
 * Owns: closing the pipe of a child that has ended, when its reader holds it back and nobody holds the reader.
 *
 * Does not own: reading (`stream-reader.ts`), the child (`process.ts`).
 *
 * From: CPython 3.13, where a pipe that is not watched is garbage with its reader, and `_UnixReadPipeTransport.__del__` closes it.
 */
import { inspect } from "node:util";
import type { ReadTransport } from "../net/transport-kinds.js";
import type { ReadableTransport, StreamReader } from "./stream-reader.js";

const unread = new FinalizationRegistry<ReadTransport>((pipe) => pipe.close());

/** An output of a child: stands between the reader and its pipe. */
export class ProcessOutput implements ReadableTransport {
  readonly #pipe: ReadTransport;
  readonly #weakly: WeakRef<StreamReader>;
  /** Null while nothing comes unless somebody reads. */
  #strongly: StreamReader | null;
  #paused = false;
  #exited = false;

  /** @param reader which has no transport yet */
  constructor(pipe: ReadTransport, reader: StreamReader) {
    this.#pipe = pipe;
    this.#weakly = new WeakRef(reader);
    this.#strongly = reader;
    reader.setTransport(this);
  }

  /** Takes what comes; undefined once nobody can read it. */
  get reader(): StreamReader | undefined {
    return this.#strongly ?? this.#weakly.deref();
  }

  pauseReading(): void {
    this.#pipe.pauseReading();
    this.#paused = true;
    this.#letGo();
  }

  resumeReading(): void {
    this.#paused = false;
    // A read outside of tasks is held by nothing but the reader.
    this.#strongly = this.#weakly.deref() ?? null;
    unread.unregister(this);
    this.#pipe.resumeReading();
  }

  /** The child has ended. */
  exited(): void {
    this.#exited = true;
    this.#letGo();
  }

  toString(): string {
    return String(this.#pipe);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #letGo(): void {
    if (!this.#paused || !this.#exited || this.#strongly === null) return;
    unread.register(this.#strongly, this.#pipe, this);
    this.#strongly = null;
  }
}

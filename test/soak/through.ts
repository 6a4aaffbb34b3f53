/**
 * Sends data through a connection to a slow reader.
 *
 * Owns: both ends, the hashes of what went in and what came out, and the most memory that was resident meanwhile.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLoop } from "../../host/loop/event-loop.js";
import type { Server } from "../../host/net/server.js";
import { SSLContext } from "../../host/net/ssl-context.js";
import type { Transport } from "../../host/net/transport.js";
import type { BufferedProtocol, Protocol, StreamProtocol } from "../../host/protocols.js";
import { portOf } from "../host/net/support.js";
import { Authority } from "../support/certificates.js";

const CHUNK_BYTES = 64 * 1024;
const STRIDE_BYTES = 4099;
const SOURCE = randomBytes(1024 * 1024);
/** After so many bytes the reader has a rest. */
const REST_AFTER_BYTES = 4 * 1024 * 1024;
const REST_SECONDS = 0.001;
/** Every so many chunks memory is looked at. */
const CHUNKS_PER_LOOK = 16;

/** What became of it. */
export interface Through {
  readonly kind: "TCP" | "Unix" | "TLS";
  readonly same: boolean;
  /** How much more was resident at the most than before, the water marks not counted. */
  readonly grownBytes: number;
  readonly pauses: number;
  readonly seconds: number;
}

/** How the reader takes what comes: each message as a Buffer of its own, or into one buffer that it has. */
export type Reading = "Protocol" | "BufferedProtocol";

/** Sends so many bytes. */
export async function runThrough(
  kind: Through["kind"],
  bytes: number,
  reading: Reading = "Protocol",
): Promise<Through> {
  const loop = new EventLoop();
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-through-"));
  try {
    return await loop.runUntilComplete(
      loop.createTask(() => transfer(loop, kind, bytes, join(folder, "socket"), reading)),
    );
  } finally {
    loop.close();
    rmSync(folder, { recursive: true });
  }
}

async function transfer(
  loop: EventLoop,
  kind: Through["kind"],
  bytes: number,
  path: string,
  reading: Reading,
): Promise<Through> {
  const reader = reading === "Protocol" ? new SlowProtocol(loop) : new SlowBufferedProtocol(loop);
  const sender = new Sender(loop);
  const [server, transport] = await connect(loop, kind, path, reader, sender);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const start = performance.now();
  let peak = before;
  const sent = createHash("sha256");
  for (let number = 0; number * CHUNK_BYTES < bytes; number++) {
    // Each chunk begins elsewhere, so that a lost or a repeated one is seen, and none is garbage of our own making.
    const place = (number * STRIDE_BYTES) % (SOURCE.length - CHUNK_BYTES);
    const chunk = SOURCE.subarray(place, place + Math.min(CHUNK_BYTES, bytes - number * CHUNK_BYTES));
    sent.update(chunk);
    transport.write(chunk);
    if (number % CHUNKS_PER_LOOK === 0) peak = Math.max(peak, process.memoryUsage().rss);
    await sender.room();
  }
  transport.close();
  await reader.ended;
  server.close();
  await server.waitClosed();
  const [, high] = transport.getWriteBufferLimits();
  return {
    kind,
    same: reader.hash.digest("hex") === sent.digest("hex"),
    grownBytes: Math.max(0, peak - before - high),
    pauses: sender.pauses,
    seconds: (performance.now() - start) / 1000,
  };
}

async function connect(
  loop: EventLoop,
  kind: Through["kind"],
  path: string,
  reader: StreamProtocol,
  sender: Protocol,
): Promise<[server: Server, transport: Transport]> {
  if (kind === "Unix") {
    const server = await loop.createUnixServer(() => reader, path);
    return [server, (await loop.createUnixConnection(() => sender, path))[0]];
  }
  const authority = kind === "TLS" ? new Authority() : null;
  const own = authority?.sign("localhost", "IP:127.0.0.1");
  const ssl = own === undefined ? null : new SSLContext({ cert: own.cert, key: own.key });
  const server = await loop.createServer(() => reader, "127.0.0.1", 0, { ssl });
  const port = portOf(server);
  const trust = authority === null ? null : new SSLContext({ ca: authority.cert });
  return [server, (await loop.createConnection(() => sender, "127.0.0.1", port, { ssl: trust }))[0]];
}

/** Stops reading now and then. */
class SlowReader {
  readonly hash = createHash("sha256");
  readonly ended;
  readonly #loop: EventLoop;
  #transport!: Transport;
  #sinceRest = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.ended = loop.createFuture<void>();
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  protected take(data: Uint8Array): void {
    this.hash.update(data);
    this.#sinceRest += data.length;
    if (this.#sinceRest < REST_AFTER_BYTES) return;
    this.#sinceRest = 0;
    this.#transport.pauseReading();
    this.#loop.callLater(REST_SECONDS, () => this.#transport.resumeReading());
  }

  connectionLost(error: Error | null): void {
    if (error === null) this.ended.setResult(undefined);
    else this.ended.setException(error);
  }
}

class SlowProtocol extends SlowReader implements Protocol {
  dataReceived(data: Buffer): void {
    this.take(data);
  }
}

class SlowBufferedProtocol extends SlowReader implements BufferedProtocol {
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);

  getBuffer(): Buffer {
    return this.#buffer;
  }

  bufferUpdated(size: number): void {
    this.take(this.#buffer.subarray(0, size));
  }
}

/** Waits while it is to hold back. */
class Sender implements Protocol {
  pauses = 0;
  readonly #loop: EventLoop;
  #room;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.#room = loop.createFuture<void>();
    this.#room.setResult(undefined);
  }

  pauseWriting(): void {
    this.pauses++;
    this.#room = this.#loop.createFuture<void>();
  }

  resumeWriting(): void {
    this.#room.setResult(undefined);
  }

  async room(): Promise<void> {
    await this.#room;
  }
}

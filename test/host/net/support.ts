/**
 * What the tests of connections share.
 *
 * Owns: a loop for each test, which fails the test if the loop was told of an error that the test does not expect; a
 * protocol that notes what happens to it; peers made of Node's own sockets.
 */
import { once } from "node:events";
import * as net from "node:net";
import * as assert from "uvu/assert";
import type { Future } from "../../../host/futures/future.js";
import { sleepOn } from "../../../host/futures/sleep.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { ExceptionContext } from "../../../host/loop/exception-handler.js";
import type { Server } from "../../../host/net/server.js";
import type { Transport } from "../../../host/net/transport.js";
import type { Protocol } from "../../../host/protocols.js";

/** A loop, and the errors that it was told of. A test takes those away that it expects. */
export interface Scene {
  readonly loop: EventLoop;
  readonly reported: ExceptionContext[];
}

/** The body of a test that runs as a task on a loop of its own. */
export function onLoop(body: (scene: Scene) => Promise<void>): () => Promise<void> {
  return async () => {
    const loop = new EventLoop();
    const reported: ExceptionContext[] = [];
    loop.setExceptionHandler((_loop, context) => reported.push(context));
    try {
      await loop.runUntilComplete(loop.createTask(() => body({ loop, reported })));
    } finally {
      loop.close();
    }
    // Debug mode tells of clients that could not connect, which most tests of such do not ask for.
    const isExpected = ({ message }: ExceptionContext): boolean =>
      loop.getDebug() && message === "Error on transport creation for incoming connection";
    const unexpected = reported.filter((context) => !isExpected(context));
    assert.equal(
      unexpected.map(({ message, exception }) => `${message}: ${exception}`),
      [],
      "the loop was told of errors",
    );
  };
}

/** Notes in asyncio's initials what happens: CM, DR, ER, CL, and PW, RW for pausing and resuming. */
export class Recorder implements Protocol {
  readonly trace: string[] = [];
  readonly #loop: EventLoop;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  readonly #waits: { readonly size: number; readonly future: Future<void> }[] = [];
  readonly made: Future<void>;
  /** Done with the error of `connectionLost`. */
  readonly lost: Future<Error | null>;
  readonly eof: Future<void>;
  transport!: Transport;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.made = loop.createFuture<void>();
    this.lost = loop.createFuture<Error | null>();
    this.eof = loop.createFuture<void>();
  }

  connectionMade(transport: Transport): void {
    this.trace.push("CM");
    this.transport = transport;
    this.made.setResult(undefined);
  }

  dataReceived(data: Buffer): void {
    if (this.trace.at(-1) !== "DR") this.trace.push("DR");
    this.#chunks.push(data);
    this.#size += data.length;
    for (const { size, future } of this.#waits) if (this.#size >= size && !future.done()) future.setResult(undefined);
  }

  eofReceived(): boolean | undefined {
    this.trace.push("ER");
    this.eof.setResult(undefined);
    return undefined;
  }

  pauseWriting(): void {
    this.trace.push("PW");
  }

  resumeWriting(): void {
    this.trace.push("RW");
  }

  connectionLost(error: Error | null): void {
    this.trace.push("CL");
    this.lost.setResult(error);
  }

  /** Everything that has come. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  /** Done when so many bytes have come. */
  gets(size: number): Future<void> {
    const future = this.#loop.createFuture<void>();
    if (this.#size >= size) future.setResult(undefined);
    else this.#waits.push({ size, future });
    return future;
  }
}

/** A recorder that keeps the transport open when the peer has ended the stream. */
export class HalfOpenRecorder extends Recorder {
  override eofReceived(): boolean {
    super.eofReceived();
    return true;
  }
}

/** Lets the loop do one iteration. */
export function iteration(loop: EventLoop): Future<void> {
  return sleepOn(loop, loop._scheduler, 0, undefined);
}

/** The port of the first socket of a server. */
export function portOf(server: Server): number {
  return portIn(server.sockets?.[0]?.getsockname());
}

/** The port of an address that has one. */
export function portIn(address: unknown): number {
  return (address as { port: number }).port;
}

/** Calls `body` with a node:net server that hands each connection to `onConnection`, and its port. */
export async function withNodeServer(
  onConnection: (socket: net.Socket) => void,
  body: (port: number) => Promise<void>,
  options: net.ServerOpts = {},
): Promise<void> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer(options, (socket) => {
    sockets.add(socket.on("error", () => {}));
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await body(portIn(server.address()));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
}

/** A connected node:net client. */
export async function nodeClient(port: number, options: Partial<net.TcpNetConnectOpts> = {}): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", ...options });
  await once(socket, "connect");
  return socket;
}

/** What `promise` is rejected with. Fails if it is not. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error & { code?: string; port?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/**
 * TCP: an echo server on `createServer`, and clients on `createConnection` that send a message, wait for it to come back, and go on.
 *
 * Used twice: by the tour's line about TCP, and by its load test.
 */
import { type Coroutine, type EventLoop, type Future, getRunningLoop, Protocol, type Transport } from "wasyncio";
import { check, withThousands } from "./words.js";

const CLIENTS = 50;
const MESSAGES = 20;
const MESSAGE_BYTES = 1024;

/** Sends back what it receives. */
export class EchoServer extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Buffer): void {
    this.#transport.write(data);
  }
}

/** Sends a message as soon as the one before has come back whole, until it is told to stop. */
export class EchoClient extends Protocol {
  readonly lost: Future<void>;
  readonly #loop: EventLoop;
  readonly #message = Buffer.alloc(MESSAGE_BYTES, "wasyncio");
  /** Told how long a message took, in seconds; answers whether there is to be another. */
  readonly #onEcho: (seconds: number) => boolean;
  #transport!: Transport;
  #missing = 0;
  #sentAt = 0;

  constructor(loop: EventLoop, onEcho: (seconds: number) => boolean) {
    super();
    this.#loop = loop;
    this.lost = loop.createFuture<void>();
    this.#onEcho = onEcho;
  }

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#send();
  }

  override dataReceived(data: Buffer): void {
    this.#missing -= data.length;
    if (this.#missing > 0) return;
    if (this.#onEcho(this.#loop.time() - this.#sentAt)) this.#send();
    else this.#transport.close();
  }

  override connectionLost(): void {
    this.lost.setResult();
  }

  #send(): void {
    this.#missing = MESSAGE_BYTES;
    this.#sentAt = this.#loop.time();
    this.#transport.write(this.#message);
  }
}

/** Serves echoes while clients run, each with an `onEcho` of its own, and waits until all have hung up. */
export function* echo(clients: number, makeOnEcho: () => (seconds: number) => boolean): Coroutine<void> {
  const loop = getRunningLoop();
  const server = yield* loop.createServer(() => new EchoServer(), "127.0.0.1", 0, { backlog: clients });
  const address = server.sockets?.[0].getsockname();
  const connections: EchoClient[] = [];
  for (let client = 0; client < clients; client++) {
    const makeClient = () => new EchoClient(loop, makeOnEcho());
    const [, protocol] = yield* loop.createConnection(makeClient, "127.0.0.1", address?.port);
    connections.push(protocol);
  }
  for (const { lost } of connections) yield* lost;
  server.close();
  yield* server.waitClosed();
}

export function* tcp(): Coroutine<string> {
  const loop = getRunningLoop();
  const start = loop.time();
  let echoes = 0;
  yield* echo(CLIENTS, () => {
    let left = MESSAGES;
    return () => {
      echoes++;
      return --left > 0;
    };
  });
  check(echoes === CLIENTS * MESSAGES, "every message comes back");
  const elapsed = ((loop.time() - start) * 1000).toFixed(0);
  return `${CLIENTS} clients, ${withThousands(echoes)} messages echoed in ${elapsed} ms, none lost`;
}

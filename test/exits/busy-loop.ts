/**
 * A loop that is busy in every way at once, for programs that end while it is: timers, a chain of calls, a pair of sockets that is
 * written and read, and a TCP connection to an echo server.
 *
 * Owns: keeping it busy, saying when it is, and putting it all away for those who end in good order.
 */
import {
  type EventLoop,
  newEventLoop,
  Protocol,
  type Server,
  type Socket,
  socketpair,
  type Transport,
} from "../../host/index.js";

/** What every kind of work must have come to before the loop counts as busy. */
const ROUNDS = 20;
const PACKET = Buffer.alloc(64, 1);
const MESSAGE = Buffer.alloc(4096, 2);

type Work = "timers" | "calls" | "packets" | "messages";

export class BusyLoop {
  readonly loop: EventLoop = newEventLoop();
  /** Settles once the loop has done all of its kinds of work a few times. They go on. */
  readonly ready: Promise<void>;
  readonly #rounds: Record<Work, number> = { timers: 0, calls: 0, packets: 0, messages: 0 };
  readonly #pair: readonly [Socket, Socket] = socketpair();
  #server: Server | null = null;
  #client: Transport | null = null;
  #sayReady: () => void = () => {};
  #working = true;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#sayReady = resolve;
    });
    for (const delay of [0, 0.0001, 0.0007, 0.003]) this.#setTimer(delay);
    this.loop.callSoon(this.#callAgain);
    this.#passPackets();
    this.loop.createTask(() => this.#connect());
  }

  /** Ends all work and closes what it used. The loop must be running. */
  async putAway(): Promise<void> {
    this.#working = false;
    for (const socket of this.#pair) this.loop.removeReader(socket);
    for (const socket of this.#pair) socket.close();
    this.#client?.abort();
    this.#server?.close();
    await this.#server?.waitClosed();
  }

  #setTimer(delay: number): void {
    this.loop.callLater(delay, () => {
      this.#count("timers");
      // One that never runs keeps the heap from being empty.
      this.loop.callLater(1000, () => {}).cancel();
      if (this.#working) this.#setTimer(delay);
    });
  }

  readonly #callAgain = (): void => {
    this.#count("calls");
    if (this.#working) this.loop.callSoon(this.#callAgain);
  };

  #passPackets(): void {
    for (const socket of this.#pair) {
      this.loop.addReader(socket, () => {
        socket.recv(PACKET.length);
        this.#count("packets");
        socket.send(PACKET);
      });
    }
    this.#pair[0].send(PACKET);
  }

  async #connect(): Promise<void> {
    this.#server = await this.loop.createServer(() => new Echo(), "127.0.0.1", 0);
    const address = this.#server.sockets?.[0]?.getsockname() as { port: number };
    const counter = new Echo(() => this.#count("messages"));
    [this.#client] = await this.loop.createConnection(() => counter, "127.0.0.1", address.port);
    this.#client.write(MESSAGE);
  }

  #count(kind: Work): void {
    this.#rounds[kind]++;
    if (Object.values(this.#rounds).every((rounds) => rounds >= ROUNDS)) this.#sayReady();
  }
}

/** Sends back what it receives. */
class Echo extends Protocol {
  readonly #onData: () => void;
  #transport!: Transport;

  constructor(onData: () => void = () => {}) {
    super();
    this.#onData = onData;
  }

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Buffer): void {
    this.#onData();
    this.#transport.write(data);
  }
}

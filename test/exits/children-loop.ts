/**
 * A loop with children: one that sends back whatever it gets, again and again, and one that gets nothing. Both end when we do, with
 * their stdin.
 */
import { type EventLoop, newEventLoop, type SubprocessProtocol, type SubprocessTransport } from "../../host/index.js";

const MESSAGE = Buffer.alloc(4096, 1);
const ROUNDS = 20;

export class ChildrenLoop {
  readonly loop: EventLoop = newEventLoop();
  readonly children: SubprocessTransport[] = [];
  /** Settles once both run, and a message has gone to and fro a few times. */
  readonly ready: Promise<void>;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.loop.createTask(async () => {
        const silent = await this.loop.subprocessExec(() => ({}), "cat");
        const busy = await this.loop.subprocessExec(() => new Repeater(resolve), "cat");
        this.children.push(silent[0], busy[0]);
        busy[0].getPipeTransport(0)?.write(MESSAGE);
      });
    });
  }
}

/** Gives the child what it has said. */
class Repeater implements SubprocessProtocol {
  readonly #onReady: () => void;
  #transport!: SubprocessTransport;
  #rounds = 0;

  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  connectionMade(transport: SubprocessTransport): void {
    this.#transport = transport;
  }

  pipeDataReceived(_fd: number, data: Buffer): void {
    this.#transport.getPipeTransport(0)?.write(data);
    if (++this.#rounds === ROUNDS) this.#onReady();
  }
}

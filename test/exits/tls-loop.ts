/** A loop with connections over TLS to itself, on which bytes may still wait to be sent. */
import { EventLoop, Protocol, SSLContext, type Transport } from "../../host/index.js";
import { Authority } from "../support/certificates.js";

const CONNECTIONS = 3;

export class TlsLoop {
  readonly loop = new EventLoop();
  /** Done in a run of the loop, when all is open and one end has written more than the other reads. */
  readonly ready: Promise<void>;

  /** @param unsentBytes how much is written on each, and not read */
  constructor(unsentBytes = 4_000_000) {
    this.ready = new Promise((resolve) => {
      this.loop.createTask(async () => resolve(await this.#open(unsentBytes)));
    });
  }

  async #open(unsentBytes: number): Promise<void> {
    const authority = new Authority();
    const { cert, key } = authority.sign("localhost", "IP:127.0.0.1");
    const { loop } = this;
    const silent = () => Object.assign(new Protocol(), { connectionMade: (made: Transport) => made.pauseReading() });
    const server = await loop.createServer(silent, "127.0.0.1", 0, { ssl: new SSLContext({ cert, key }) });
    const { host, port } = server.addresses[0] as { host: string; port: number };
    const ssl = new SSLContext({ ca: authority.cert });
    for (let count = 0; count < CONNECTIONS; count++) {
      const [transport] = await loop.createConnection(() => new Protocol(), host, port, { ssl });
      transport.write(Buffer.alloc(unsentBytes));
    }
  }
}

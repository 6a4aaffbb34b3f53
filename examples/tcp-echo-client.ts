/**
 * TCP echo client: `createConnection` connects a Protocol to a server. This one sends a message and waits until the server hangs up.
 *
 *   node out/examples/tcp-echo-client.js [PORT [MESSAGE]]      beside tcp-echo-server
 */
import { type Future, getRunningLoop, Protocol, run, type Transport } from "wasyncio";

class EchoClientProtocol extends Protocol {
  readonly #message: string;
  readonly #connectionLost: Future<void>;

  constructor(message: string, connectionLost: Future<void>) {
    super();
    this.#message = message;
    this.#connectionLost = connectionLost;
  }

  override connectionMade(transport: Transport): void {
    transport.write(Buffer.from(this.#message));
    console.log(`Data sent: "${this.#message}"`);
  }

  override dataReceived(data: Buffer): void {
    console.log(`Data received: "${data}"`);
  }

  override connectionLost(): void {
    console.log("The server closed the connection");
    this.#connectionLost.setResult();
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const [port = "8888", message = "Hello World!"] = process.argv.slice(2);
  const connectionLost = loop.createFuture<void>();
  await loop.createConnection(() => new EchoClientProtocol(message, connectionLost), "127.0.0.1", Number(port));
  await connectionLost;
});

/**
 * Echo over UDP: `createDatagramEndpoint` with a local address is a server, with a remote one a client.
 *
 *   node out/examples/udp-echo.js
 */
import { type Address, DatagramProtocol, type DatagramTransport, type Future, getRunningLoop, run } from "wasyncio";

class EchoServerProtocol extends DatagramProtocol {
  #transport!: DatagramTransport;

  override connectionMade(transport: DatagramTransport): void {
    this.#transport = transport;
  }

  override datagramReceived(data: Buffer, address: Address | null): void {
    console.log(`Received "${data}"`);
    if (address !== null) this.#transport.sendto(data, address);
  }
}

class EchoClientProtocol extends DatagramProtocol {
  readonly #answer: Future<string>;

  constructor(answer: Future<string>) {
    super();
    this.#answer = answer;
  }

  override connectionMade(transport: DatagramTransport): void {
    transport.sendto(Buffer.from("Hello World!"));
  }

  override datagramReceived(data: Buffer): void {
    this.#answer.setResult(data.toString());
  }

  override errorReceived(error: Error): void {
    this.#answer.setException(error);
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const [server] = await loop.createDatagramEndpoint(() => new EchoServerProtocol(), { host: "127.0.0.1", port: 0 });
  const address = server.getExtraInfo("sockname") as { host: string; port: number };

  const answer = loop.createFuture<string>();
  const [client] = await loop.createDatagramEndpoint(() => new EchoClientProtocol(answer), null, address);
  console.log(`Answered "${await answer}"`);

  client.close();
  server.close();
});

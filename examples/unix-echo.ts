/**
 * Echo over a Unix socket: `createUnixServer` listens on a path, `createUnixConnection` connects to it. The kernel tells the
 * server who its clients are.
 *
 *   node out/examples/unix-echo.js [PATH]
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Future, getRunningLoop, type PeerCredentials, Protocol, run, type Transport } from "wasyncio";

class EchoServerProtocol extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    const { pid, uid } = transport.getExtraInfo("peercred") as PeerCredentials;
    console.log(`Connection from process ${pid} of user ${uid}`);
  }

  override dataReceived(data: Buffer): void {
    this.#transport.write(data);
  }
}

class EchoClientProtocol extends Protocol {
  readonly #answer: Future<string>;

  constructor(answer: Future<string>) {
    super();
    this.#answer = answer;
  }

  override dataReceived(data: Buffer): void {
    this.#answer.setResult(data.toString());
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const path = process.argv[2] ?? join(tmpdir(), `unix-echo-${process.pid}`);
  const server = await loop.createUnixServer(() => new EchoServerProtocol(), path);
  console.log(`Serving on ${path}`);

  const answer = loop.createFuture<string>();
  const [transport] = await loop.createUnixConnection(() => new EchoClientProtocol(answer), path);
  transport.write(Buffer.from("Hello!"));
  console.log(`Data received: "${await answer}"`);

  transport.close();
  server.close();
  await server.waitClosed();
  console.log(`The socket is ${existsSync(path) ? "still there" : "gone"}`);
});

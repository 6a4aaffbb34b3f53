/** Servers on loops in other threads, and a new loop for each client: uvloop's tests/test_regr1.py, its issue 39. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop, type InetAddress, type Transport } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("loops that come and go, as uvloop tests them"));

const SERVER = `
  const { parentPort, workerData } = require("node:worker_threads");
  import(workerData).then(async ({ newEventLoop }) => {
    const loop = newEventLoop();
    const greet = () => ({ connectionMade: (transport) => transport.write(Buffer.from("z")) });
    const server = await loop.runUntilComplete(loop.createServer(greet, "127.0.0.1", 0));
    parentPort.once("message", () => loop.stop());
    parentPort.postMessage(server.sockets[0].getsockname());
    await loop.runForever();
    server.close();
    await loop.runUntilComplete(server.waitClosed());
    loop.close();
    parentPort.postMessage("stopped");
  });`;

class Client {
  readonly #loop: EventLoop;
  #transport!: Transport;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(): void {
    this.#transport.close();
  }

  connectionLost(): void {
    this.#loop.stop();
  }
}

test("a client that ends its loop when the connection is lost, again and again", async () => {
  const index = new URL("../../../host/index.js", import.meta.url).href;
  const worker = new Worker(SERVER, { eval: true, workerData: index });
  const ended = once(worker, "exit");
  const [address] = (await once(worker, "message")) as [InetAddress];
  for (let round = 0; round < 20; round++) {
    const loop = new EventLoop();
    const connecting = loop.createTask(() => loop.createConnection(() => new Client(loop), address.host, address.port));
    await loop.runForever();
    assert.ok(connecting.done());
    loop.close();
  }
  worker.postMessage("stop");
  assert.equal(await once(worker, "message"), ["stopped"]);
  await ended;
});

test.run();

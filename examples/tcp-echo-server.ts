/**
 * TCP echo server: `createServer` makes a Protocol for each client. This one sends the first message back and hangs up.
 *
 *   node out/examples/tcp-echo-server.js [PORT]
 */
import { getRunningLoop, type InetAddress, Protocol, run, type Transport } from "wasyncio";

class EchoServerProtocol extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
    const { host } = transport.getExtraInfo("peername") as InetAddress;
    console.log(`Connection from ${host}`);
  }

  override dataReceived(data: Buffer): void {
    console.log(`Data received: "${data}"`);
    console.log(`Send: "${data}"`);
    this.#transport.write(data);
    console.log("Close the client socket");
    this.#transport.close();
  }
}

await run(async () => {
  const loop = getRunningLoop();
  const port = Number(process.argv[2] ?? 8888);
  const server = await loop.createServer(() => new EchoServerProtocol(), "127.0.0.1", port);
  const address = server.sockets?.[0].getsockname();
  console.log(`Serving on ${address?.host}:${address?.port}`);
  await server.serveForever();
});

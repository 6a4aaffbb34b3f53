/**
 * A web server of Node's, `node:http`, on our connections: each becomes a stream, which the server takes for a socket. What is
 * built on `node:http`, such as Express or Koa, runs the same way.
 *
 *   node out/examples/node-http.js [PORT]      then: curl http://127.0.0.1:8080/
 *
 * It ends on SIGINT and on SIGTERM.
 */
import { createServer } from "node:http";
import { asDuplex, newEventLoop, Protocol, type Transport } from "wasyncio";

const web = createServer((request, response) => {
  response.setHeader("Content-Type", "text/plain");
  response.end(`You asked for ${request.url} with ${request.method}\n`);
});

class ServedByNode extends Protocol {
  override connectionMade(transport: Transport): void {
    web.emit("connection", asDuplex(transport));
  }
}

const loop = newEventLoop();
const port = Number(process.argv[2] ?? 8080);
const server = await loop.runUntilComplete(loop.createServer(() => new ServedByNode(), "127.0.0.1", port));
const address = server.sockets?.[0].getsockname();
console.log(`Listening on http://${address?.host}:${address?.port}/`);

const stop = () => loop.stop();
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
await loop.runForever();

server.close();
server.abortClients();
await loop.runUntilComplete(server.waitClosed());
web.close();
loop.close();
console.log("Stopped");

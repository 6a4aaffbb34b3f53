/**
 * HTTP hello: a web server on `Protocol`, with keep-alive and pipelining. `http-hello/` speaks HTTP; this file serves.
 *
 *   node out/examples/http-hello.js [PORT]      then: curl http://127.0.0.1:8080/
 *
 * It ends on SIGINT, on SIGTERM, and when the pipe that is its stdin is closed.
 */
import { fstatSync } from "node:fs";
import { newEventLoop } from "wasyncio";
import { HttpProtocol, type Response } from "./http-hello/http-protocol.js";
import type { Request } from "./http-hello/request.js";

function answer({ method, path }: Request): Response {
  if (method !== "GET" && method !== "HEAD") return { status: 405, body: "Only GET and HEAD here\n" };
  if (path !== "/") return { status: 404, body: "Nothing here\n" };
  return { status: 200, body: "Hello, world!\n" };
}

const loop = newEventLoop();
const port = Number(process.argv[2] ?? 8080);
const listening = loop.createServer(() => new HttpProtocol(loop, answer), "127.0.0.1", port, { backlog: 1024 });
const server = await loop.runUntilComplete(listening);
const address = server.sockets?.[0].getsockname();
console.log(`Listening on http://${address?.host}:${address?.port}/`);

const stop = () => loop.stop();
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
const stdin = fstatSync(0);
if (stdin.isFIFO() || stdin.isSocket()) process.stdin.once("end", stop).resume();

await loop.runForever();

server.close();
server.abortClients();
await loop.runUntilComplete(server.waitClosed());
loop.close();
process.stdin.destroy();
console.log("Stopped");

/**
 * A TLS echo server on wasyncio, written as a Protocol.
 *
 * Owns: the server. Prints its port, then serves until it is killed.
 *
 *   node wasyncio.mjs CERTIFICATE_FILE KEY_FILE
 */
import { readFileSync } from "node:fs";
import { newEventLoop, Protocol, SSLContext } from "wasyncio";

class Echo extends Protocol {
  connectionMade(transport) {
    this.transport = transport;
  }

  dataReceived(data) {
    this.transport.write(data);
  }
}

const [, , certificateFile, keyFile] = process.argv;
const ssl = new SSLContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
const loop = newEventLoop();
const listening = loop.createServer(() => new Echo(), "127.0.0.1", 0, { backlog: 4096, ssl });
const server = await loop.runUntilComplete(listening);
console.log(server.sockets[0].getsockname().port);
await loop.runForever();

/**
 * An echo server on a Unix socket on wasyncio, written as a Protocol.
 *
 * Owns: the server. Prints the path, then serves until it is killed.
 *
 *   node wasyncio.mjs PATH
 */
import { newEventLoop, Protocol } from "wasyncio";

class Echo extends Protocol {
  connectionMade(transport) {
    this.transport = transport;
  }

  dataReceived(data) {
    this.transport.write(data);
  }
}

const [path] = process.argv.slice(2);
const loop = newEventLoop();
await loop.runUntilComplete(loop.createUnixServer(() => new Echo(), path, { backlog: 4096 }));
console.log(path);
await loop.runForever();

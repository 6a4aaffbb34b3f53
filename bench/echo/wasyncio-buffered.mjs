/**
 * A TCP echo server on wasyncio, written as a BufferedProtocol.
 *
 * Owns: the server. One buffer serves all connections, as what it holds is written, sent or copied, before anything else is
 * received. Prints its port, then serves until it is killed.
 *
 *   node wasyncio-buffered.mjs
 */
import { BufferedProtocol, newEventLoop } from "wasyncio";

const buffer = Buffer.alloc(64 * 1024);

class Echo extends BufferedProtocol {
  connectionMade(transport) {
    this.transport = transport;
  }

  getBuffer() {
    return buffer;
  }

  bufferUpdated(size) {
    this.transport.write(buffer.subarray(0, size));
  }
}

const loop = newEventLoop();
const server = await loop.runUntilComplete(loop.createServer(() => new Echo(), "127.0.0.1", 0, { backlog: 4096 }));
console.log(server.sockets[0].getsockname().port);
await loop.runForever();

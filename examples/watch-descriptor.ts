/**
 * Watch a descriptor: `addReader` calls back when a socket can be read.
 *
 *   node out/examples/watch-descriptor.js
 */
import { getEventLoop, socketpair } from "wasyncio";

// Two sockets that are connected to each other.
const [rsock, wsock] = socketpair();
const loop = getEventLoop();

function reader(): void {
  const data = rsock.recv(100);
  console.log("Received:", data.toString());
  // We are done: stop watching, and stop the loop.
  loop.removeReader(rsock);
  loop.stop();
}

// Call reader() whenever there is something to read.
loop.addReader(rsock, reader);

// Stand in for data that comes over the network.
loop.callSoon(() => wsock.send(Buffer.from("abc")));

// Goes on until loop.stop().
await loop.runForever();

rsock.close();
wsock.close();
loop.close();

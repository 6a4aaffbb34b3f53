/**
 * A TCP echo server on wasyncio, written as a Protocol.
 *
 * Owns: the server. Prints its port, then serves until it is killed. With an argument it also arms one timer that many
 * seconds away, for the idle benchmark.
 *
 *   node wasyncio.mjs [FAR_TIMER_SECONDS]
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

const loop = newEventLoop();
const farTimerSeconds = process.argv[2];
if (farTimerSeconds !== undefined) loop.callLater(Number(farTimerSeconds), console.log, "the far timer is due");
const server = await loop.runUntilComplete(loop.createServer(() => new Echo(), "127.0.0.1", 0, { backlog: 4096 }));
console.log(server.sockets[0].getsockname().port);
await loop.runForever();

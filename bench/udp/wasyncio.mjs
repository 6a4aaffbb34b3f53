/**
 * An echo server for datagrams on wasyncio, written as a DatagramProtocol.
 *
 * Owns: the server. Prints the port, then serves until it is killed.
 */
import { DatagramProtocol, newEventLoop } from "wasyncio";

class Echo extends DatagramProtocol {
  connectionMade(transport) {
    this.transport = transport;
  }

  datagramReceived(data, address) {
    this.transport.sendto(data, address);
  }
}

const loop = newEventLoop();
const local = { host: "127.0.0.1", port: 0 };
const [transport] = await loop.runUntilComplete(loop.createDatagramEndpoint(() => new Echo(), local));
console.log(transport.getExtraInfo("sockname").port);
await loop.runForever();

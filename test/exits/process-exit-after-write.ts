// expect: code=0 signal=null
// prints: bye
/** process.exit in the callback that has just written something: it is sent all the same. */
import { fstatSync, readSync } from "node:fs";
import { newEventLoop, socketpair, type Transport } from "../../host/index.js";

const [ours, theirs] = socketpair();
const loop = newEventLoop();

class Bye {
  #transport!: Transport;

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  dataReceived(): void {
    this.#transport.write(Buffer.from("bye"));
    // Ours comes after the one of the loop, which was made before.
    process.on("exit", () => {
      const bytes = Buffer.alloc(10);
      if (fstatSync(theirs.fileno()).isSocket())
        console.log(bytes.toString("utf8", 0, readSync(theirs.fileno(), bytes)));
    });
    process.exit();
  }
}

await loop.runUntilComplete(loop.connectAcceptedSocket(() => new Bye(), ours));
theirs.send(Buffer.from("x"));
await loop.runForever();

/** A loop that waits for what does not come, for programs that end meanwhile: a far timer, a silent socket, a future, clients. */
import { type EventLoop, newEventLoop, Protocol, socketpair } from "../../host/index.js";

export class IdleLoop {
  readonly loop: EventLoop = newEventLoop();
  /** Settles once the loop has nothing left to do. */
  readonly ready: Promise<void>;

  constructor() {
    const { loop } = this;
    loop.callLater(1000, () => {});
    loop.addReader(socketpair()[0], () => {});
    this.ready = new Promise((resolve) => {
      loop.createTask(async () => {
        await loop.createServer(() => new Protocol(), "127.0.0.1", 0);
        setImmediate(() => setImmediate(resolve));
        await loop.createFuture();
      });
    });
  }
}

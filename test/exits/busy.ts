/**
 * A part of the programs of this folder: keeps a loop as busy as a loop can be, or gives it something to wait for and nothing to do.
 *
 * Busy is a chain of calls, timers, a generator and an async function that never end, a socket pair that is written and read,
 * and a connection that echoes through a server.
 */
import { type EventLoop, Protocol, type Socket, sleep, socketpair, type Transport } from "../../host/index.js";

/** Things to do, for ever. */
export function makeBusy(loop: EventLoop): void {
  const again = (): void => void loop.callSoon(again);
  again();
  const tick = (): void => void loop.callLater(0.0005, tick);
  tick();
  loop.createTask(function* () {
    for (;;) yield* sleep(0);
  });
  loop.createTask(async () => {
    for (;;) await sleep(0.0003);
  });
  const [left, right] = socketpair();
  loop.addWriter(left, () => left.send(Buffer.from("x")));
  loop.addReader(right, () => right.recv(100));
  loop.createTask(() => pingPong(loop));
}

/** Things to wait for, and none of them comes: a far timer, a silent socket, a future, a server. */
export function makeIdle(loop: EventLoop): void {
  loop.callLater(3600, () => {});
  const [left] = socketpair();
  loop.addReader(left, () => {});
  loop.createTask(async () => await loop.createFuture());
  void loop.createServer(() => new Protocol(), "127.0.0.1", 0);
}

class Echo extends Protocol {
  #transport: Transport | undefined;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Buffer): void {
    this.#transport?.write(data);
  }
}

async function pingPong(loop: EventLoop): Promise<void> {
  const server = await loop.createServer(() => new Echo(), "127.0.0.1", 0);
  const [socket] = server.sockets as Socket[] as [Socket];
  const { port } = socket.getsockname() as { port: number };
  const [transport] = await loop.createConnection(() => new Echo(), "127.0.0.1", port);
  transport.write(Buffer.alloc(1000));
}

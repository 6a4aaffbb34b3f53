/**
 * Raw sockets: a listening one, `sockAccept` and `sockConnect`, and a megabyte by `sockSendall` and `sockRecv`.
 */
import { type Coroutine, type EventLoop, getRunningLoop, Socket } from "wasyncio";
import { check, milliseconds, withThousands } from "./words.js";

const BYTES = 4 << 20;

export function* sockets(): Coroutine<string> {
  const loop = getRunningLoop();
  const listener = new Socket();
  listener.bind({ host: "127.0.0.1", port: 0 });
  listener.listen();
  const client = new Socket();
  const accepting = loop.sockAccept(listener);
  yield* loop.sockConnect(client, listener.getsockname());
  const [connection] = yield* accepting;

  const start = loop.time();
  const sending = loop.createTask(sendAll(loop, client));
  let received = 0;
  let pieces = 0;
  for (;;) {
    const data = yield* loop.sockRecv(connection, 65536);
    if (data.length === 0) break;
    received += data.length;
    pieces++;
  }
  yield* sending;
  const elapsed = milliseconds(loop.time() - start);
  for (const socket of [listener, connection]) socket.close();
  check(received === BYTES, "every byte arrives");
  return `${withThousands(received)} bytes through TCP in ${withThousands(pieces)} pieces and ${elapsed}`;
}

function* sendAll(loop: EventLoop, socket: Socket): Coroutine<void> {
  yield* loop.sockSendall(socket, Buffer.alloc(BYTES, "wasyncio"));
  socket.close();
}

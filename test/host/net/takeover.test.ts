/** Sockets that are given to a transport or a server while a call waits for them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import type { Future } from "../../../host/futures/future.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener, thrownBy } from "../../support/sockets.js";
import { onLoop } from "./support.js";

const test = leakChecked(suite("sockets that are taken over"));

interface Row {
  readonly name: string;
  /** The socket, and what else is to be closed. */
  make(): Socket[];
  take(loop: EventLoop, sock: Socket): Future<unknown>;
}

const factory = (): object => ({});

/** A Unix socket that listens at a name of its own. */
function unixListener(): Socket {
  const socket = new Socket(AF_UNIX);
  socket.bind(`\0wasyncio-takeover-${process.pid}`);
  socket.listen(1);
  return socket;
}

const ROWS: readonly Row[] = [
  {
    name: "createConnection",
    make: () => socketpair(),
    take: (loop, sock) => loop.createConnection(factory, null, null, { sock }),
  },
  {
    name: "createUnixConnection",
    make: () => socketpair(),
    take: (loop, sock) => loop.createUnixConnection(factory, null, { sock }),
  },
  {
    name: "connectAcceptedSocket",
    make: () => socketpair(),
    take: (loop, sock) => loop.connectAcceptedSocket(factory, sock),
  },
  {
    name: "createDatagramEndpoint",
    make: () => socketpair(AF_UNIX, SOCK_DGRAM),
    take: (loop, sock) => loop.createDatagramEndpoint(factory, null, null, { sock }),
  },
  {
    name: "createServer",
    make: () => [listener()],
    take: (loop, sock) => loop.createServer(factory, null, null, { sock }),
  },
  {
    name: "createUnixServer",
    make: () => [unixListener()],
    take: (loop, sock) => loop.createUnixServer(factory, null, { sock }),
  },
];

for (const { name, make, take } of ROWS) {
  test(
    `${name} takes no socket that a call waits for, until that is cancelled`,
    onLoop(async ({ loop }) => {
      const [sock, ...others] = make() as [Socket, ...Socket[]];
      const calls: (() => Future<unknown>)[] =
        others.length === 0
          ? [() => loop.sockAccept(sock)]
          : [() => loop.sockRecv(sock, 10), () => blockedSend(loop, sock)];
      for (const call of calls) {
        const waiting = call();
        assert.not(waiting.done());
        assert.is(thrownBy(() => take(loop, sock)).code, "ERR_SOCKET_BUSY");
        waiting.cancel();
      }
      const taken = await take(loop, sock);
      const [owner] = (Array.isArray(taken) ? taken : [taken]) as { close(): void; abort?(): void }[];
      if (owner?.abort) owner.abort();
      else owner?.close();
      closeAll(...others);
    }),
  );
}

/** A call that waits for room. */
function blockedSend(loop: EventLoop, sock: Socket): Future<unknown> {
  for (;;) {
    const sending = loop.sockSendall(sock, Buffer.alloc(sock.type === SOCK_DGRAM ? 10 : 1_000_000));
    if (!sending.done()) return sending;
  }
}

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET6, AF_UNIX, SO_SNDBUF, SOCK_DGRAM, SOL_SOCKET } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portIn, rejectionOf } from "./support.js";

const test = leakChecked(suite("calls on sockets"));

const BIG = Buffer.alloc(1 << 20, "a big piece of data ");

/** How many watches the loop has on the fd of a socket. */
function watches(loop: EventLoop, socket: Socket): number {
  const { core } = loop._scheduler;
  return Number(core.readerOf(socket.fileno()) !== 0) + Number(core.writerOf(socket.fileno()) !== 0);
}

test(
  "sockRecv answers at once what is there, and otherwise waits",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    right.send(Buffer.from("hello"));
    const ready = loop.sockRecv(left, 3);
    assert.ok(ready.done());
    assert.is(ready.result().toString(), "hel");
    assert.is((await loop.sockRecv(left, 100)).toString(), "lo");
    const waiting = loop.sockRecv(left, 100);
    assert.not(waiting.done());
    assert.is(watches(loop, left), 1);
    right.send(Buffer.from("later"));
    assert.is((await waiting).toString(), "later");
    assert.is(watches(loop, left), 0);
    right.close();
    assert.is((await loop.sockRecv(left, 100)).length, 0);
    assert.is((await loop.sockRecv(left, 0)).length, 0);
    left.close();
  }),
);

test(
  "sockRecvInto fills as much of the buffer as there is",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const buffer = Buffer.alloc(8, ".");
    const waiting = loop.sockRecvInto(left, buffer);
    right.send(Buffer.from("hello"));
    assert.is(await waiting, 5);
    assert.is(buffer.toString(), "hello...");
    right.send(Buffer.from("more than that"));
    assert.is(await loop.sockRecvInto(left, buffer.subarray(6)), 2);
    assert.is(buffer.toString(), "hello.mo");
    right.close();
    assert.is((await loop.sockRecv(left, 100)).toString(), "re than that");
    assert.is(await loop.sockRecvInto(left, buffer), 0);
    left.close();
  }),
);

test(
  "a generator may wait for them as well",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const text = await loop.createTask(function* () {
      yield* loop.sockSendall(right, Buffer.from("hello"));
      const data = yield* loop.sockRecv(left, 100);
      return data.toString();
    });
    assert.is(text, "hello");
    closeAll(left, right);
  }),
);

test(
  "sockSendall sends everything, however slowly it is taken",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    left.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
    const sending = loop.sockSendall(left, BIG);
    assert.not(sending.done());
    const chunks: Buffer[] = [];
    let size = 0;
    while (size < BIG.length) {
      const chunk = await loop.sockRecv(right, 50_000);
      chunks.push(chunk);
      size += chunk.length;
    }
    assert.is(await sending, undefined);
    assert.ok(Buffer.concat(chunks).equals(BIG));
    assert.is(watches(loop, left), 0);
    assert.ok(loop.sockSendall(left, Buffer.alloc(0)).done());
    closeAll(left, right);
  }),
);

test(
  "one may receive and send at the same time on one socket",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const receiving = loop.sockRecv(left, 10);
    const sending = loop.sockSendall(left, BIG);
    assert.is(watches(loop, left), 2);
    right.send(Buffer.from("x"));
    assert.is((await receiving).toString(), "x");
    assert.is(watches(loop, left), 1);
    sending.cancel();
    closeAll(left, right);
  }),
);

test(
  "a second call that would wait for the same is busy",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const receiving = loop.sockRecv(left, 10);
    assert.is(thrownBy(() => loop.sockRecv(left, 10)).code, "ERR_SOCKET_BUSY");
    assert.is(thrownBy(() => loop.sockAccept(left)).code, "ERR_SOCKET_BUSY");
    const sending = loop.sockSendall(left, BIG);
    assert.is(thrownBy(() => loop.sockSendall(left, BIG)).code, "ERR_SOCKET_BUSY");
    right.send(Buffer.from("x"));
    assert.is((await receiving).toString(), "x");
    sending.cancel();
    closeAll(left, right);
  }),
);

test(
  "cancelling leaves no watch, and the socket can be used again",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const receiving = loop.sockRecv(left, 10);
    const sending = loop.sockSendall(left, BIG);
    assert.ok(receiving.cancel());
    assert.ok(sending.cancel());
    assert.is(watches(loop, left), 0);
    assert.not(receiving.cancel());
    const again = loop.sockRecv(left, 10);
    right.send(Buffer.from("x"));
    assert.is((await again).toString(), "x");
    closeAll(left, right);
  }),
);

test(
  "a cancelled task takes its call along",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    for (const body of [
      async () => void (await loop.sockRecv(left, 10)),
      function* () {
        yield* loop.sockRecv(left, 10);
      },
    ]) {
      const task = loop.createTask(body);
      await iteration(loop);
      await iteration(loop);
      assert.is(watches(loop, left), 1);
      task.cancel();
      assert.is((await rejectionOf(task)).code, "ERR_CANCELLED");
      assert.is(watches(loop, left), 0);
    }
    closeAll(left, right);
  }),
);

test(
  "cancelling does not remove a watch that has taken the place of the call's",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const receiving = loop.sockRecv(left, 10);
    const readable = loop.createFuture<void>();
    loop.addReader(left, () => {
      loop.removeReader(left);
      readable.setResult(undefined);
    });
    receiving.cancel();
    assert.is(watches(loop, left), 1);
    right.send(Buffer.from("x"));
    await readable;
    closeAll(left, right);
  }),
);

test(
  "closing the socket ends the calls that wait for it",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const receiving = loop.sockRecv(left, 10);
    const sending = loop.sockSendall(left, BIG);
    left.close();
    assert.is((await rejectionOf(receiving)).code, "ERR_SOCKET_CLOSED");
    assert.is((await rejectionOf(sending)).code, "ERR_SOCKET_CLOSED");
    right.close();
  }),
);

test(
  "errors of the system come through the future",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    right.close();
    assert.is((await rejectionOf(loop.sockSendall(left, Buffer.from("x")))).code, "EPIPE");
    left.close();
    const unconnected = new Socket();
    assert.is((await rejectionOf(loop.sockRecv(unconnected, 1))).code, "ENOTCONN");
    assert.is((await rejectionOf(loop.sockSendall(unconnected, Buffer.alloc(0)))).code, "EPIPE");
    assert.is((await rejectionOf(loop.sockAccept(unconnected))).code, "EINVAL");
    unconnected.close();
  }),
);

test(
  "sockAccept answers the connection and its address, and the connection does not block",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const accepting = loop.sockAccept(listening);
    assert.not(accepting.done());
    const client = new Socket();
    await loop.sockConnect(client, listening.getsockname());
    const [connection, address] = await accepting;
    assert.equal(address, client.getsockname());
    assert.is(thrownBy(() => connection.recv(1)).code, "EAGAIN");
    closeAll(client, connection, listening);
  }),
);

test(
  "sockConnect connects to numeric addresses, names and Unix paths",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const port = portIn(listening.getsockname());
    for (const host of ["127.0.0.1", "localhost"]) {
      const client = new Socket();
      await loop.sockConnect(client, { host, port });
      assert.equal(client.getpeername(), { host: "127.0.0.1", port });
      client.close();
    }
    listening.close();
    const unix = new Socket(AF_UNIX);
    unix.bind(`\0wasyncio-test-${process.pid}`);
    unix.listen(0);
    const clients = [new Socket(AF_UNIX), new Socket(AF_UNIX)];
    await loop.sockConnect(clients[0] as Socket, unix.getsockname());
    const full = await rejectionOf(loop.sockConnect(clients[1] as Socket, unix.getsockname()));
    assert.is(full.code, "EAGAIN");
    closeAll(unix, ...clients);
  }),
);

test(
  "sockSendall of nothing sends an empty datagram",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair(AF_UNIX, SOCK_DGRAM);
    await loop.sockSendall(left, Buffer.alloc(0));
    assert.is(right.recv(9).length, 0);
    closeAll(left, right);
  }),
);

test(
  "sockConnect takes the name of a service for a port",
  onLoop(async ({ loop }) => {
    const listening = listener();
    const port = portIn(listening.getsockname());
    for (const host of ["127.0.0.1", "localhost"]) {
      const client = new Socket();
      await loop.sockConnect(client, { host, port: `${port}` });
      assert.equal(client.getpeername(), { host: "127.0.0.1", port });
      client.close();
      const lost = new Socket();
      const error = await rejectionOf(loop.sockConnect(lost, { host, port: "no-such-service" }));
      assert.is(error.code, "EAI_SERVICE");
      lost.close();
    }
    listening.close();
  }),
);

test(
  "sockConnect that is refused tells the address",
  onLoop(async ({ loop }) => {
    const client = new Socket();
    const error = await rejectionOf(loop.sockConnect(client, { host: "127.0.0.1", port: 1 }));
    assert.is(error.message, "connect ECONNREFUSED 127.0.0.1:1");
    assert.is(error.port, 1);
    client.close();
  }),
);

test(
  "sockConnect can be cancelled while the name is looked up and while it connects",
  onLoop(async ({ loop }) => {
    const listening = listener(0);
    const address = listening.getsockname() as { host: string; port: number };
    const fillers = Array.from({ length: 4 }, () => new Socket());
    for (const filler of fillers) filler.connectEx(address);
    for (const host of ["localhost", "127.0.0.1"]) {
      const client = new Socket();
      const connecting = loop.sockConnect(client, { host, port: address.port });
      assert.ok(connecting.cancel());
      assert.is((await rejectionOf(connecting)).code, "ERR_CANCELLED");
      assert.is(watches(loop, client), 0);
      client.close();
    }
    closeAll(listening, ...fillers);
  }),
);

test(
  "a name that has no address of the socket's family fails the call",
  onLoop(async ({ loop }) => {
    const client = new Socket(AF_INET6);
    const error = await rejectionOf(loop.sockConnect(client, { host: "127.0.0.1", port: 1 }));
    assert.is(error.code, "EAI_ADDRFAMILY");
    client.close();
  }),
);

test(
  "bad arguments are thrown at the call",
  onLoop(async ({ loop }) => {
    const [left, right] = tcpPair();
    const closed = new Socket();
    closed.close();
    const cases: [call: () => unknown, error: object, code: string][] = [
      [() => loop.sockRecv(5 as never, 1), TypeError, "ERR_NOT_A_SOCKET"],
      [() => loop.sockRecv(closed, 1), Error, "ERR_SOCKET_CLOSED"],
      [() => loop.sockRecv(left, -1), RangeError, "ERR_OUT_OF_RANGE"],
      [() => loop.sockRecv(left, Number.NaN), RangeError, "ERR_OUT_OF_RANGE"],
      [() => loop.sockRecv(left, "5" as never), TypeError, "ERR_INVALID_ARG_TYPE"],
      [() => loop.sockSendall(left, "text" as never), TypeError, "ERR_INVALID_ARG_TYPE"],
      [() => loop.sockSendall(null as never, Buffer.from("x")), TypeError, "ERR_NOT_A_SOCKET"],
      [() => loop.sockConnect(left, "path"), TypeError, "ERR_INVALID_ADDRESS"],
      [() => loop.sockConnect(left, { host: 5, port: 1 } as never), TypeError, "ERR_INVALID_ADDRESS"],
      [() => loop.sockConnect(left, { host: "127.0.0.1", port: 70_000 }), RangeError, "ERR_OUT_OF_RANGE"],
      [() => loop.sockConnect(left, { host: "localhost", port: -1 }), RangeError, "ERR_OUT_OF_RANGE"],
      [() => loop.sockConnect(left, null as never), TypeError, "ERR_INVALID_ADDRESS"],
      [() => loop.sockAccept({} as never), TypeError, "ERR_NOT_A_SOCKET"],
    ];
    for (const [call, type, code] of cases) {
      const error = thrownBy(call);
      assert.is(error.code, code, error.message);
      assert.instance(error, type, error.message);
    }
    closeAll(left, right);
  }),
);

test("a closed loop does nothing, and calls that it left behind are in nobody's way", async () => {
  const [left, right] = socketpair();
  const loop = new EventLoop();
  const lost = loop.sockRecv(left, 1);
  loop.close();
  assert.is(thrownBy(() => loop.sockRecv(left, 1)).code, "ERR_LOOP_CLOSED");
  assert.not(lost.done());
  const other = new EventLoop();
  right.send(Buffer.from("x"));
  assert.is((await other.runUntilComplete(other.sockRecv(left, 1))).toString(), "x");
  other.close();
  closeAll(left, right);
});

test.run();

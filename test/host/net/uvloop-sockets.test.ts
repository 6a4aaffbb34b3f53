/**
 * Sockets that are closed, or no longer watched, while calls wait for them: held against the checks of uvloop's own,
 * tests/test_sockets.py.
 *
 * Not here is what needs sockets that a loop keeps open: ours are closed when their owner says so.
 *
 * Does not own: what sock-calls.test.ts, cpython-sock-calls.test.ts and owners.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } from "../../../host/constants.js";
import { wait } from "../../../host/loop/wait.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portIn, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("sockets, as uvloop tests them"));

test(
  "a socket that is closed while it connects, by whatever way, ends the call",
  onLoop(async ({ loop }) => {
    // No room for a third: its connection is never made.
    const listening = listener(0);
    const fillers = [new Socket(), new Socket()];
    for (const filler of fillers) filler.connectEx(listening.getsockname());
    for (const host of ["127.0.0.1", "localhost"]) {
      for (const end of ["close", "detach"] as const) {
        const client = new Socket();
        const fd = client.fileno();
        const connecting = loop.sockConnect(client, { host, port: portIn(listening.getsockname()) });
        loop.callSoon(() => client[end]());
        assert.is((await rejectionOf(connecting)).code, "ERR_SOCKET_CLOSED");
        if (end === "detach") new Socket(AF_INET, SOCK_STREAM, undefined, { fileno: fd }).close();
      }
    }
    closeAll(listening, ...fillers);
  }),
);

test(
  "what was sent before the socket is closed arrives",
  onLoop(async ({ loop }) => {
    const [left, right] = tcpPair();
    const sending = loop.sockSendall(left, Buffer.from("hi"));
    loop.callSoon(() => left.close());
    await sending;
    assert.is(String(await loop.sockRecv(right, 9)), "hi");
    assert.is((await loop.sockRecv(right, 9)).length, 0);
    right.close();
  }),
);

test(
  "a call whose watch was taken away ends when its socket is closed, or it is cancelled",
  onLoop(async ({ loop }) => {
    for (const end of ["close", "cancel"] as const) {
      const [left, right] = socketpair();
      const task = loop.createTask(async () => await loop.sockRecv(left, 10));
      await iteration(loop);
      await iteration(loop);
      assert.ok(loop.removeReader(left));
      right.send(Buffer.from("x"));
      await iteration(loop);
      assert.not(task.done());
      if (end === "close") left.close();
      else task.cancel();
      assert.is((await rejectionOf(task)).code, end === "close" ? "ERR_SOCKET_CLOSED" : "ERR_CANCELLED");
      if (end === "cancel") assert.is(String(await loop.sockRecv(left, 10)), "x");
      closeAll(left, right);
    }
  }),
);

test(
  "what comes just before a call is cancelled is left to the next one",
  onLoop(async ({ loop }) => {
    const [left, right] = tcpPair();
    const { pending } = await wait([loop.sockRecv(left, 1)], { timeout: 0.001 });
    await loop.sockSendall(right, Buffer.from("1"));
    for (const each of pending) assert.ok(each.cancel());
    assert.is(String(await loop.sockRecv(left, 1)), "1");
    closeAll(left, right);
  }),
);

test(
  "nobody else watches the descriptor of a transport, takes its watch away, or makes calls on its socket",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
    for (const fd of [sock, sock.fileno()]) {
      for (const call of [
        () => loop.addReader(fd, () => {}),
        () => loop.addWriter(fd, () => {}),
        () => loop.removeReader(fd),
        () => loop.removeWriter(fd),
      ]) {
        assert.is(thrownBy(call).code, "ERR_FD_IN_USE");
      }
    }
    for (const call of [
      () => loop.sockRecv(sock, 1),
      () => loop.sockSendall(sock, Buffer.from("x")),
      () => loop.sockAccept(sock),
      () => loop.sockConnect(sock, "path"),
    ]) {
      assert.is(thrownBy(call).code, "ERR_FD_IN_USE");
    }
    peer.send(Buffer.from("still here"));
    await protocol.gets(10);
    transport.close();
    await protocol.lost;
    peer.close();
  }),
);

test(
  "sockConnect takes an address of IPv6 as getsockname tells it, and names for streams and datagrams",
  onLoop(async ({ loop }) => {
    const listening = new Socket(AF_INET6);
    listening.bind({ host: "::1", port: 0 });
    listening.listen(1);
    const client = new Socket(AF_INET6);
    await loop.sockConnect(client, listening.getsockname());
    assert.equal(client.getpeername(), listening.getsockname());
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const hears = new Socket(AF_INET, type);
      hears.bind({ host: "127.0.0.1", port: 0 });
      if (type === SOCK_STREAM) hears.listen(1);
      const talks = new Socket(AF_INET, type);
      await loop.sockConnect(talks, { host: "localhost", port: portIn(hears.getsockname()) });
      assert.equal(talks.getpeername(), hears.getsockname());
      closeAll(talks, hears);
    }
    const nowhere = new Socket();
    const error = await rejectionOf(loop.sockConnect(nowhere, { host: "localhost", port: 0 }));
    assert.ok(["ECONNREFUSED", "EADDRNOTAVAIL"].includes(error.code as string), error.code);
    closeAll(client, listening, nowhere);
  }),
);

test.run();

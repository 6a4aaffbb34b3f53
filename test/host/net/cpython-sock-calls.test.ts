/**
 * Calls on sockets, held against the checks of CPython's own: Lib/test/test_asyncio/test_sock_lowlevel.py of 3.11.
 *
 * Not here is what needs a socket that blocks: ours never do.
 *
 * Does not own: what sock-calls.test.ts says already.
 */
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_UNIX, SHUT_WR, SO_SNDBUF, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } from "../../../host/constants.js";
import { TimeoutError } from "../../../host/errors.js";
import type { Coroutine } from "../../../host/futures/coroutine.js";
import type { Future } from "../../../host/futures/future.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { waitFor } from "../../../host/loop/wait.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, listener, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "./support.js";

const test = leakChecked(suite("calls on sockets, as CPython tests them"));

function* waitingFor(call: () => Future<unknown>): Coroutine<void> {
  yield* call();
}

/** Tasks of both kinds that wait for one call. */
const TASKS: [kind: string, asTask: (loop: EventLoop, call: () => Future<unknown>) => Future<unknown>][] = [
  ["a generator", (loop, call) => loop.createTask(waitingFor(call))],
  ["an async function", (loop, call) => loop.createTask(async () => void (await call()))],
];

/** Sends until not even one byte more would be taken. Answers how many were. */
function fill(sock: Socket): number {
  let sent = 0;
  for (let size = 8192; size > 0; size >>= 1) {
    const code = thrownBy(() => {
      for (;;) sent += sock.send(Buffer.alloc(size, " "));
    }).code;
    assert.is(code, "EAGAIN");
  }
  return sent;
}

/** A socket that listens, and has no room for one more that connects. */
function fullListener(): { listening: Socket; filler: Socket } {
  const listening = listener(0);
  const filler = new Socket();
  filler.connectEx(listening.getsockname());
  return { listening, filler };
}

test(
  "a connection that goes on being made after it was cancelled is waited for when it is asked for again",
  onLoop(async ({ loop }) => {
    const { listening, filler } = fullListener();
    const address = listening.getsockname();
    const client = new Socket();
    for (let attempt = 0; attempt < 3; attempt++) {
      const connecting = loop.sockConnect(client, address);
      await iteration(loop);
      assert.not(connecting.done());
      connecting.cancel();
    }
    const last = loop.sockConnect(client, address);
    const [first] = listening.accept();
    // There is room now, and the client knocks again after a second.
    assert.is(await last, undefined);
    assert.equal(client.getpeername(), address);
    closeAll(listening, filler, first, client);
  }),
);

test(
  "a socket that was refused while nobody listened connects once somebody does",
  onLoop(async ({ loop }) => {
    const later = new Socket();
    later.bind({ host: "127.0.0.1", port: 0 });
    const client = new Socket();
    loop.sockConnect(client, later.getsockname()).cancel();
    later.listen(1);
    // What is left of the first attempt may be an error, which is told of once.
    const codes: unknown[] = [];
    await loop.sockConnect(client, later.getsockname()).catch((error) => codes.push(error.code));
    if (codes.length > 0) await loop.sockConnect(client, later.getsockname());
    assert.ok(codes.every((code) => code === "ECONNREFUSED"));
    assert.equal(client.getpeername(), later.getsockname());
    closeAll(client, later);
  }),
);

for (const [kind, asTask] of TASKS) {
  test(
    `receiving goes on in the step in which another task's receiving is cancelled, ${kind}`,
    onLoop(async ({ loop }) => {
      const [left, right] = socketpair();
      const calls: [first: () => Future<unknown>, second: () => Future<unknown>, result: unknown][] = [
        [() => loop.sockRecv(left, 9), () => loop.sockRecv(left, 9), Buffer.from("data")],
        [() => loop.sockRecvInto(left, Buffer.alloc(9)), () => loop.sockRecvInto(left, Buffer.alloc(9)), 4],
        [() => loop.sockRecv(left, 9), () => loop.sockRecvfrom(left, 9), [Buffer.from("data"), null]],
      ];
      for (const [first, second, result] of calls) {
        for (const isEarly of [false, true]) {
          const task = asTask(loop, first);
          await iteration(loop);
          await iteration(loop);
          // What comes before the cancellation is the second call's as well.
          if (isEarly) right.send(Buffer.from("data"));
          task.cancel();
          const receiving = second();
          if (!isEarly) right.send(Buffer.from("data"));
          assert.equal(await receiving, result);
          assert.is((await rejectionOf(task)).code, "ERR_CANCELLED");
        }
      }
      closeAll(left, right);
    }),
  );

  test(
    `nothing of what a cancelled task waited to send is sent before the next piece, ${kind}`,
    onLoop(async ({ loop }) => {
      const [left, right] = socketpair();
      left.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
      const before = fill(left);
      const task = asTask(loop, () => loop.sockSendall(left, Buffer.from("hello")));
      await iteration(loop);
      await iteration(loop);
      task.cancel();
      const sending = loop.sockSendall(left, Buffer.from("world"));
      assert.not(sending.done());
      let received = "";
      while (received.length < before + 5) received += await loop.sockRecv(right, 8192);
      await sending;
      left.shutdown(SHUT_WR);
      assert.is((await loop.sockRecv(right, 9)).length, 0);
      assert.is(received.trim(), "world");
      assert.is((await rejectionOf(task)).code, "ERR_CANCELLED");
      closeAll(left, right);
    }),
  );
}

test(
  "accepting that takes too long is over, and nobody accepts any more once the socket is closed",
  onLoop(async ({ loop }) => {
    const listening = listener(1);
    const address = listening.getsockname();
    assert.instance(await rejectionOf(waitFor(loop.sockAccept(listening), 0.01)), TimeoutError);
    listening.close();
    const client = new Socket();
    assert.is((await rejectionOf(loop.sockConnect(client, address))).code, "ECONNREFUSED");
    client.close();
  }),
);

test(
  "a big piece comes back whole while it is still being sent, into one buffer as well",
  onLoop(async ({ loop }) => {
    const big = Buffer.alloc(1_000_000, "0123456789");
    const [left, right] = socketpair();
    const echo = loop.createTask(function* () {
      for (;;) {
        const data = yield* loop.sockRecv(right, 65_536);
        if (data.length === 0) return right.close();
        yield* loop.sockSendall(right, data);
      }
    });
    const buffer = Buffer.alloc(100_000);
    for (const receive of [
      () => loop.sockRecv(left, 1_000_000),
      async () => Buffer.from(buffer.subarray(0, await loop.sockRecvInto(left, buffer))),
    ]) {
      const sending = loop.sockSendall(left, big);
      const chunks: Buffer[] = [];
      for (let size = 0; size < big.length; ) {
        const chunk = await receive();
        chunks.push(chunk);
        size += chunk.length;
      }
      await sending;
      assert.ok(Buffer.concat(chunks).equals(big));
    }
    left.close();
    await echo;
  }),
);

test(
  "a datagram that is received with no room for it is gone, and its sender is told",
  onLoop(async ({ loop }) => {
    const one = new Socket(AF_INET, SOCK_DGRAM);
    one.bind({ host: "127.0.0.1", port: 0 });
    const own = one.getsockname();
    const sizes: [receive: () => Future<[unknown, unknown]>, nothing: unknown][] = [
      [() => loop.sockRecvfrom(one, 0), Buffer.alloc(0)],
      [() => loop.sockRecvfromInto(one, Buffer.alloc(0)), 0],
    ];
    for (const [receive, nothing] of sizes) {
      const waiting = receive();
      assert.not(waiting.done());
      for (const text of ["first", "second"]) await loop.sockSendto(one, Buffer.from(text), own);
      assert.equal(await waiting, [nothing, own]);
      assert.equal(await loop.sockRecvfrom(one, 10), [Buffer.from("second"), own]);
    }
    one.close();
  }),
);

test(
  "a buffer that is transferred while a call waits to fill it is an error, and neither the end of the stream nor a datagram",
  onLoop(async ({ loop }) => {
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const [left, right] = socketpair(AF_UNIX, type);
      for (const receive of [
        (bytes: Uint8Array) => loop.sockRecvInto(left, bytes),
        (bytes: Uint8Array) => loop.sockRecvfromInto(left, bytes),
        (bytes: Uint8Array) => loop.sockRecvfromInto(left, bytes, 5),
      ]) {
        const bytes = new Uint8Array(10);
        const receiving = receive(bytes);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        right.send(Buffer.from("data"));
        assert.is((await rejectionOf(receiving)).code, "ERR_OUT_OF_RANGE");
        assert.is(String(await loop.sockRecv(left, 10)), "data");
      }
      closeAll(left, right);
    }
  }),
);

test(
  "a datagram for whoever has no room waits until there is some, and comes whole",
  onLoop(async ({ loop }) => {
    await withFolder(async (folder) => {
      const [sender, receiver] = [new Socket(AF_UNIX, SOCK_DGRAM), new Socket(AF_UNIX, SOCK_DGRAM)];
      receiver.bind(join(folder, "receiver"));
      const path = receiver.getsockname();
      let count = 0;
      const sent = thrownBy(() => {
        for (; ; count++) sender.sendto(Buffer.from("filler"), path);
      });
      assert.is(sent.code, "EAGAIN");
      const sending = loop.sockSendto(sender, Buffer.from("last"), path);
      await iteration(loop);
      assert.not(sending.done());
      for (; count > 0; count--) receiver.recv(10);
      assert.is(await sending, 4);
      assert.is(String(await loop.sockRecv(receiver, 10)), "last");
      closeAll(sender, receiver);
    });
  }),
);

test.run();

/**
 * Descriptors of sockets: a second one of the same socket, and those that travel over Unix sockets, as anyio and libuv test
 * them.
 */
import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, MSG_CTRUNC, SOCK_DGRAM, SOCK_STREAM } from "../../host/constants.js";
import { EventLoop } from "../../host/loop/event-loop.js";
import { FileDescriptor, pipe } from "../../host/net/pipe.js";
import { Socket, socketpair } from "../../host/net/socket.js";
import { leakChecked } from "../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../support/sockets.js";
import { onLoop, Recorder } from "./net/support.js";

const test = leakChecked(suite("descriptors of sockets"));

function socketOf(fileno: number | undefined): Socket {
  return new Socket(undefined, undefined, undefined, { fileno: fileno as number });
}

test("a second one is the same socket, open until both are closed", () => {
  const [left, right] = tcpPair();
  const second = left.dup();
  assert.is.not(second.fileno(), left.fileno());
  assert.equal([second.family, second.type, second.proto], [left.family, left.type, left.proto]);
  assert.equal(second.getsockname(), left.getsockname());
  left.close();
  second.send(Buffer.from("still here"));
  assert.is(String(right.recv(100)), "still here");
  second.close();
  assert.is(right.recv(1).length, 0);
  right.close();
  assert.is(thrownBy(() => second.dup()).code, "ERR_SOCKET_CLOSED");
});

test("one end of a pipe may be there twice, and the end is reached when both are closed", () => {
  const [reads, writes] = pipe();
  const second = writes.dup();
  writes.close();
  second.write(Buffer.from("x"));
  assert.is(String(reads.read(9)), "x");
  assert.is(thrownBy(() => reads.read(9)).code, "EAGAIN");
  second.close();
  assert.is(reads.read(9).length, 0);
  reads.close();
  assert.is(thrownBy(() => writes.dup()).code, "ERR_FILE_CLOSED");
});

test("an open file, a pipe and a listening socket go over a Unix socket, and work on the other side", () => {
  const [left, right] = socketpair();
  const [reads, writes] = pipe();
  const listening = listener();
  const file = openSync("/proc/self/status", "r");
  assert.is(left.sendFds(Buffer.from("three"), [file, writes, listening]), 5);
  closeAll(writes, listening);
  closeSync(file);
  const [data, descriptors, flags] = right.recvFds(100, 10);
  assert.equal([String(data), descriptors.length, flags & MSG_CTRUNC], ["three", 3, 0]);
  assert.match(readFileSync(descriptors[0] as number, "utf8"), "Name:");
  closeSync(descriptors[0] as number);
  const theirs = new FileDescriptor(descriptors[1] as number);
  theirs.write(Buffer.from("through"));
  assert.is(String(reads.read(9)), "through");
  const served = socketOf(descriptors[2]);
  const client = new Socket();
  client.connectEx(served.getsockname());
  const [accepted] = served.accept();
  closeAll(accepted, client, served, theirs, reads, left, right);
});

test("they come with the bytes that they were sent with, and with none if none were sent", () => {
  const [left, right] = socketpair(AF_UNIX, SOCK_DGRAM);
  left.send(Buffer.from("plain"));
  left.sendFds(Buffer.alloc(0), [left]);
  left.sendFds(Buffer.from("none"), []);
  assert.equal(right.recvFds(9, 1).slice(0, 2).map(String), ["plain", ""]);
  const [empty, [copy]] = right.recvFds(9, 1);
  assert.is(empty.length, 0);
  assert.equal(right.recvFds(9, 0).slice(0, 2).map(String), ["none", ""]);
  assert.is(thrownBy(() => right.recvFds(9, 1)).code, "EAGAIN");
  closeAll(socketOf(copy), left, right);
});

test("those that there is no room for, or that nobody asks for, are closed, and the flags say so", () => {
  const [left, right] = socketpair();
  left.sendFds(Buffer.from("a"), [left, left, left]);
  const [, descriptors, flags] = right.recvFds(1, 2);
  assert.equal([descriptors.length, flags & MSG_CTRUNC], [2, MSG_CTRUNC]);
  for (const each of descriptors) closeSync(each);
  left.sendFds(Buffer.from("b"), [left]);
  assert.is(String(right.recv(9)), "b");
  closeAll(left, right);
});

test("they are closed on exec", () => {
  const [left, right] = socketpair();
  left.sendFds(Buffer.from("x"), [left]);
  const [, [copy]] = right.recvFds(1, 1);
  const { status } = spawnSync("sh", ["-c", `test -e /proc/self/fd/${copy}`], { stdio: "ignore" });
  assert.is(status, 1);
  assert.ok(fstatSync(copy as number).isSocket());
  closeSync(copy as number);
  closeAll(left, right);
});

test("wrong arguments are refused, and what is not open is EBADF", () => {
  const [left, right] = socketpair();
  const data = Buffer.from("x");
  for (const [call, code] of [
    [() => left.sendFds(Buffer.alloc(0), [0]), "ERR_EMPTY_BUFFER"],
    [() => left.sendFds("x" as never, [0]), "ERR_INVALID_ARG_TYPE"],
    [() => left.sendFds(data, 0 as never), "ERR_INVALID_ARG_TYPE"],
    [() => left.sendFds(data, [-1]), "ERR_INVALID_FILE"],
    [() => left.sendFds(data, new Array(254).fill(0)), "ERR_OUT_OF_RANGE"],
    [() => left.sendFds(data, [1_000_000]), "EBADF"],
    [() => right.recvFds(-1, 1), "ERR_OUT_OF_RANGE"],
    [() => right.recvFds(1, 254), "ERR_OUT_OF_RANGE"],
    [() => right.recvFds(1, 1), "EAGAIN"],
  ] as const) {
    assert.is(thrownBy(call).code, code);
  }
  closeAll(left, right);
  assert.is(thrownBy(() => left.sendFds(data, [])).code, "ERR_SOCKET_CLOSED");
  assert.is(thrownBy(() => left.recvFds(1, 1)).code, "ERR_SOCKET_CLOSED");
});

test(
  "a transport that is sent some takes the bytes and keeps nothing",
  onLoop(async ({ loop }) => {
    const [left, sock] = socketpair(AF_UNIX, SOCK_STREAM);
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
    left.sendFds(Buffer.from("unasked"), [left, left]);
    await protocol.gets(7);
    transport.close();
    await protocol.lost;
    left.close();
  }),
);

test("whoever hands a transport's socket on sends what was written before, first", async () => {
  const loop = new EventLoop();
  const [sock, peer] = socketpair();
  const body = async (): Promise<void> => {
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
    transport.write(Buffer.from("first "));
    sock.sendFds(Buffer.from("second"), [sock]);
    transport.close();
    await protocol.lost;
  };
  await loop.runUntilComplete(loop.createTask(body));
  // The bytes of both may come together.
  const got: string[] = [];
  while (got.join("").length < 12) {
    const [data, descriptors] = peer.recvFds(100, 1);
    got.push(String(data));
    for (const each of descriptors) closeSync(each);
  }
  assert.is(got.join(""), "first second");
  peer.close();
  loop.close();
});

test.run();

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as constants from "../../host/constants.js";
import type { InetAddress } from "../../host/net/address.js";
import { Socket, socketpair } from "../../host/net/socket.js";
import { ECONNREFUSED, EINPROGRESS, EISCONN } from "../../host/sys/errno.js";
import { closeListeners } from "../../host/sys/fd.js";
import { leakChecked } from "../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../support/sockets.js";

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } = constants;
const LOOPBACK = { host: "127.0.0.1", port: 0 };

const test = leakChecked(suite("sockets"));

test("are TCP over IPv4 unless they are told otherwise", () => {
  const socket = new Socket();
  assert.equal([socket.family, socket.type, socket.proto], [AF_INET, SOCK_STREAM, 0]);
  socket.close();
});

test("connect, accept, and carry bytes both ways to the end", () => {
  const listening = listener();
  const address = listening.getsockname() as InetAddress;
  const client = new Socket();
  const error = thrownBy(() => client.connect(address));
  assert.is(error.code, "EINPROGRESS");
  const [server, peer] = listening.accept();
  assert.equal(peer, client.getsockname());
  assert.equal(server.getpeername(), peer);
  assert.equal(server.getsockname(), address);
  assert.equal(client.getpeername(), address);
  assert.is(client.getsockopt(SOL_SOCKET, constants.SO_ERROR), 0);
  assert.is(client.send(Buffer.from("question")), 8);
  assert.is(server.recv(100).toString(), "question");
  assert.is(server.send(Buffer.from("answer")), 6);
  server.shutdown(constants.SHUT_WR);
  assert.is(client.recv(3).toString(), "ans");
  assert.is(client.recv(100).toString(), "wer");
  assert.is(client.recv(100).length, 0);
  closeAll(client, server, listening);
});

test("speak IPv6", () => {
  const listening = new Socket(AF_INET6);
  listening.setsockopt(constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, 1);
  listening.bind({ host: "::1", port: 0 });
  listening.listen();
  const { port } = listening.getsockname() as InetAddress;
  const client = new Socket(AF_INET6);
  client.connectEx({ host: "::1", port });
  const [server, peer] = listening.accept();
  assert.is(server.family, AF_INET6);
  assert.equal(peer, { host: "::1", port: (client.getsockname() as InetAddress).port, flowinfo: 0, scopeId: 0 });
  closeAll(client, server, listening);
});

test("speak over Unix paths and abstract names", () => {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-"));
  for (const path of [join(folder, "socket"), `\0wasyncio-test-${process.pid}`]) {
    const listening = new Socket(AF_UNIX);
    listening.bind(path);
    listening.listen();
    assert.is(listening.getsockname(), path);
    const client = new Socket(AF_UNIX);
    client.connect(path);
    const [server, peer] = listening.accept();
    assert.is(peer, "");
    assert.is(client.getpeername(), path);
    client.send(Buffer.from("x"));
    assert.is(server.recv(1).toString(), "x");
    closeAll(client, server, listening);
  }
  rmSync(folder, { recursive: true });
});

test("take Unix paths as bytes, and answer them as text where that is what they are", () => {
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-"));
  const strange = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]);
  const name = `\0wasyncio-bytes-${process.pid}`;
  for (const [path, answer] of [
    [Buffer.from(name), name],
    [new TextEncoder().encode(join(folder, "socket")), join(folder, "socket")],
    [strange, strange],
  ]) {
    const listening = new Socket(AF_UNIX);
    listening.bind(path as Uint8Array);
    listening.listen();
    assert.equal(listening.getsockname(), answer);
    const client = new Socket(AF_UNIX);
    client.connect(listening.getsockname());
    assert.equal(client.getpeername(), answer);
    assert.is(client.connectEx(Buffer.from(path as Uint8Array)), EISCONN);
    closeAll(client, listening);
  }
  const client = new Socket(AF_UNIX);
  const error = thrownBy(() => client.connect(Buffer.from("/no/such/socket")));
  assert.is(error.message, "connect ENOENT /no/such/socket");
  client.close();
  rmSync(folder, { recursive: true });
});

test("send datagrams with their boundaries and senders", () => {
  const one = new Socket(AF_INET, SOCK_DGRAM);
  const other = new Socket(AF_INET, SOCK_DGRAM);
  one.bind(LOOPBACK);
  other.bind(LOOPBACK);
  const from = one.getsockname();
  const to = other.getsockname();
  assert.is(one.sendto(Buffer.from("first"), to), 5);
  assert.is(one.sendto(Buffer.alloc(0), 0, to), 0);
  assert.is(one.sendto(Buffer.from("third"), to), 5);
  assert.equal(other.recvfrom(100), [Buffer.from("first"), from]);
  assert.equal(other.recvfrom(100), [Buffer.alloc(0), from]);
  assert.equal(other.recvfrom(2), [Buffer.from("th"), from]);
  assert.is(thrownBy(() => other.recvfrom(2)).code, "EAGAIN");
  closeAll(one, other);
});

test("have no sender where a datagram came from an unnamed Unix socket", () => {
  const name = `\0wasyncio-datagrams-${process.pid}`;
  const named = new Socket(AF_UNIX, SOCK_DGRAM);
  const unnamed = new Socket(AF_UNIX, SOCK_DGRAM);
  named.bind(name);
  unnamed.sendto(Buffer.from("x"), name);
  assert.equal(named.recvfrom(10), [Buffer.from("x"), null]);
  closeAll(named, unnamed);
});

test("come in connected pairs, of Unix streams by default", () => {
  const [left, right] = socketpair();
  assert.equal([left.family, left.type, left.proto], [AF_UNIX, SOCK_STREAM, 0]);
  assert.is(left.getpeername(), "");
  left.send(Buffer.from("x"));
  assert.is(right.recv(1).toString(), "x");
  const datagrams = socketpair(AF_UNIX, SOCK_DGRAM);
  assert.is(datagrams[1].type, SOCK_DGRAM);
  closeAll(left, right, ...datagrams);
  assert.is(thrownBy(() => socketpair(AF_INET)).code, "ENOTSUP");
});

test("never wait: what would have to is an EAGAIN", () => {
  const [left, right] = socketpair();
  const listening = listener();
  assert.is(thrownBy(() => left.recv(1)).code, "EAGAIN");
  assert.is(thrownBy(() => left.recvInto(Buffer.alloc(1))).code, "EAGAIN");
  const error = thrownBy(() => listening.accept());
  assert.is(error.message, "accept EAGAIN: resource temporarily unavailable");
  assert.equal({ ...error }, { errno: -11, code: "EAGAIN", syscall: "accept" });
  let sent = 0;
  const full = thrownBy(() => {
    for (;;) sent += left.send(Buffer.alloc(65536));
  });
  assert.is(full.code, "EAGAIN");
  let received = 0;
  while (received < sent) received += right.recv(1 << 20).length;
  assert.is(received, sent);
  closeAll(left, right, listening);
});

test("receive into the start of a buffer, as much as was asked for", () => {
  const [left, right] = socketpair();
  left.send(Buffer.from("abcdef"));
  const bytes = new Uint8Array(4);
  assert.is(right.recvInto(bytes, 2), 2);
  assert.equal([...bytes], [97, 98, 0, 0]);
  assert.is(right.recvInto(bytes.subarray(1)), 3);
  assert.equal([...bytes], [97, 99, 100, 101]);
  assert.is(right.recvInto(new Uint8Array(0)), 0);
  assert.is(right.recv(0).length, 0);
  assert.is(right.recv(9).toString(), "f");
  closeAll(left, right);
});

test("answer buffers of their own, which later receives leave alone", () => {
  const [left, right] = socketpair();
  left.send(Buffer.from("first"));
  const first = right.recv(100);
  left.send(Buffer.from("other"));
  const large = right.recv(1 << 20);
  left.send(Buffer.from("again"));
  right.recv(100);
  assert.equal([first.toString(), large.toString()], ["first", "other"]);
  assert.ok(large.buffer.byteLength < 1 << 20);
  closeAll(left, right);
});

test("answer nothing of others where a stream throws bytes away", () => {
  const [left, right] = socketpair();
  const [client, server] = tcpPair();
  right.send(Buffer.from("a secret"));
  assert.is(left.recv(100).toString(), "a secret");
  client.send(Buffer.from("truncated"));
  assert.equal(server.recv(9, constants.MSG_TRUNC), Buffer.alloc(9));
  assert.throws(() => server.recv(9), /EAGAIN/);
  closeAll(left, right, client, server);
});

test("peek with flags", () => {
  const [left, right] = socketpair();
  left.send(Buffer.from("x"));
  assert.is(right.recv(1, constants.MSG_PEEK).toString(), "x");
  assert.is(right.recv(1).toString(), "x");
  closeAll(left, right);
});

test("tell of failures in Node's words", () => {
  const listening = listener();
  const address = listening.getsockname() as InetAddress;
  const other = new Socket();
  const inUse = thrownBy(() => other.bind(address));
  assert.is(inUse.message, `bind EADDRINUSE: address already in use 127.0.0.1:${address.port}`);
  listening.close();
  const datagram = new Socket(AF_INET, SOCK_DGRAM);
  datagram.connect(address);
  datagram.send(Buffer.from("x"));
  assert.is(thrownBy(() => datagram.recv(1)).message, "recv ECONNREFUSED: connection refused");
  assert.is(thrownBy(() => other.getpeername()).code, "ENOTCONN");
  assert.is(thrownBy(() => datagram.listen()).code, "ENOTSUP");
  assert.is(thrownBy(() => new Socket(99)).message, "socket EAFNOSUPPORT: address family not supported");
  closeAll(other, datagram);
});

test("connectEx answers a positive errno instead of throwing", () => {
  const target = listener();
  const client = new Socket();
  assert.is(client.connectEx(target.getsockname()), EINPROGRESS);
  const address = target.getsockname();
  target.close();
  const late = new Socket();
  late.connectEx(address);
  assert.is(late.getsockopt(SOL_SOCKET, constants.SO_ERROR), ECONNREFUSED);
  closeAll(client, late);
});

test("have options that are ints and options that are bytes", () => {
  const socket = new Socket();
  socket.setsockopt(SOL_SOCKET, constants.SO_REUSEADDR, 1);
  assert.is(socket.getsockopt(SOL_SOCKET, constants.SO_REUSEADDR), 1);
  socket.setsockopt(constants.IPPROTO_TCP, constants.TCP_NODELAY, 1);
  assert.is(socket.getsockopt(constants.IPPROTO_TCP, constants.TCP_NODELAY), 1);
  const linger = Buffer.alloc(8);
  linger.writeInt32LE(1, 0);
  linger.writeInt32LE(7, 4);
  socket.setsockopt(SOL_SOCKET, constants.SO_LINGER, linger);
  assert.equal(socket.getsockopt(SOL_SOCKET, constants.SO_LINGER, 8), linger);
  assert.is(socket.getsockopt(SOL_SOCKET, constants.SO_LINGER, 100).length, 8);
  assert.is(socket.getsockopt(SOL_SOCKET, constants.SO_TYPE), SOCK_STREAM);
  assert.is(socket.getsockopt(SOL_SOCKET, constants.SO_ACCEPTCONN), 0);
  assert.is(thrownBy(() => socket.getsockopt(SOL_SOCKET, 9999)).code, "ENOPROTOOPT");
  socket.close();
});

test("take over a descriptor and find out what it is", () => {
  const [left, right] = socketpair(AF_UNIX, SOCK_DGRAM);
  const taken = new Socket(undefined, undefined, undefined, { fileno: left.detach() });
  assert.equal([taken.family, taken.type, taken.proto], [AF_UNIX, SOCK_DGRAM, 0]);
  right.send(Buffer.from("x"));
  assert.is(taken.recv(1).toString(), "x");
  const again = new Socket(AF_UNIX, SOCK_DGRAM, 0, { fileno: taken });
  taken.detach();
  closeAll(again, right);
});

test("are closed once, and say so afterwards", () => {
  const [left, right] = tcpPair();
  assert.not(left.closed);
  left.close();
  left.close();
  left[Symbol.dispose]();
  assert.ok(left.closed);
  assert.is(left.fileno(), -1);
  const calls = [
    () => left.bind(LOOPBACK),
    () => left.listen(),
    () => left.accept(),
    () => left.connect(LOOPBACK),
    () => left.connectEx(LOOPBACK),
    () => left.recv(1),
    () => left.recvInto(Buffer.alloc(1)),
    () => left.recvfrom(1),
    () => left.send(Buffer.alloc(1)),
    () => left.sendto(Buffer.alloc(1), LOOPBACK),
    () => left.setsockopt(1, 2, 1),
    () => left.getsockopt(1, 2),
    () => left.getsockname(),
    () => left.getpeername(),
    () => left.shutdown(2),
    () => left.detach(),
  ];
  for (const call of calls) {
    const error = thrownBy(call);
    assert.equal([error.name, error.code], ["RuntimeError", "ERR_SOCKET_CLOSED"], String(call));
  }
  assert.is(left._send(Buffer.alloc(1)), -9);
  assert.is(left._accept(), -9);
  right.close();
});

test("do not close the number of a socket that was detached", () => {
  const [left, right] = socketpair();
  const fd = left.detach();
  left.close();
  const taken = new Socket(undefined, undefined, undefined, { fileno: fd });
  assert.is(taken.send(Buffer.from("x")), 1);
  closeAll(taken, right);
});

test("are announced to the close listeners exactly once", () => {
  const [left, right] = socketpair();
  const fd = left.fileno();
  const heard: number[] = [];
  const hear = (closing: number): void => {
    heard.push(closing);
  };
  closeListeners.add(hear);
  closeAll(left, left, right);
  closeListeners.delete(hear);
  assert.is(heard.filter((closing) => closing === fd).length, 1);
});

test.run();

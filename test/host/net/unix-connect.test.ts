import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SOCK_DGRAM } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import type { UnixPathLike } from "../../../host/net/unix-connect.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, tcpPair, thrownBy } from "../../support/sockets.js";
import { onLoop, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("createUnixConnection"));

const ABSTRACT = `\0wasyncio-connect-${process.pid}`;

/** A Unix socket that listens. */
function listener(path: string | Uint8Array, backlog = 16): Socket {
  const socket = new Socket(AF_UNIX);
  socket.bind(path);
  socket.listen(backlog);
  return socket;
}

/** Connects to what listens at `bound` by way of `path`, and answers the names that the transport tells. */
async function namesBy(loop: EventLoop, bound: string | Uint8Array, path: UnixPathLike): Promise<unknown[]> {
  const listening = listener(bound);
  const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), path);
  const [accepted] = listening.accept();
  accepted.send(Buffer.from("hello"));
  await protocol.gets(5);
  transport.write(Buffer.from("goodbye"));
  assert.is((await loop.sockRecv(accepted, 100)).toString(), "goodbye");
  accepted.close();
  await protocol.lost;
  assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
  listening.close();
  return [transport.getExtraInfo("peername"), transport.getExtraInfo("sockname")];
}

test(
  "paths are text, bytes or a URL of a file",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = (name: string): string => join(folder, name);
      assert.equal(await namesBy(loop, path("text"), path("text")), [path("text"), ""]);
      assert.equal(await namesBy(loop, path("bytes"), Buffer.from(path("bytes"))), [path("bytes"), ""]);
      const spaced = path("with a space");
      assert.equal(await namesBy(loop, spaced, pathToFileURL(spaced)), [spaced, ""]);
      const strange = Buffer.from(`${folder}/\xff`, "latin1");
      assert.equal(await namesBy(loop, strange, strange), [strange, ""]);
    }),
  ),
);

test(
  "abstract names are text or bytes, and may have a NUL inside",
  onLoop(async ({ loop }) => {
    for (const name of [ABSTRACT, `${ABSTRACT}\0\0and more`]) {
      assert.equal(await namesBy(loop, name, name), [name, ""]);
      assert.equal(await namesBy(loop, name, Buffer.from(name)), [name, ""]);
    }
    const strange = Buffer.concat([Buffer.from(ABSTRACT), Buffer.from([0xff, 0, 0xfe])]);
    assert.equal(await namesBy(loop, strange, strange), [strange, ""]);
  }),
);

test(
  "the longest path that there can be works, and one that is longer is an error that says so",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const longest = join(folder, "x".repeat(107 - folder.length - 1));
      assert.equal((await namesBy(loop, longest, longest))[0], longest);
      const abstract = ABSTRACT.padEnd(108, "x");
      assert.equal((await namesBy(loop, abstract, abstract))[0], abstract);
      for (const path of [`${longest}x`, Buffer.from(`${longest}x`)]) {
        const error = thrownBy(() => loop.createUnixConnection(() => new Recorder(loop), path));
        assert.is(error.code, "ERR_INVALID_ADDRESS");
        assert.match(error.message, "The path has 108 bytes, and a Unix socket's may have 107: ");
      }
      const error = thrownBy(() => loop.createUnixConnection(() => new Recorder(loop), `${abstract}x`));
      assert.match(error.message, "The path has 109 bytes, and a Unix socket's may have 108: @wasyncio");
    }),
  ),
);

test(
  "sock is a connected socket, which the transport takes over",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), null, { sock });
    assert.is(transport.getExtraInfo("socket"), sock);
    transport.write(Buffer.from("over the pair"));
    assert.is((await loop.sockRecv(peer, 100)).toString(), "over the pair");
    transport.close();
    await protocol.lost;
    assert.ok(sock.closed);
    peer.close();
  }),
);

test(
  "getExtraInfo tells who the peer is",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const [transport, protocol] = await loop.createUnixConnection(() => new Recorder(loop), undefined, { sock });
    const expected = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
    assert.equal(transport.getExtraInfo("peercred"), expected);
    peer.close();
    await protocol.lost;
    assert.equal(transport.getExtraInfo("peercred"), expected, "also afterwards");
    const [tcp, tcpPeer] = tcpPair();
    const [other, otherProtocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock: tcp });
    assert.is(other.getExtraInfo("peercred"), null);
    other.close();
    await otherProtocol.lost;
    tcpPeer.close();
  }),
);

test(
  "nobody there, nobody who listens, and a full backlog are errors, and leave nothing open",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const connecting = () => rejectionOf(loop.createUnixConnection(() => new Recorder(loop), path));
      const missing = await connecting();
      assert.is(missing.message, `connect ENOENT ${path}`);
      assert.equal([missing.code, (missing as NodeJS.ErrnoException & { address?: string }).address], ["ENOENT", path]);
      listener(path).close();
      assert.is((await connecting()).code, "ECONNREFUSED");
      const full = listener(`${path}2`, 0);
      const first = new Socket(AF_UNIX);
      first.connect(`${path}2`);
      const error = await rejectionOf(loop.createUnixConnection(() => new Recorder(loop), `${path}2`));
      assert.is(error.code, "EAGAIN");
      closeAll(first, full);
    }),
  ),
);

test(
  "a factory that throws fails the call and closes the socket",
  onLoop(async ({ loop }) => {
    const listening = listener(ABSTRACT);
    const failing = loop.createUnixConnection(() => {
      throw new Error("factory");
    }, ABSTRACT);
    assert.is((await rejectionOf(failing)).message, "factory");
    const [accepted] = listening.accept();
    assert.is(accepted.recv(1).length, 0);
    closeAll(accepted, listening);
  }),
);

test(
  "cancelling it leaves nothing open",
  onLoop(async ({ loop }) => {
    const listening = listener(ABSTRACT);
    const connecting = loop.createUnixConnection(() => new Recorder(loop), ABSTRACT);
    assert.ok(connecting.cancel());
    assert.is((await rejectionOf(connecting)).code, "ERR_CANCELLED");
    const [accepted] = listening.accept();
    assert.is(await loop.sockRecv(accepted, 1).then(({ length }) => length), 0);
    closeAll(accepted, listening);
  }),
);

test(
  "bad arguments are thrown at the call",
  onLoop(async ({ loop }) => {
    const [sock, peer] = socketpair();
    const [tcp, tcpPeer] = tcpPair();
    const datagram = new Socket(AF_UNIX, SOCK_DGRAM);
    const closed = new Socket(AF_UNIX);
    closed.close();
    const factory = () => new Recorder(loop);
    const cases: [args: unknown[], error: object, code: string][] = [
      [[5, "/path"], TypeError, "ERR_NOT_CALLABLE"],
      [[factory], RangeError, "ERR_NO_ADDRESS"],
      [[factory, null, {}], RangeError, "ERR_NO_ADDRESS"],
      [[factory, ""], RangeError, "ERR_NO_ADDRESS"],
      [[factory, new Uint8Array(0)], RangeError, "ERR_NO_ADDRESS"],
      [[factory, 5], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, ["/path"]], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, { host: "127.0.0.1", port: 80 }], TypeError, "ERR_INVALID_ADDRESS"],
      [[factory, "/with\0inside"], RangeError, "ERR_INVALID_ADDRESS"],
      [[factory, new URL("http://example.org/")], RangeError, "ERR_INVALID_ADDRESS"],
      [[factory, "/path", null], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[factory, "/path", { family: AF_UNIX }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[factory, "/path", { sock }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, null, { sock: 5 }], TypeError, "ERR_NOT_A_SOCKET"],
      [[factory, null, { sock: tcp }], RangeError, "ERR_SOCKET_KIND"],
      [[factory, null, { sock: datagram }], RangeError, "ERR_SOCKET_KIND"],
      [[factory, null, { sock: closed }], Error, "ERR_SOCKET_CLOSED"],
      [[factory, "/path", { serverHostname: "example.org" }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, "/path", { sslHandshakeTimeout: 1 }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, "/path", { sslShutdownTimeout: 1 }], RangeError, "ERR_CONFLICTING_OPTIONS"],
      [[factory, "/path", { ssl: true }], RangeError, "ERR_NO_HOSTNAME"],
    ];
    for (const [args, type, code] of cases) {
      const error = thrownBy(() => (loop.createUnixConnection as (...args: unknown[]) => unknown).apply(loop, args));
      assert.is(error.code, code, error.message);
      assert.instance(error, type, error.message);
    }
    closeAll(sock, peer, tcp, tcpPeer, datagram);
  }),
);

test("a closed loop connects nobody", () => {
  const loop = new EventLoop();
  loop.close();
  assert.is(thrownBy(() => loop.createUnixConnection(() => ({}), "/path")).code, "ERR_LOOP_CLOSED");
});

test.run();

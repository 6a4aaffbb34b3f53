/**
 * Connections over TCP and Unix sockets, held against uvloop's own checks: tests/test_tcp.py and tests/test_unix.py, without TLS. Those that
 * make sense for both are run for both.
 *
 * Does not own: what socket-transport.test.ts, connect.test.ts and the tests of the servers say already.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import { CancelledError } from "../../../host/errors.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { BufferedProtocol } from "../../../host/protocols.js";
import { openUnixConnection, startServer } from "../../../host/streams/open-streams.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("connections, as uvloop tests them"));

/** Receives into one small buffer, again and again. */
class SmallBuffer extends BufferedProtocol {
  readonly received: Buffer[] = [];
  readonly lost;
  hasEnd = false;
  readonly #buffer = Buffer.alloc(50);

  constructor(loop: EventLoop) {
    super();
    this.lost = loop.createFuture<Error | null>();
  }

  override getBuffer(): Uint8Array {
    return this.#buffer;
  }

  override bufferUpdated(size: number): void {
    this.received.push(Buffer.from(this.#buffer.subarray(0, size)));
  }

  override eofReceived(): void {
    this.hasEnd = true;
  }

  override connectionLost(error: Error | null): void {
    this.lost.setResult(error);
  }
}

for (const [kind, pair] of [
  ["TCP", tcpPair],
  ["Unix sockets", socketpair],
] as const) {
  test(
    `a buffer that is smaller than what comes is filled until nothing is left, though the peer has gone: ${kind}`,
    onLoop(async ({ loop }) => {
      for (const size of [0, 50, 51, 123_123]) {
        const [ours, peer] = pair();
        const protocol = new SmallBuffer(loop);
        await loop.createConnection(() => protocol, null, null, { sock: ours });
        const sent = Buffer.alloc(size, "piece by piece ");
        await loop.sockSendall(peer, sent);
        peer.close();
        assert.is(await protocol.lost, null);
        assert.ok(protocol.hasEnd);
        assert.ok(Buffer.concat(protocol.received).equals(sent));
      }
    }),
  );

  test(
    `a call for a socket that is cancelled has closed it, and closing it again harms nobody: ${kind}`,
    onLoop(async ({ loop }) => {
      for (const iterations of [1, 2]) {
        const [sock, peer] = pair();
        const fd = sock.fileno();
        const task = loop.createTask(function* () {
          yield* loop.createConnection(() => ({}), null, null, { sock });
        });
        for (let count = 0; count < iterations; count++) await iteration(loop);
        assert.ok(task.cancel());
        assert.instance(await rejectionOf(task), CancelledError);
        assert.is(sock.fileno(), -1);
        const [victim, victimPeer] = pair();
        const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, {
          sock: victim,
        });
        assert.ok(
          [victim, victimPeer].some((each) => each.fileno() === fd),
          "the number is used again",
        );
        sock.close();
        transport.write(Buffer.from("safe"));
        assert.is(String(await loop.sockRecv(victimPeer, 10)), "safe");
        closeAll(transport, victimPeer, peer);
        await protocol.lost;
      }
    }),
  );

  test(
    `abort in connectionMade comes before anything is received, and the call succeeds: ${kind}`,
    onLoop(async ({ loop }) => {
      const [sock, peer] = pair();
      peer.send(Buffer.from("too late"));
      class Aborts extends Recorder {
        override connectionMade(transport: Recorder["transport"]): void {
          super.connectionMade(transport);
          transport.abort();
        }
      }
      const [transport, protocol] = await loop.createConnection(() => new Aborts(loop), null, null, { sock });
      assert.ok(transport.isClosing());
      transport.close();
      assert.is(await protocol.lost, null);
      assert.equal(protocol.trace, ["CM", "CL"]);
      assert.ok(sock.closed);
      peer.close();
    }),
  );

  test(
    `a transport may be paused and resumed at any time, and knows its names for ever: ${kind}`,
    onLoop(async ({ loop }) => {
      const [sock, peer] = pair();
      const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
      assert.ok(transport.isReading());
      for (const isPaused of [true, false]) {
        for (let twice = 0; twice < 2; twice++) {
          if (isPaused) transport.pauseReading();
          else transport.resumeReading();
          assert.is(transport.isReading(), !isPaused);
        }
      }
      assert.is(transport.getExtraInfo("socket"), sock);
      const names = [sock.getsockname(), sock.getpeername()];
      for (const call of ["removeReader", "removeWriter"] as const) {
        assert.is(thrownBy(() => loop[call](sock.fileno())).code, "ERR_FD_IN_USE");
      }
      transport.write(Buffer.from("OK"));
      transport.abort();
      assert.not(transport.isReading());
      transport.pauseReading();
      transport.resumeReading();
      assert.not(transport.isReading());
      assert.is(await protocol.lost, null);
      // Who holds the socket does not keep the connection: the peer is told of its end.
      assert.is(String(await loop.sockRecv(peer, 10)), "OK");
      assert.is((await loop.sockRecv(peer, 10)).length, 0);
      assert.equal([transport.getExtraInfo("sockname"), transport.getExtraInfo("peername")], names);
      assert.is(transport.getExtraInfo("socket"), sock);
      peer.close();
    }),
  );

  test(
    `writes that are refused leave those around them as they are: ${kind}`,
    onLoop(async ({ loop }) => {
      const [sock, peer] = pair();
      const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
      const piece = Buffer.alloc(102_400, "x");
      for (let count = 0; count < 20; count++) {
        transport.write(count % 2 === 0 ? piece : piece.subarray(0, 7));
        assert.is(thrownBy(() => transport.write("a" as never)).code, "ERR_INVALID_ARG_TYPE");
        assert.is(thrownBy(() => transport.writeLines([piece, "a" as never])).code, "ERR_INVALID_ARG_TYPE");
      }
      transport.close();
      let size = 0;
      for (let data = await loop.sockRecv(peer, 1 << 20); data.length > 0; data = await loop.sockRecv(peer, 1 << 20)) {
        size += data.length;
      }
      assert.is(size, 10 * piece.length + 10 * 7);
      assert.is(await protocol.lost, null);
      peer.close();
    }),
  );
}

test(
  "a protocol may write to another connection when it is told to resume",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    left.setsockopt(SOL_SOCKET, SO_SNDBUF, 1024);
    right.setsockopt(SOL_SOCKET, SO_RCVBUF, 1024);
    const [other, otherProtocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock: right });
    class WritesElsewhere extends Recorder {
      override resumeWriting(): void {
        super.resumeWriting();
        other.write(Buffer.from("hello"));
      }
    }
    const [one, protocol] = await loop.createConnection(() => new WritesElsewhere(loop), null, null, { sock: left });
    one.setWriteBufferLimits({ high: 1024, low: 1023 });
    other.pauseReading();
    while (!protocol.trace.includes("PW")) one.write(Buffer.alloc(1024));
    other.resumeReading();
    while (!protocol.trace.includes("RW")) {
      one.write(Buffer.from(" "));
      await iteration(loop);
    }
    await protocol.gets(5);
    assert.is(protocol.text.slice(0, 5), "hello");
    closeAll(one, other);
    await protocol.lost;
    await otherProtocol.lost;
  }),
);

test(
  "a Unix socket may be given to createServer as well, which leaves its file alone",
  onLoop(() =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const sock = new Socket(AF_UNIX);
      sock.bind(path);
      const server = await startServer(
        async (reader, writer) => {
          writer.write(await reader.readexactly(5));
          writer.close();
        },
        null,
        null,
        { sock },
      );
      assert.ok(server.isServing());
      const clients = await Promise.all(Array.from({ length: 25 }, async () => openUnixConnection(path)));
      for (const [, writer] of clients) writer.write(Buffer.from("hello"));
      for (const [reader, writer] of clients) {
        assert.is(String(await reader.read()), "hello");
        writer.close();
      }
      server.close();
      await server.waitClosed();
      assert.not(server.isServing());
      assert.equal([sock.fileno(), existsSync(path)], [-1, true]);
    }),
  ),
);

test(
  "a server without a port, in any way to say so, has one that is free",
  onLoop(async ({ loop }) => {
    for (const port of [0, null, undefined, "0", ""]) {
      const server = await loop.createServer(() => ({}), "127.0.0.1", port);
      assert.ok(portOf(server) > 0);
      server.close();
    }
  }),
);

test.run();

import { createHash } from "node:crypto";
import { once } from "node:events";
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SHUT_WR, SO_LINGER, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import { FatalError } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import { BufferedProtocol, type StreamProtocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, tcpPair, thrownBy } from "../../support/sockets.js";
import { HalfOpenRecorder, iteration, nodeClient, onLoop, portOf, Recorder, withNodeServer } from "./support.js";

const test = leakChecked(suite("Transport"));

const BIG = Buffer.alloc(8 << 20, "a big piece of data ");

interface Connection<P> {
  transport: Transport;
  protocol: P;
  peer: Socket;
}

/** A transport on one end of a connection whose other end is a bare socket. */
async function connection<P extends StreamProtocol = Recorder>(
  loop: EventLoop,
  protocol: P = new Recorder(loop) as unknown as P,
  [sock, peer]: [Socket, Socket] = tcpPair(),
): Promise<Connection<P>> {
  const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
  return { transport, protocol, peer };
}

/** One whose send buffer is full: `size` bytes more were written than the kernel has taken. */
async function clogged(loop: EventLoop, size = BIG.length): Promise<Connection<Recorder>> {
  const pair = socketpair();
  pair[0].setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
  const made = await connection(loop, new Recorder(loop), pair);
  made.transport.write(BIG.subarray(0, size));
  return made;
}

/** Receives until nothing is left, lets the loop go on, and so forth until the end of the stream. */
async function receiveAll(loop: EventLoop, peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await loop.sockRecv(peer, 1 << 20);
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

/** Closes a socket so that the peer is told that the connection was reset. */
function reset(socket: Socket): void {
  socket.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  socket.close();
}

function hash(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test(
  "write takes bytes and nothing else",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    for (const wrong of [
      "text",
      5,
      null,
      undefined,
      [1],
      new ArrayBuffer(1),
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
    ]) {
      const error = thrownBy(() => transport.write(wrong as unknown as Uint8Array));
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_INVALID_ARG_TYPE");
    }
    assert.instance(
      thrownBy(() => transport.writeLines([Buffer.from("a"), "b" as unknown as Buffer])),
      TypeError,
    );
    transport.close();
    await protocol.lost;
    assert.is(peer.recv(9).length, 0);
    peer.close();
  }),
);

test(
  "writeLines sends its pieces in one go",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.writeLines(["a", "b", "c"].map((text) => Buffer.from(text)));
    assert.is((await loop.sockRecv(peer, 9)).toString(), "abc");
    transport.writeLines([]);
    peer.close();
    await protocol.lost;
  }),
);

test(
  "what cannot be sent at once is copied, and sent in order",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 100_000);
    const queued = transport.getWriteBufferSize();
    assert.ok(queued > 0 && queued < 100_000);
    const piece = Buffer.from("first");
    transport.write(piece);
    piece.write("XXXXX");
    transport.write(Buffer.from("second"));
    assert.is(transport.getWriteBufferSize(), queued + 11);
    transport.close();
    const received = await receiveAll(loop, peer);
    assert.is(hash(received), hash(Buffer.concat([BIG.subarray(0, 100_000), Buffer.from("firstsecond")])));
    assert.is(await protocol.lost, null);
    peer.close();
  }),
);

test(
  "big data both ways is equal by its hash",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.pipe(socket),
      async (port) => {
        const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", port);
        transport.write(BIG);
        transport.writeEof();
        assert.is(await protocol.lost, null);
        assert.is(hash(protocol.received), hash(BIG));
      },
    );
  }),
);

test(
  "the peer is told of the end of the stream, and what it still sends is received",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    assert.ok(transport.canWriteEof());
    transport.write(Buffer.from("question"));
    transport.writeEof();
    transport.writeEof();
    assert.is((await receiveAll(loop, peer)).toString(), "question");
    peer.send(Buffer.from("answer"));
    peer.close();
    await protocol.lost;
    assert.is(protocol.text, "answer");
  }),
);

test(
  "the end of the stream comes after what waits to be sent",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 300_000);
    transport.writeEof();
    assert.is((await receiveAll(loop, peer)).length, 300_000);
    assert.not(transport.isClosing());
    peer.close();
    await protocol.lost;
  }),
);

test(
  "writeEof inside resumeWriting ends the stream once, as the peer may have nothing left to end by then",
  onLoop(async ({ loop }) => {
    class EndsWhenResumed extends HalfOpenRecorder {
      override resumeWriting(): void {
        super.resumeWriting();
        this.transport.writeEof();
      }
    }
    const { transport, protocol, peer } = await connection(loop, new EndsWhenResumed(loop));
    peer.shutdown(SHUT_WR);
    await protocol.eof;
    transport.setWriteBufferLimits({ high: 0 });
    let size = 0;
    for (; transport.getWriteBufferSize() === 0; size += 1000) transport.write(Buffer.alloc(1000));
    assert.is((await receiveAll(loop, peer)).length, size);
    peer.close();
    await iteration(loop);
    transport.close();
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "ER", "PW", "RW", "CL"]);
  }),
);

test(
  "write after writeEof is an error, even of nothing",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.writeEof();
    for (const data of ["late", ""]) {
      assert.is(thrownBy(() => transport.write(Buffer.from(data))).code, "ERR_WRITE_AFTER_EOF");
    }
    assert.is(thrownBy(() => transport.writeLines([])).code, "ERR_WRITE_AFTER_EOF");
    peer.close();
    await protocol.lost;
  }),
);

test(
  "writeEof after close does nothing, and neither does writing nothing",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.close();
    transport.writeEof();
    transport.write(Buffer.alloc(0));
    await protocol.lost;
    peer.close();
  }),
);

test(
  "writeEof to a peer that has gone is an error of the connection",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.pauseReading();
    reset(peer);
    transport.writeEof();
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).syscall, "shutdown");
  }),
);

test(
  "eofReceived that answers nothing closes the transport",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    peer.shutdown(SHUT_WR);
    assert.is(await protocol.lost, null);
    assert.ok(transport.isClosing());
    assert.equal(protocol.trace, ["CM", "ER", "CL"]);
    peer.close();
  }),
);

test(
  "eofReceived that answers true keeps the transport open for writing",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop, new HalfOpenRecorder(loop));
    peer.shutdown(SHUT_WR);
    await protocol.eof;
    transport.write(Buffer.from("late"));
    assert.is((await loop.sockRecv(peer, 9)).toString(), "late");
    // A second eofReceived would throw in the recorder.
    transport.pauseReading();
    transport.resumeReading();
    await iteration(loop);
    transport.close();
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "ER", "CL"]);
    peer.close();
  }),
);

test(
  "a protocol without methods is closed when the peer ends the stream",
  onLoop(async ({ loop }) => {
    const { transport, peer } = await connection(loop, {});
    peer.send(Buffer.from("nobody listens"));
    peer.shutdown(SHUT_WR);
    await loop.sockRecv(peer, 1);
    assert.ok(transport.isClosing());
    peer.close();
  }),
);

test(
  "close sends what waits, and then tells the protocol",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 300_000);
    transport.close();
    transport.close();
    assert.ok(transport.isClosing());
    assert.ok(transport.getWriteBufferSize() > 0);
    assert.is((await receiveAll(loop, peer)).length, 300_000);
    assert.is(await protocol.lost, null);
    assert.is(protocol.trace.at(-1), "CL");
    peer.close();
  }),
);

test(
  "a write after close goes out while something waits, and is dropped once everything is sent",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 300_000);
    transport.close();
    transport.write(Buffer.from("still"));
    const received = await receiveAll(loop, peer);
    assert.is(received.subarray(300_000).toString(), "still");
    await protocol.lost;
    transport.write(Buffer.from("dropped"));
    peer.close();
  }),
);

test(
  "a write inside connectionLost is dropped",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 300_000);
    const lost = protocol.connectionLost.bind(protocol);
    protocol.connectionLost = (error) => {
      transport.write(Buffer.from("too late"));
      lost(error);
    };
    transport.close();
    assert.is((await receiveAll(loop, peer)).length, 300_000);
    await protocol.lost;
    peer.close();
  }),
);

test(
  "abort drops what waits, also after close",
  onLoop(async ({ loop }) => {
    for (const closeFirst of [false, true]) {
      const { transport, protocol, peer } = await clogged(loop);
      if (closeFirst) transport.close();
      transport.abort();
      transport.abort();
      assert.is(transport.getWriteBufferSize(), 0);
      assert.is(await protocol.lost, null);
      assert.ok((await receiveAll(loop, peer)).length < BIG.length);
      assert.equal(protocol.trace, ["CM", "PW", "CL"]);
      peer.close();
    }
  }),
);

test(
  "abort inside resumeWriting leads to one connectionLost",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 300_000);
    protocol.resumeWriting = () => transport.abort();
    transport.close();
    await receiveAll(loop, peer);
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "PW", "CL"]);
    peer.close();
  }),
);

test(
  "a transport in a using declaration closes at its end",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport[Symbol.dispose]();
    await protocol.lost;
    peer.close();
  }),
);

test(
  "a peer that resets the connection is ECONNRESET, and nobody else is told",
  onLoop(async ({ loop }) => {
    const { protocol, peer } = await connection(loop);
    reset(peer);
    const error = (await protocol.lost) as NodeJS.ErrnoException;
    assert.is(error.code, "ECONNRESET");
    assert.is(error.syscall, "recv");
    assert.equal(protocol.trace, ["CM", "CL"]);
  }),
);

test(
  "a write that fails ends the connection with its error",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.pauseReading();
    reset(peer);
    transport.write(Buffer.from("into the void"));
    assert.is(transport.getWriteBufferSize(), 0);
    assert.ok(transport.isClosing());
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).syscall, "send");
  }),
);

test(
  "a reset while something waits ends the connection with its error",
  onLoop(async ({ loop }) => {
    const pair = tcpPair();
    pair[0].setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
    pair[1].setsockopt(SOL_SOCKET, SO_RCVBUF, 4096);
    const { transport, protocol, peer } = await connection(loop, new Recorder(loop), pair);
    transport.pauseReading();
    transport.write(BIG);
    assert.ok(transport.getWriteBufferSize() > 0);
    reset(peer);
    assert.match(((await protocol.lost) as NodeJS.ErrnoException).code as string, /^(ECONNRESET|EPIPE)$/);
    assert.is(transport.getWriteBufferSize(), 0);
    assert.equal(protocol.trace, ["CM", "PW", "CL"]);
  }),
);

test(
  "writes to a lost connection are dropped, and warned of from the fifth on",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.abort();
    await protocol.lost;
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (text: unknown) => warnings.push(text);
    for (let count = 0; count < 6; count++) transport.write(Buffer.from("x"));
    console.warn = warn;
    assert.equal(warnings, ["socket.send() raised exception.", "socket.send() raised exception."]);
    peer.close();
  }),
);

test(
  "an error in dataReceived ends the connection, and is reported",
  onLoop(async ({ loop, reported }) => {
    const { transport, protocol, peer } = await connection(loop);
    const wrong = new Error("wrong");
    protocol.dataReceived = () => {
      throw wrong;
    };
    peer.send(Buffer.from("x"));
    assert.is(await protocol.lost, wrong);
    const told = reported.splice(0).map(({ sourceTraceback: _inDebugMode, ...context }) => context);
    assert.equal(told, [
      { message: "Fatal error: protocol.dataReceived() call failed.", exception: wrong, transport, protocol },
    ]);
    peer.close();
  }),
);

const unaskable = Object.defineProperty(new Error("unaskable"), "syscall", {
  get() {
    throw new Error("asked");
  },
});

test(
  "whatever is thrown arrives as an error",
  onLoop(async ({ loop, reported }) => {
    for (const [thrown, message] of [
      ["a word", "a word"],
      [null, "null"],
      [Object.create(null), "[Object: null prototype] {}"],
      [unaskable, "unaskable"],
    ]) {
      const { protocol, peer } = await connection(loop);
      protocol.eofReceived = () => {
        throw thrown;
      };
      peer.shutdown(SHUT_WR);
      const error = (await protocol.lost) as Error;
      assert.is(error.message, message);
      assert.is(reported.pop()?.message, "Fatal error: protocol.eofReceived() call failed.");
      assert.equal(reported, []);
      peer.close();
    }
  }),
);

test(
  "an error in connectionLost is reported, and the socket is closed all the same",
  onLoop(async ({ loop, reported }) => {
    const { transport, protocol, peer } = await connection(loop);
    const wrong = new Error("wrong");
    protocol.connectionLost = () => {
      throw wrong;
    };
    transport.close();
    assert.is((await loop.sockRecv(peer, 1)).length, 0);
    assert.is(reported.pop()?.exception, wrong);
    assert.ok(transport.getExtraInfo("socket")?.closed);
    peer.close();
  }),
);

test("a fatal error in dataReceived ends the run", async () => {
  const loop = new EventLoop();
  const { protocol, peer, transport } = await loop.runUntilComplete(loop.createTask(() => connection(loop)));
  protocol.dataReceived = () => {
    throw new FatalError("the end");
  };
  peer.send(Buffer.from("x"));
  await loop.runForever().then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, "the end"),
  );
  transport.abort();
  await loop.runUntilComplete(protocol.lost);
  loop.close();
  peer.close();
});

test(
  "pauseReading holds back what comes until resumeReading",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    assert.ok(transport.isReading());
    transport.pauseReading();
    transport.pauseReading();
    assert.not(transport.isReading());
    peer.send(Buffer.from("held"));
    const [other, other2] = socketpair();
    other.send(Buffer.from("x"));
    await loop.sockRecv(other2, 1);
    other.close();
    other2.close();
    assert.is(protocol.text, "");
    transport.resumeReading();
    transport.resumeReading();
    assert.ok(transport.isReading());
    await protocol.gets(4);
    assert.is(protocol.text, "held");
    transport.close();
    transport.pauseReading();
    transport.resumeReading();
    assert.not(transport.isReading());
    await protocol.lost;
    peer.close();
  }),
);

test(
  "pauseReading in connectionMade holds from the start",
  onLoop(async ({ loop }) => {
    const pair = tcpPair();
    pair[1].send(Buffer.from("early"));
    const protocol = new Recorder(loop);
    const made = protocol.connectionMade.bind(protocol);
    protocol.connectionMade = (transport) => {
      made(transport);
      transport.pauseReading();
    };
    const { transport, peer } = await connection(loop, protocol, pair);
    const [other, other2] = socketpair();
    other.send(Buffer.from("x"));
    await loop.sockRecv(other2, 1);
    other.close();
    other2.close();
    assert.equal(protocol.trace, ["CM"]);
    transport.resumeReading();
    await protocol.gets(5);
    peer.close();
    await protocol.lost;
  }),
);

test(
  "pauseReading in dataReceived takes effect at once",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    const received = protocol.dataReceived.bind(protocol);
    protocol.dataReceived = (data) => {
      received(data);
      transport.pauseReading();
    };
    peer.send(BIG.subarray(0, 100_000));
    peer.close();
    await protocol.gets(1);
    const first = protocol.received.length;
    assert.ok(first <= 65536);
    transport.resumeReading();
    await protocol.gets(first + 1);
    transport.abort();
    await protocol.lost;
  }),
);

test(
  "received pieces stay as they are while more is received",
  onLoop(async ({ loop }) => {
    const { protocol, peer } = await connection(loop);
    for (let index = 0; index < 300; index++) {
      await loop.sockSendall(peer, Buffer.alloc(10_000, String(index % 10)));
      await protocol.gets((index + 1) * 10_000);
    }
    const expected = Array.from({ length: 300 }, (_, index) => Buffer.alloc(10_000, String(index % 10)));
    assert.is(hash(protocol.received), hash(Buffer.concat(expected)));
    peer.close();
    await protocol.lost;
  }),
);

test(
  "the protocol is paused above the high-water mark and resumed at the low one",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 5_000);
    const queued = transport.getWriteBufferSize();
    if (queued > 0) await loop.sockRecv(peer, 1 << 20);
    assert.equal(transport.getWriteBufferLimits(), [16384, 65536]);
    while (transport.getWriteBufferSize() < 60_000) transport.write(Buffer.alloc(1000));
    assert.equal(protocol.trace, ["CM"]);
    while (transport.getWriteBufferSize() <= 65536) transport.write(Buffer.alloc(1000));
    assert.equal(protocol.trace, ["CM", "PW"]);
    transport.write(Buffer.alloc(1000));
    assert.equal(protocol.trace, ["CM", "PW"]);
    while (protocol.trace.at(-1) !== "RW") {
      assert.ok(transport.getWriteBufferSize() > 16384);
      await loop.sockRecv(peer, 1000);
    }
    assert.ok(transport.getWriteBufferSize() <= 16384);
    transport.abort();
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
    peer.close();
  }),
);

test(
  "new limits may pause the protocol, and a mark of 0 resumes when all is sent",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await clogged(loop, 40_000);
    assert.equal(protocol.trace, ["CM"]);
    transport.setWriteBufferLimits({ high: 0 });
    assert.equal(transport.getWriteBufferLimits(), [0, 0]);
    assert.equal(protocol.trace, ["CM", "PW"]);
    transport.setWriteBufferLimits({ high: 1 << 20 });
    assert.equal(protocol.trace, ["CM", "PW"]);
    transport.setWriteBufferLimits({ high: 0 });
    transport.close();
    await receiveAll(loop, peer);
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
    peer.close();
  }),
);

test(
  "errors in pauseWriting and resumeWriting are reported, and the connection goes on",
  onLoop(async ({ loop, reported }) => {
    const pair = socketpair();
    const protocol = new Recorder(loop);
    protocol.pauseWriting = () => {
      throw new Error("pause");
    };
    protocol.resumeWriting = () => {
      throw new Error("resume");
    };
    const { transport, peer } = await connection(loop, protocol, pair);
    transport.write(BIG);
    transport.close();
    assert.is((await receiveAll(loop, peer)).length, BIG.length);
    assert.is(await protocol.lost, null);
    assert.equal(
      reported.splice(0).map(({ message }) => message),
      ["protocol.pauseWriting() failed", "protocol.resumeWriting() failed"],
    );
    peer.close();
  }),
);

test(
  "a protocol may be changed for another one, of another kind as well",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    peer.send(Buffer.from("to the first"));
    await protocol.gets(12);
    const buffer = Buffer.alloc(4);
    const pieces: string[] = [];
    const lost = loop.createFuture<Error | null>();
    class Second extends BufferedProtocol {
      override getBuffer(): Uint8Array {
        return buffer;
      }
      override bufferUpdated(size: number): void {
        pieces.push(buffer.toString("latin1", 0, size));
      }
      override connectionLost(error: Error | null): void {
        lost.setResult(error);
      }
    }
    const second = new Second();
    transport.setProtocol(second);
    assert.is(transport.getProtocol(), second);
    peer.send(Buffer.from("to the second"));
    peer.close();
    assert.is(await lost, null);
    assert.equal(pieces, ["to t", "he s", "econ", "d"]);
    assert.equal(protocol.trace, ["CM", "DR"]);
    for (const wrong of [null, 5, undefined]) {
      assert.is(thrownBy(() => transport.setProtocol(wrong as unknown as Recorder)).code, "ERR_NOT_A_PROTOCOL");
    }
  }),
);

test(
  "a buffered protocol that has no room ends the connection",
  onLoop(async ({ loop, reported }) => {
    const cases: [getBuffer: () => Uint8Array, code: string][] = [
      [() => new Uint8Array(0), "ERR_EMPTY_BUFFER"],
      [() => "no buffer" as unknown as Uint8Array, "ERR_INVALID_ARG_TYPE"],
    ];
    for (const [getBuffer, code] of cases) {
      const lost = loop.createFuture<Error | null>();
      const protocol = {
        getBuffer,
        bufferUpdated() {},
        connectionLost: (error: Error | null) => lost.setResult(error),
      };
      const { peer } = await connection(loop, protocol);
      peer.send(Buffer.from("x"));
      assert.is(((await lost) as NodeJS.ErrnoException).code, code);
      assert.is(reported.pop()?.message, "Fatal error: protocol.getBuffer() call failed.");
      peer.close();
    }
  }),
);

test(
  "an error in bufferUpdated ends the connection, and the end of the stream reaches a buffered protocol",
  onLoop(async ({ loop, reported }) => {
    const lost = loop.createFuture<Error | null>();
    const wrong = new Error("wrong");
    const { peer } = await connection(loop, {
      getBuffer: () => Buffer.alloc(10),
      bufferUpdated() {
        throw wrong;
      },
      connectionLost: (error: Error | null) => lost.setResult(error),
    });
    peer.send(Buffer.from("x"));
    assert.is(await lost, wrong);
    assert.is(reported.pop()?.message, "Fatal error: protocol.bufferUpdated() call failed.");
    peer.close();
    const ended = loop.createFuture<void>();
    const other = await connection(loop, {
      getBuffer: () => Buffer.alloc(10),
      bufferUpdated() {},
      eofReceived: () => ended.setResult(undefined),
    });
    other.peer.close();
    await ended;
  }),
);

test(
  "a socket that is closed under the transport ends it with an error, and hurts nobody else",
  onLoop(async ({ loop, reported }) => {
    const { transport, protocol, peer } = await connection(loop);
    const fd = (transport.getExtraInfo("socket") as Socket).fileno();
    const fillers = [new Socket()];
    while ((fillers.at(-1)?.fileno() as number) < fd) fillers.push(new Socket());
    transport.getExtraInfo("socket")?.close();
    const [left, right] = socketpair();
    assert.is(left.fileno(), fd);
    closeAll(...fillers);
    const other = await connection(loop, new Recorder(loop), [left, right]);
    transport.write(Buffer.from("x"));
    assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "EBADF");
    other.peer.send(Buffer.from("unhurt"));
    await other.protocol.gets(6);
    other.peer.close();
    await other.protocol.lost;
    assert.equal(reported, []);
    peer.close();
  }),
);

test("a transport of a closed loop gives its socket back when it is closed", async () => {
  const loop = new EventLoop();
  const { transport, peer, protocol } = await loop.runUntilComplete(loop.createTask(() => connection(loop)));
  loop.close();
  transport.close();
  assert.ok(transport.getExtraInfo("socket")?.closed);
  assert.equal(protocol.trace, ["CM"]);
  peer.close();
});

test(
  "a transport says what it is",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    const fd = (transport.getExtraInfo("socket") as Socket).fileno();
    assert.is(inspect(transport), `<Transport fd=${fd} read=polling bufsize=0>`);
    transport.close();
    assert.is(String(transport), `<Transport fd=${fd} closing read=idle bufsize=0>`);
    await protocol.lost;
    peer.close();
  }),
);

test(
  "a peer of Node's may stay half open",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => protocol, "127.0.0.1", 0);
    const protocol = new HalfOpenRecorder(loop);
    const client = await nodeClient(portOf(server), { allowHalfOpen: true });
    client.end("question");
    await protocol.eof;
    assert.is(protocol.text, "question");
    protocol.transport.write(Buffer.from("answer"));
    protocol.transport.close();
    const [answer] = await once(client, "data");
    assert.is(String(answer), "answer");
    await once(client, "close");
    await protocol.lost;
    server.close();
  }),
);

test.run();

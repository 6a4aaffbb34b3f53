import { createHash } from "node:crypto";
import { once } from "node:events";
import { Duplex, PassThrough, Readable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FatalError } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Transport } from "../../../host/net/transport.js";
import { BufferedProtocol, type StreamProtocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { duplexPair, readAll } from "../../support/streams.js";
import { HalfOpenRecorder, iteration, nodeClient, onLoop, Recorder, rejectionOf, withNodeServer } from "./support.js";

const test = leakChecked(suite("connectDuplex"));

const MIB = 1 << 20;

interface Connection<P> {
  transport: Transport;
  protocol: P;
  stream: Duplex;
  peer: Duplex;
}

/** A transport on one end of a pair of streams. */
async function connection<P extends StreamProtocol = Recorder>(
  loop: EventLoop,
  protocol: P = new Recorder(loop) as unknown as P,
  [stream, peer] = duplexPair(),
): Promise<Connection<P>> {
  const [transport] = await loop.connectDuplex(() => protocol, stream);
  return { transport, protocol, stream, peer };
}

/** Lets Node's streams and the loop go on for a good while. */
async function settled(loop: EventLoop): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await iteration(loop);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function hash(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test(
  "an async function goes on before the first dataReceived",
  onLoop(async ({ loop }) => {
    const [stream, peer] = duplexPair();
    peer.end("hello");
    const protocol = new Recorder(loop);
    const [transport, same] = await loop.connectDuplex(() => protocol, stream);
    protocol.trace.push("returned");
    assert.is(same, protocol);
    assert.is(transport, protocol.transport);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
    assert.is(protocol.text, "hello");
    assert.ok(stream.destroyed);
    peer.destroy();
  }),
);

test(
  "a generator goes on before the first dataReceived",
  onLoop(async ({ loop }) => {
    const [stream, peer] = duplexPair();
    peer.end("hello");
    const protocol = new Recorder(loop);
    await loop.createTask(function* () {
      yield* loop.connectDuplex(() => protocol, stream);
      protocol.trace.push("returned");
      yield* protocol.lost;
    });
    assert.equal(protocol.trace, ["CM", "returned", "DR", "ER", "CL"]);
    peer.destroy();
  }),
);

test(
  "a protocol talks over a net.Socket, and knows its names",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.pipe(socket),
      async (port) => {
        const socket = await nodeClient(port);
        const [transport, protocol] = await loop.connectDuplex(() => new Recorder(loop), socket);
        assert.equal(transport.getExtraInfo("peername"), { host: "127.0.0.1", port });
        assert.equal(transport.getExtraInfo("sockname"), { host: "127.0.0.1", port: socket.localPort });
        assert.is(transport.getExtraInfo("duplex"), socket);
        assert.is(transport.getExtraInfo("socket", 7), 7);
        transport.writeLines([Buffer.from("over "), Buffer.from("net")]);
        await protocol.gets(8);
        assert.is(protocol.text, "over net");
        transport.writeEof();
        assert.is(await protocol.lost, null);
        assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
      },
    );
  }),
);

test(
  "a protocol talks to itself over a PassThrough",
  onLoop(async ({ loop }) => {
    const { transport, protocol } = await connection(loop, new Recorder(loop), [new PassThrough(), new PassThrough()]);
    transport.write(Buffer.from("echo"));
    await protocol.gets(4);
    transport.close();
    assert.is(await protocol.lost, null);
    assert.is(protocol.text, "echo");
  }),
);

test(
  "two protocols talk to each other",
  onLoop(async ({ loop }) => {
    const [left, right] = duplexPair();
    const [one, other] = [await connection(loop, new Recorder(loop), [left, right]), new Recorder(loop)];
    await loop.connectDuplex(() => other, right);
    one.transport.write(Buffer.from("ping"));
    await other.gets(4);
    other.transport.write(Buffer.from("pong"));
    await one.protocol.gets(4);
    one.transport.close();
    assert.is(await other.lost, null);
    assert.is(await one.protocol.lost, null);
    assert.equal(other.trace, ["CM", "DR", "ER", "CL"]);
  }),
);

test(
  "what is written may be changed afterwards",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    const piece = Buffer.from("first");
    transport.write(piece);
    piece.write("XXXXX");
    transport.close();
    await protocol.lost;
    assert.is(peer.read().toString(), "first");
    peer.destroy();
  }),
);

test(
  "write takes bytes and nothing else, and nothing after writeEof",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop, new HalfOpenRecorder(loop));
    assert.is(thrownBy(() => transport.write("text" as never)).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => transport.writeLines([Buffer.from("a"), 5 as never])).code, "ERR_INVALID_ARG_TYPE");
    assert.ok(transport.canWriteEof());
    transport.writeEof();
    transport.writeEof();
    assert.is(thrownBy(() => transport.write(Buffer.alloc(0))).code, "ERR_WRITE_AFTER_EOF");
    await once(peer.resume(), "end");
    transport.close();
    await protocol.lost;
    peer.destroy();
  }),
);

test(
  "the stream may end in either direction first",
  onLoop(async ({ loop }) => {
    const first = await connection(loop, new HalfOpenRecorder(loop));
    first.transport.write(Buffer.from("question"));
    first.transport.writeEof();
    assert.is(`${await readAll(first.peer)}`, "question");
    assert.not(first.transport.isClosing());
    first.peer.end("answer");
    await first.protocol.eof;
    assert.is(first.protocol.text, "answer");
    assert.is(await first.protocol.lost, null);

    const second = await connection(loop, new HalfOpenRecorder(loop));
    second.peer.end("question");
    await second.protocol.eof;
    await iteration(loop);
    assert.not(second.transport.isClosing());
    second.transport.write(Buffer.from("late answer"));
    second.transport.close();
    assert.is(`${await readAll(second.peer)}`, "late answer");
    assert.is(await second.protocol.lost, null);
    assert.equal(second.protocol.trace, ["CM", "DR", "ER", "CL"]);
  }),
);

test(
  "a net.Socket that would end by itself does not when the protocol goes on sending",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.end("question"),
      async (port) => {
        const socket = await nodeClient(port);
        assert.not(socket.allowHalfOpen);
        const [transport, protocol] = await loop.connectDuplex(() => new HalfOpenRecorder(loop), socket);
        await protocol.eof;
        await settled(loop);
        assert.not(transport.isClosing());
        assert.not(socket.writableEnded);
        transport.close();
        assert.is(await protocol.lost, null);
      },
      { allowHalfOpen: true },
    );
  }),
);

test(
  "a peer that does not read pauses the protocol, and reading resumes it",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    const chunk = Buffer.alloc(10_000, "x");
    let written = 0;
    while (protocol.trace.at(-1) !== "PW") {
      transport.write(chunk);
      written += chunk.length;
      await settled(loop);
    }
    assert.ok(transport.getWriteBufferSize() > 65536 && transport.getWriteBufferSize() <= 65536 + chunk.length);
    assert.ok(written <= 65536 + 4 * 16384 + chunk.length, `${written}`);
    const drained = readAll(peer);
    while (protocol.trace.at(-1) !== "RW") await iteration(loop);
    assert.ok(transport.getWriteBufferSize() <= 16384);
    transport.close();
    assert.is((await drained).length, written);
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
    peer.destroy();
  }),
);

test(
  "a protocol that does not read stops the stream",
  onLoop(async ({ loop }) => {
    const { transport, protocol, stream, peer } = await connection(loop);
    transport.pauseReading();
    transport.pauseReading();
    assert.not(transport.isReading());
    let pieces = 0;
    while (peer.write(Buffer.alloc(1000)) && pieces < 1000) {
      pieces++;
      await settled(loop);
    }
    assert.ok(pieces < 50, `${pieces} pieces`);
    assert.is(protocol.received.length, 0);
    assert.ok(stream.readableLength < 3 * 16384);
    peer.end();
    await settled(loop);
    assert.equal(protocol.trace, ["CM"]);
    transport.resumeReading();
    transport.resumeReading();
    assert.ok(transport.isReading());
    await protocol.lost;
    assert.is(protocol.received.length, 1000 * (pieces + 1));
    assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
    peer.destroy();
  }),
);

test(
  "pausing in dataReceived holds back what is there already",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024))).pipe(socket),
      async (port) => {
        let held = 0;
        const protocol = new Recorder(loop);
        const received = protocol.dataReceived.bind(protocol);
        protocol.dataReceived = (data) => {
          assert.ok(protocol.transport.isReading());
          received(data);
          protocol.transport.pauseReading();
          held++;
          loop.callSoon(() => protocol.transport.resumeReading());
        };
        await loop.connectDuplex(() => protocol, await nodeClient(port));
        await protocol.lost;
        assert.is(protocol.received.length, 4 * MIB);
        assert.ok(held > 1);
      },
    );
  }),
);

test(
  "64 MiB each way are equal by their hash, and never much of it waits",
  onLoop(async ({ loop }) => {
    const total = 64 * MIB;
    await withNodeServer(
      (socket) => socket.pipe(socket),
      async (port) => {
        const [sent, received] = [createHash("sha256"), createHash("sha256")];
        let [left, come, most] = [total, 0, 0];
        const chunk = Buffer.alloc(100_000);
        const whole = loop.createFuture<void>();
        let room = true;
        const send = (): void => {
          while (room && left > 0) {
            const piece = chunk.fill(left & 255).subarray(0, Math.min(left, chunk.length));
            sent.update(piece);
            left -= piece.length;
            transport.write(piece);
            most = Math.max(most, transport.getWriteBufferSize());
          }
        };
        const protocol = {
          pauseWriting: () => {
            room = false;
          },
          resumeWriting: () => {
            room = true;
            send();
          },
          dataReceived: (data: Buffer) => {
            received.update(data);
            come += data.length;
            if (come === total) whole.setResult(undefined);
          },
        };
        const [transport] = await loop.connectDuplex(() => protocol, await nodeClient(port));
        send();
        await whole;
        assert.is(received.digest("hex"), sent.digest("hex"));
        assert.ok(most <= 65536 + chunk.length, `${most} bytes waited`);
        transport.close();
      },
    );
  }),
);

test(
  "close sends what was written, and is the end for what comes",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    const data = Buffer.alloc(300_000, "all of it");
    transport.write(data);
    transport.close();
    transport.close();
    assert.ok(transport.isClosing());
    peer.write("too late");
    const received = await readAll(peer);
    assert.is(hash(received), hash(data));
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
    assert.is(protocol.text, "");
    peer.destroy();
  }),
);

test(
  "abort drops what was not sent",
  onLoop(async ({ loop }) => {
    const { transport, protocol, stream, peer } = await connection(loop);
    transport.write(Buffer.alloc(300_000));
    transport.close();
    transport.abort();
    transport.abort();
    assert.is(await protocol.lost, null);
    assert.ok(stream.destroyed);
    assert.equal(protocol.trace, ["CM", "PW", "CL"]);
    peer.destroy();
  }),
);

test(
  "writes to a transport that is closed are dropped, and from the fifth on warned of",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.close();
    const { warn } = console;
    const warnings: unknown[] = [];
    console.warn = (text) => warnings.push(text);
    try {
      for (let count = 0; count < 7; count++) transport.write(Buffer.from("x"));
    } finally {
      console.warn = warn;
    }
    assert.is(warnings.length, 3);
    await protocol.lost;
    assert.is(peer.read(), null);
    peer.destroy();
  }),
);

test(
  "a stream that fails is the error of the connection",
  onLoop(async ({ loop }) => {
    const { transport, protocol, stream, peer } = await connection(loop);
    const wrong = new Error("broken");
    stream.destroy(wrong);
    assert.is(await protocol.lost, wrong);
    assert.ok(transport.isClosing());
    peer.destroy();
  }),
);

test(
  "a stream that somebody destroys is an error of the connection",
  onLoop(async ({ loop }) => {
    const { protocol, stream, peer } = await connection(loop);
    stream.destroy();
    assert.is(((await protocol.lost) as { code?: string }).code, "ERR_STREAM_PREMATURE_CLOSE");
    peer.destroy();
  }),
);

test(
  "a connection of a net.Socket that is reset is lost with that",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
      async (port) => {
        const [transport, protocol] = await loop.connectDuplex(() => new Recorder(loop), await nodeClient(port));
        transport.write(Buffer.from("x"));
        assert.is(((await protocol.lost) as { code?: string }).code, "ECONNRESET");
        assert.equal(protocol.trace, ["CM", "CL"]);
      },
    );
  }),
);

for (const method of ["dataReceived", "eofReceived"] as const) {
  test(
    `an error in ${method} is reported and ends the connection`,
    onLoop(async ({ loop, reported }) => {
      const protocol = new Recorder(loop);
      const wrong = new Error(method);
      protocol[method] = () => {
        throw wrong;
      };
      const { stream, peer } = await connection(loop, protocol);
      peer.end("hello");
      assert.is(await protocol.lost, wrong);
      const context = reported.pop();
      assert.is(context?.exception, wrong);
      assert.is(context?.message, `Fatal error: protocol.${method}() call failed.`);
      assert.is(context?.transport, protocol.transport);
      await iteration(loop);
      assert.ok(stream.destroyed);
      peer.destroy();
    }),
  );
}

test(
  "an error in connectionMade is reported, and the connection goes on",
  onLoop(async ({ loop, reported }) => {
    const protocol = new Recorder(loop);
    protocol.connectionMade = () => {
      throw new Error("made");
    };
    const { peer } = await connection(loop, protocol);
    assert.match(`${reported.pop()?.exception}`, "made");
    peer.end("hello");
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["DR", "ER", "CL"]);
    peer.destroy();
  }),
);

test("a fatal error in dataReceived ends the run", async () => {
  const loop = new EventLoop();
  const [stream, peer] = duplexPair();
  const protocol = {
    dataReceived: () => {
      throw new FatalError("the end");
    },
  };
  await loop.runUntilComplete(loop.connectDuplex(() => protocol, stream));
  peer.write("x");
  assert.is((await rejectionOf(loop.runForever())).message, "the end");
  stream.destroy();
  peer.destroy();
  loop.close();
});

test("a stream does not outlive its loop", async () => {
  const loop = new EventLoop();
  const [stream, peer] = duplexPair();
  const [transport] = await loop.runUntilComplete(loop.connectDuplex(() => ({}), stream));
  loop.close();
  assert.ok(stream.destroyed);
  transport.write(Buffer.from("nobody minds"));
  transport.abort();
  peer.destroy();
});

test(
  "a BufferedProtocol gets the bytes into its own buffers, piece by piece",
  onLoop(async ({ loop }) => {
    class Buffered extends BufferedProtocol {
      readonly #buffer = Buffer.alloc(3);
      readonly hints: number[] = [];
      readonly lost = loop.createFuture<Error | null>();
      text = "";

      override getBuffer(sizeHint: number): Buffer {
        this.hints.push(sizeHint);
        return this.#buffer;
      }

      override bufferUpdated(size: number): void {
        this.text += this.#buffer.toString("latin1", 0, size);
      }

      override connectionLost(error: Error | null): void {
        this.lost.setResult(error);
      }
    }
    const { protocol, peer } = await connection(loop, new Buffered());
    peer.end("abcdefgh");
    assert.is(await protocol.lost, null);
    assert.is(protocol.text, "abcdefgh");
    assert.equal(protocol.hints, [8, 5, 2]);
    peer.destroy();
  }),
);

for (const [what, buffer] of [
  ["is empty", Buffer.alloc(0)],
  ["is no buffer", "text"],
] as const) {
  test(
    `a buffer that ${what} ends the connection`,
    onLoop(async ({ loop, reported }) => {
      const lost = loop.createFuture<Error | null>();
      const protocol = {
        getBuffer: () => buffer as Buffer,
        bufferUpdated: () => assert.unreachable(),
        connectionLost: (error: Error | null) => lost.setResult(error),
      };
      const { peer } = await connection(loop, protocol);
      peer.end("abc");
      assert.is(await lost, reported.pop()?.exception);
      peer.destroy();
    }),
  );
}

test(
  "setProtocol changes who is told, also to one of the other kind half way",
  onLoop(async ({ loop }) => {
    const second = new Recorder(loop);
    const buffer = Buffer.alloc(2);
    const first = {
      getBuffer: () => buffer,
      bufferUpdated: () => transport.setProtocol(second),
    };
    const { transport, peer } = await connection<StreamProtocol>(loop, first);
    assert.is(transport.getProtocol(), first);
    peer.end("abcdef");
    assert.is(await second.lost, null);
    assert.is(buffer.toString() + second.text, "abcdef");
    assert.is(thrownBy(() => transport.setProtocol(5 as never)).code, "ERR_NOT_A_PROTOCOL");
    peer.destroy();
  }),
);

test(
  "a stream that begins to come as strings is an error of the connection",
  onLoop(async ({ loop, reported }) => {
    const { protocol, stream, peer } = await connection(loop);
    stream.setEncoding("utf8");
    peer.write("text");
    assert.is(await protocol.lost, reported.pop()?.exception);
    peer.destroy();
  }),
);

test(
  "a factory that throws, or returns no object, destroys the stream",
  onLoop(async ({ loop }) => {
    for (const [factory, code] of [
      [() => JSON.parse("no object") as StreamProtocol, undefined],
      [() => 5 as never, "ERR_NOT_A_PROTOCOL"],
    ] as const) {
      const [stream, peer] = duplexPair();
      assert.is((await rejectionOf(loop.connectDuplex(factory, stream))).code, code);
      assert.ok(stream.destroyed);
      peer.destroy();
    }
  }),
);

test(
  "what was written is lost with the connection, and nobody is told to pause for it",
  onLoop(async ({ loop }) => {
    const { transport, protocol, stream } = await connection(loop, new Recorder(loop), [
      new Duplex({ read: () => {}, write: () => {} }),
      new PassThrough(),
    ]);
    transport.write(Buffer.from("kept"));
    assert.is(transport.getWriteBufferSize(), 4);
    transport.abort();
    assert.is(await protocol.lost, null);
    assert.is(transport.getWriteBufferSize(), 0);
    transport.setWriteBufferLimits({ high: 0 });
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(stream.destroyed);
  }),
);

test(
  "cancelling the call closes the stream",
  onLoop(async ({ loop }) => {
    const [stream, peer] = duplexPair();
    const protocol = new Recorder(loop);
    const made = loop.connectDuplex(() => protocol, stream);
    assert.ok(made.cancel());
    assert.is(await protocol.lost, null);
    await iteration(loop);
    assert.ok(stream.destroyed);
    peer.destroy();
  }),
);

test("what is no stream of bytes that can be read and written is refused at the call", () => {
  const loop = new EventLoop();
  const ended = new PassThrough().end();
  const encoded = new PassThrough().setEncoding("utf8");
  for (const [wrong, code] of [
    [new Readable(), "ERR_NOT_A_DUPLEX"],
    [null, "ERR_NOT_A_DUPLEX"],
    [new PassThrough({ objectMode: true }), "ERR_NOT_A_DUPLEX"],
    [new Duplex({ writableObjectMode: true }), "ERR_NOT_A_DUPLEX"],
    [encoded, "ERR_NOT_A_DUPLEX"],
    [ended, "ERR_STREAM_ENDED"],
    [new PassThrough().destroy(), "ERR_STREAM_ENDED"],
  ] as const) {
    assert.is(thrownBy(() => loop.connectDuplex(() => ({}), wrong as never)).code, code);
  }
  assert.is(thrownBy(() => loop.connectDuplex(5 as never, new PassThrough())).code, "ERR_NOT_CALLABLE");
  loop.close();
  assert.is(thrownBy(() => loop.connectDuplex(() => ({}), new PassThrough())).code, "ERR_LOOP_CLOSED");
});

test(
  "says what it is and how it is",
  onLoop(async ({ loop }) => {
    const { transport, protocol, peer } = await connection(loop, new Recorder(loop), [
      new PassThrough(),
      new PassThrough(),
    ]);
    assert.is(`${transport}`, "<DuplexTransport PassThrough read=polling bufsize=0>");
    transport.pauseReading();
    transport.close();
    assert.is(`${transport}`, "<DuplexTransport PassThrough closing read=idle bufsize=0>");
    await protocol.lost;
    assert.is(`${transport}`, "<DuplexTransport PassThrough closed read=idle bufsize=0>");
    peer.destroy();
  }),
);

test.run();

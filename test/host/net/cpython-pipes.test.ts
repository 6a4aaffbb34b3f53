/**
 * Pipe transports, held against the checks of CPython's and uvloop's: Lib/test/test_asyncio/test_unix_events.py of 3.11, UnixReadPipeTransportTests
 * and UnixWritePipeTransportTests, and tests/test_pipes.py; with what callbacks do to the transport that calls them.
 *
 * Does not own: what read-pipe.test.ts and write-pipe.test.ts say already.
 */
import { closeSync, constants, openSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { type FileDescriptor, pipe } from "../../../host/net/pipe.js";
import type { ReadTransport, WriteTransport } from "../../../host/net/transport-kinds.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { openTerminal } from "../../support/terminals.js";
import { iteration, onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("pipes, as CPython and uvloop test them"));

const MUCH = Buffer.alloc(1 << 20, "much ");

/** The transport that a protocol was told of, which is one that reads. */
function readingOf(protocol: Recorder): ReadTransport {
  return protocol.transport as unknown as ReadTransport;
}

/** The same of one that writes. */
function writingOf(protocol: Recorder): WriteTransport {
  return protocol.transport as unknown as WriteTransport;
}

/** Has a method of a recorder do something more when it has noted the call. */
function alsoDo(protocol: Recorder, method: "connectionMade" | "dataReceived" | "eofReceived", more: () => void): void {
  const original = protocol[method].bind(protocol) as (...args: unknown[]) => unknown;
  Object.assign(protocol, {
    [method]: (...args: unknown[]) => {
      const answer = original(...args);
      more();
      return answer;
    },
  });
}

/** What can be read until the end, or until `isOver`. */
async function readAll(loop: EventLoop, reader: FileDescriptor, isOver: () => boolean): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (;;) {
    const wasOver = isOver();
    try {
      const piece = reader.read(65_536);
      if (piece.length === 0) break;
      pieces.push(piece);
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, "EAGAIN");
      if (wasOver) break;
      await iteration(loop);
    }
  }
  return Buffer.concat(pieces);
}

test(
  "close in connectionMade comes before all that was written",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("never received"));
    const protocol = new Recorder(loop);
    alsoDo(protocol, "connectionMade", () => readingOf(protocol).close());
    await loop.connectReadPipe(() => protocol, reader);
    assert.is(await protocol.lost, null);
    assert.equal(protocol.trace, ["CM", "CL"]);
    assert.ok(reader.closed);
    writer.close();
  }),
);

test(
  "an error in connectionMade is reported, and the transport goes on, whether it reads or writes",
  onLoop(async ({ loop, reported }) => {
    const [reader, writer] = pipe();
    const protocols = [new Recorder(loop), new Recorder(loop)] as const;
    for (const protocol of protocols) {
      alsoDo(protocol, "connectionMade", () => {
        throw new Error("made");
      });
    }
    await loop.connectReadPipe(() => protocols[0], reader);
    await loop.connectWritePipe(() => protocols[1], writer);
    assert.equal(
      reported.splice(0).map(({ exception }) => String(exception)),
      ["Error: made", "Error: made"],
    );
    writingOf(protocols[1]).write(Buffer.from("goes on"));
    writingOf(protocols[1]).close();
    assert.is(await protocols[0].lost, null);
    assert.is(protocols[0].text, "goes on");
    await protocols[1].lost;
  }),
);

test(
  "close in dataReceived is the end, and neither pauseReading nor resumeReading does anything from there on",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("all"));
    writer.close();
    const protocol = new Recorder(loop);
    alsoDo(protocol, "dataReceived", () => {
      const transport = readingOf(protocol);
      transport.close();
      transport.resumeReading();
      transport.pauseReading();
      transport.resumeReading();
    });
    await loop.connectReadPipe(() => protocol, reader);
    assert.is(await protocol.lost, null);
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.equal(protocol.trace, ["CM", "DR", "CL"]);
  }),
);

test(
  "close in eofReceived and in connectionLost changes nothing",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    const protocol = new Recorder(loop);
    alsoDo(protocol, "eofReceived", () => readingOf(protocol).close());
    const [transport] = await loop.connectReadPipe(() => protocol, reader);
    writer.close();
    assert.is(await protocol.lost, null);
    transport.close();
    await iteration(loop);
    assert.equal(protocol.trace, ["CM", "ER", "CL"]);
  }),
);

test(
  "the end of the pipe waits for resumeReading when the last bytes paused it",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    writer.write(Buffer.from("last"));
    writer.close();
    const protocol = new Recorder(loop);
    alsoDo(protocol, "dataReceived", () => readingOf(protocol).pauseReading());
    const [transport] = await loop.connectReadPipe(() => protocol, reader);
    await protocol.gets(4);
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.equal(protocol.trace, ["CM", "DR"]);
    transport.resumeReading();
    await protocol.lost;
    assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
  }),
);

test(
  "what is written in connectionMade is written, and close there ends it",
  onLoop(async ({ loop }) => {
    const [reader, writer] = pipe();
    const protocol = new Recorder(loop);
    alsoDo(protocol, "connectionMade", () => {
      writingOf(protocol).write(MUCH);
      writingOf(protocol).close();
      writingOf(protocol).write(Buffer.from("dropped"));
    });
    await loop.connectWritePipe(() => protocol, writer);
    assert.ok((await readAll(loop, reader, () => false)).equals(MUCH));
    assert.is(await protocol.lost, null);
    reader.close();
  }),
);

for (const [call, arrives] of [
  ["close", true],
  ["writeEof", true],
  ["abort", false],
] as const) {
  test(
    `${call} in pauseWriting is the end, and what was written ${arrives ? "still arrives" : "is lost"}`,
    onLoop(async ({ loop }) => {
      const [reader, writer] = pipe();
      const protocol = new Recorder(loop);
      const [transport] = await loop.connectWritePipe(() => protocol, writer);
      protocol.pauseWriting = () => transport[call]();
      transport.write(MUCH);
      assert.ok(transport.isClosing());
      const received = await readAll(loop, reader, () => protocol.lost.done());
      assert.is(received.equals(MUCH), arrives);
      assert.is(await protocol.lost, null);
      assert.ok(writer.closed);
      reader.close();
    }),
  );
}

test(
  "a terminal whose other side has gone is not noticed before there is something to write, which fails with EIO",
  onLoop(async ({ loop }) => {
    for (const isPending of [false, true]) {
      const [other, path] = openTerminal();
      const terminal = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
      const [transport, protocol] = await loop.connectWritePipe(() => new Recorder(loop), terminal);
      if (isPending) transport.write(MUCH);
      closeSync(other);
      if (!isPending) {
        for (let count = 0; count < 5; count++) await iteration(loop);
        assert.not(transport.isClosing());
        transport.write(Buffer.from("x"));
      }
      assert.is(((await protocol.lost) as NodeJS.ErrnoException).code, "EIO");
    }
  }),
);

test("transports are closed with their loop, and nothing that is done with them afterwards has an effect", async () => {
  const loop = new EventLoop();
  const [ours, writer] = pipe();
  const [reader, ourOther] = pipe();
  const [reading] = await loop.runUntilComplete(loop.connectReadPipe(() => ({}), ours));
  const [writing] = await loop.runUntilComplete(loop.connectWritePipe(() => ({}), ourOther));
  writing.write(MUCH);
  loop.close();
  assert.equal([ours.closed, ourOther.closed], [true, true]);
  reading.pauseReading();
  reading.resumeReading();
  reading.close();
  writing.write(Buffer.from("late"));
  writing.setWriteBufferLimits({ high: 0 });
  writing.close();
  writing.abort();
  assert.equal([reading.isClosing(), writing.isClosing(), writing.getWriteBufferSize()], [true, true, 0]);
  assert.is(thrownBy(() => writer.write(Buffer.from("x"))).code, "EPIPE");
  writer.close();
  reader.close();
});

test.run();

/**
 * Streams that a user makes by hand, over pipes, as CPython's own checks do it: test_streams.py, `test_read_all_from_pipe_reader` and
 * those of the constructors.
 *
 * Does not own: streams over connections (open-streams.test.ts), what a reader answers (stream-reader.test.ts).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  EventLoop,
  getEventLoop,
  pipe,
  StreamReader,
  StreamReaderProtocol,
  StreamWriter,
  setEventLoop,
} from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("streams over pipes, as CPython tests them"));

test(
  "a reader has all that a child has written to a pipe and that is more than its limit",
  onLoop(async ({ loop }) => {
    const [readEnd, writeEnd] = pipe();
    const reader = new StreamReader({ limit: 1 });
    const [transport] = await loop.connectReadPipe(() => new StreamReaderProtocol(reader), readEnd);
    const child = spawn("sh", ["-c", "printf data >&3"], { stdio: ["ignore", "ignore", "inherit", writeEnd.fileno()] });
    await once(child, "close");
    writeEnd.close();
    assert.is(String(await reader.read()), "data");
    assert.ok(reader.atEof());
    assert.ok(transport.isClosing());
  }),
);

test(
  "a writer writes to a pipe, holds back, and ends it",
  onLoop(async ({ loop }) => {
    const [readEnd, writeEnd] = pipe();
    const reader = new StreamReader();
    await loop.connectReadPipe(() => new StreamReaderProtocol(reader), readEnd);
    const factory = () => new StreamReaderProtocol(new StreamReader());
    const [transport, protocol] = await loop.connectWritePipe(factory, writeEnd);
    const writer = new StreamWriter(transport, protocol, null, loop);
    assert.is(writer.transport, transport);
    const sent = Buffer.alloc(1_000_003, "through a pipe\n");
    writer.write(sent);
    const draining = writer.drain();
    assert.not(draining.done());
    const received = reader.readexactly(sent.length);
    await draining;
    assert.ok((await received).equals(sent));
    writer.close();
    await writer.waitClosed();
    assert.is((await reader.read()).length, 0);
  }),
);

test(
  "a writer to a pipe that nobody reads any more fails",
  onLoop(async ({ loop }) => {
    const [readEnd, writeEnd] = pipe();
    const protocol = new StreamReaderProtocol(new StreamReader());
    const [transport] = await loop.connectWritePipe(() => protocol, writeEnd);
    const writer = new StreamWriter(transport, protocol, null, loop);
    writer.write(Buffer.alloc(1_000_000));
    const draining = writer.drain();
    readEnd.close();
    assert.is((await rejectionOf(draining)).code, "EPIPE");
    assert.is((await rejectionOf(writer.waitClosed())).code, "EPIPE");
    await iteration(loop);
    assert.is((await rejectionOf(writer.drain())).code, "ECONNRESET");
  }),
);

test("a reader and its protocol belong to the loop that runs, and else to the one that was set", async () => {
  const [set, other] = [new EventLoop(), new EventLoop()];
  setEventLoop(set);
  const reader = new StreamReader();
  const read = reader.read(0);
  assert.is(read.getLoop(), set);
  assert.is(new StreamReaderProtocol(reader)._untilClosed().getLoop(), set);
  await other.runUntilComplete(
    other.createTask(async () => {
      assert.is(getEventLoop(), other);
      assert.is(new StreamReader().read(0).getLoop(), other);
      assert.is(new StreamReaderProtocol(reader)._untilClosed().getLoop(), other);
      assert.is(new StreamReaderProtocol(reader, null, set)._untilClosed().getLoop(), set);
    }),
  );
  setEventLoop(null);
  set.close();
  other.close();
});

test(
  "a protocol is a client's unless it has a callback, which must be a function",
  onLoop(async () => {
    const reader = new StreamReader();
    for (const none of [undefined, null]) assert.not(new StreamReaderProtocol(reader, none).isServerSide);
    assert.ok(new StreamReaderProtocol(reader, () => {}).isServerSide);
    const wrong = thrownBy(() => new StreamReaderProtocol(reader, {} as never));
    assert.equal([wrong.name, wrong.code], ["TypeError", "ERR_NOT_CALLABLE"]);
  }),
);

test.run();

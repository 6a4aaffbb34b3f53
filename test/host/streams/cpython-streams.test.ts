/**
 * Streams, held against the checks of CPython's own: Lib/test/test_asyncio/test_streams.py of 3.11.
 *
 * Does not own: what stream-reader.test.ts, open-streams.test.ts and cpython-pipes.test.ts say already.
 */
import type { Socket } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, IncompleteReadError } from "../../../host/errors.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { gather } from "../../../host/loop/gather.js";
import type { Server } from "../../../host/net/server.js";
import { openConnection, startServer } from "../../../host/streams/open-streams.js";
import { StreamReader } from "../../../host/streams/stream-reader.js";
import type { StreamWriter } from "../../../host/streams/stream-writer.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, onLoop, portOf, rejectionOf, withNodeServer } from "../net/support.js";

const test = leakChecked(suite("streams, as CPython tests them"));

const HOST = "127.0.0.1";

function reader(loop: EventLoop, ...texts: string[]): StreamReader {
  const made = new StreamReader({ loop });
  for (const text of texts) made.feedData(Buffer.from(text));
  return made;
}

/** Answers a line, and closes when the peer does. */
async function answerOnce(from: StreamReader, to: StreamWriter): Promise<void> {
  to.write(await from.readline());
  await from.read();
  to.close();
}

async function ended(server: Server): Promise<void> {
  server.close();
  await server.waitClosed();
}

test(
  "a separator is found wherever the pieces are cut, and whatever looks like its beginning",
  onLoop(async ({ loop }) => {
    const separator = Buffer.from("aaa");
    for (const [pieces, found, rest] of [
      [["lineaaa"], "lineaaa", ""],
      [["lineaaaxxx"], "lineaaa", "xxx"],
      [["QWEaa", "XYaa", "a"], "QWEaaXYaaa", ""],
      [["QWEaa", "XYa", "aa"], "QWEaaXYaaa", ""],
      [["aaa"], "aaa", ""],
      [["QWE", "a", "a", "a", "a"], "QWEaaa", "a"],
    ] as const) {
      for (const when of ["before", "after"]) {
        const from = reader(loop, ...(when === "before" ? pieces : []));
        const reading = from.readuntil(separator);
        if (when === "after") for (const piece of pieces) from.feedData(Buffer.from(piece));
        assert.is(String(await reading), found, `${pieces}, ${when}`);
        from.feedEof();
        assert.is(String(await from.read()), rest);
      }
    }
  }),
);

test(
  "the end is reached when everything was read, and not before",
  onLoop(async ({ loop }) => {
    const from = reader(loop, "some data\n");
    assert.not(from.atEof());
    await from.readline();
    assert.not(from.atEof());
    from.feedData(Buffer.from("more"));
    from.feedEof();
    assert.not(from.atEof());
    assert.is((await from.read(0)).length, 0);
    assert.not(from.atEof());
    await from.read(4);
    assert.ok(from.atEof());
  }),
);

test(
  "the end that comes too early leaves nothing to be read, and every later read finds the end",
  onLoop(async ({ loop }) => {
    const from = reader(loop, "so far");
    const reading = from.readexactly(100);
    from.feedEof();
    assert.instance(await rejectionOf(reading), IncompleteReadError);
    assert.is((await from.read(1)).length, 0);
    assert.is((await from.readline()).length, 0);
    assert.is((await from.readexactly(0)).length, 0);
    const error = (await rejectionOf(from.readexactly(1))) as IncompleteReadError;
    assert.equal([error.partial.length, error.expected], [0, 1]);
  }),
);

test(
  "an error of the stream is no concern of a read that was cancelled, nor of its task",
  onLoop(async ({ loop }) => {
    const from = reader(loop, "half a line");
    const task = loop.createTask(function* () {
      return yield* from.readline();
    });
    await iteration(loop);
    task.cancel();
    const broken = new Error("broken");
    from.setException(broken);
    assert.instance(await rejectionOf(task), CancelledError);
    assert.is(await rejectionOf(from.read()), broken);
  }),
);

test(
  "an error hides what has come, and the end after it",
  onLoop(async ({ loop }) => {
    const from = reader(loop, "line\n");
    const broken = new Error("broken");
    from.setException(broken);
    from.feedEof();
    assert.not(from.atEof());
    for (const read of [from.read(2), from.readline(), from.readexactly(0)]) {
      assert.is(await rejectionOf(read), broken);
    }
  }),
);

test(
  "all who wait for room go on when there is",
  onLoop(async ({ loop }) => {
    const accepted = loop.createFuture<Socket>();
    await withNodeServer(
      (socket) => accepted.setResult(socket.pause()),
      async (port) => {
        const [, writer] = await openConnection(HOST, port);
        writer.write(Buffer.alloc(20_000_000));
        const drains = Array.from({ length: 10 }, () => writer.drain());
        const peer = await accepted;
        assert.not(drains.some((each) => each.done()));
        peer.resume();
        await gather(drains);
        writer.close();
        await writer.waitClosed();
      },
    );
  }),
);

test(
  "a connection that is closed here is at its end for who reads: now, later, and already",
  onLoop(async () => {
    const server = await startServer(answerOnce, HOST, 0);
    const [from, to] = await openConnection(HOST, portOf(server));
    const reading = from.read(5);
    to.close();
    assert.is((await reading).length, 0);
    await to.waitClosed();
    assert.ok(from.atEof());
    assert.is((await from.read()).length, 0);
    await ended(server);
  }),
);

test(
  "close does not wait for anybody to read what has come, which can still be read",
  onLoop(async ({ loop }) => {
    const server = await startServer(answerOnce, HOST, 0);
    const [from, to] = await openConnection(HOST, portOf(server));
    to.write(Buffer.from("a line\n"));
    while (!String(from).includes("7 bytes")) await iteration(loop);
    assert.not(to.isClosing());
    to.close();
    assert.ok(to.isClosing());
    await to.waitClosed();
    assert.is(String(await from.readline()), "a line\n");
    assert.ok(from.atEof());
    await ended(server);
  }),
);

test(
  "what is written after close is dropped, and drain says so",
  onLoop(async () => {
    const server = await startServer(answerOnce, HOST, 0);
    const [, to] = await openConnection(HOST, portOf(server));
    to.close();
    to.write(Buffer.from("late"));
    to.writeLines([Buffer.from("later")]);
    to.writeEof();
    assert.is((await rejectionOf(to.drain())).code, "ECONNRESET");
    await to.waitClosed();
    to.close();
    assert.is((await rejectionOf(to.drain())).code, "ECONNRESET");
    await ended(server);
  }),
);

test(
  "what was written before close arrives, and drain and waitClosed wait for it",
  onLoop(async ({ loop }) => {
    const size = 10_000_000;
    const received = loop.createFuture<number>();
    const server = await startServer(
      async (from, to) => {
        received.setResult((await from.read()).length);
        to.close();
      },
      HOST,
      0,
    );
    const [, to] = await openConnection(HOST, portOf(server));
    to.write(Buffer.alloc(size));
    const draining = to.drain();
    to.close();
    await draining;
    await to.waitClosed();
    assert.is(await received, size);
    await ended(server);
  }),
);

test(
  "a read that waits when the connection is aborted finds the end, too early for its bytes",
  onLoop(async () => {
    const server = await startServer(answerOnce, HOST, 0);
    const [from, to] = await openConnection(HOST, portOf(server));
    const reading = from.readexactly(3);
    to.transport.abort();
    assert.instance(await rejectionOf(reading), IncompleteReadError);
    await to.waitClosed();
    await ended(server);
  }),
);

test(
  "a callback may close its server, and wait until that is over but for its own connection",
  onLoop(async ({ loop }) => {
    const over = loop.createFuture<void>();
    const server: Server = await startServer(
      async (_from, to) => {
        server.close();
        const closed = server.waitClosed();
        to.write(Buffer.from("bye"));
        to.close();
        await closed;
        over.setResult(undefined);
      },
      HOST,
      0,
    );
    const [from, to] = await openConnection(HOST, portOf(server));
    assert.is(String(await from.read()), "bye");
    to.close();
    await over;
  }),
);

test.run();

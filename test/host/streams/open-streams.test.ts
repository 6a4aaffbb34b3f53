/** Streams over real TCP and Unix sockets: both ends of ours, and CPython's asyncio at the other end. */
import { once } from "node:events";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError } from "../../../host/errors.js";
import type { Coroutine } from "../../../host/futures/coroutine.js";
import type { Task } from "../../../host/futures/task.js";
import { currentTask } from "../../../host/loop/tasks.js";
import type { Server } from "../../../host/net/server.js";
import {
  openConnection,
  openUnixConnection,
  startServer,
  startUnixServer,
} from "../../../host/streams/open-streams.js";
import type { StreamReader } from "../../../host/streams/stream-reader.js";
import type { StreamWriter } from "../../../host/streams/stream-writer.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { type Peer, python } from "../../support/peers.js";
import { tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portOf, rejectionOf, withNodeServer } from "../net/support.js";

const test = leakChecked(suite("streams"));

const HOST = "127.0.0.1";
const BIG = Buffer.alloc(3_000_011, "to and fro\n");

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  while (!reader.atEof()) {
    writer.write(await reader.read(100_000));
    await writer.drain();
  }
  writer.close();
}

function* echoInSteps(reader: StreamReader, writer: StreamWriter): Coroutine<void> {
  while (!reader.atEof()) {
    writer.write(yield* reader.read(100_000));
    yield* writer.drain();
  }
  writer.close();
}

async function ended(server: Server): Promise<void> {
  server.close();
  await server.waitClosed();
}

/** Sends everything, and answers what comes back. */
async function exchange(reader: StreamReader, writer: StreamWriter, data: Buffer): Promise<Buffer> {
  const answer = reader.read();
  writer.write(data);
  await writer.drain();
  writer.writeEof();
  const received = await answer;
  writer.close();
  await writer.waitClosed();
  return received;
}

for (const [kind, callback] of [
  ["an async function", echo],
  ["a generator function", echoInSteps],
] as const) {
  test(
    `a server's callback is ${kind}, and gives back megabytes over TCP`,
    onLoop(async () => {
      const server = await startServer(callback, HOST, 0, { limit: 1000 });
      const [reader, writer] = await openConnection(HOST, portOf(server), { limit: 5000 });
      assert.ok((await exchange(reader, writer, BIG)).equals(BIG));
      assert.ok(writer.isClosing());
      await ended(server);
    }),
  );
}

test(
  "over a Unix socket as well",
  onLoop(() =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const server = await startUnixServer(echo, path, { limit: 1000 });
      const [reader, writer] = await openUnixConnection(path, { limit: 1000 });
      assert.is(writer.getExtraInfo("peername"), path);
      assert.is(writer.getExtraInfo("nothing", 7), 7);
      assert.ok((await exchange(reader, writer, BIG)).equals(BIG));
      await ended(server);
    }),
  ),
);

test(
  "the limit is the reader's, on both sides",
  onLoop(async () => {
    const tooLong = async (reader: StreamReader): Promise<string | undefined> =>
      (await rejectionOf(reader.readline())).code;
    const server = await startServer(
      async (reader, writer) => {
        writer.writeLines([Buffer.from(`${await tooLong(reader)}`), Buffer.from(", you see\n")]);
        writer.close();
      },
      HOST,
      0,
      { limit: 10 },
    );
    const [reader, writer] = await openConnection(HOST, portOf(server), { limit: 20 });
    writer.write(Buffer.from("12345678901\n"));
    assert.is(await tooLong(reader), "ERR_LINE_TOO_LONG");
    writer.close();
    await ended(server);
  }),
);

test(
  "the callback runs in a task of its own, also if it is a plain function",
  onLoop(async ({ loop }) => {
    const made = loop.createFuture<[unknown, StreamWriter]>();
    const server = await startServer((_reader, writer) => made.setResult([currentTask(), writer]), HOST, 0);
    const [reader, writer] = await openConnection(HOST, portOf(server));
    const [task, served] = await made;
    assert.is.not(task, null);
    assert.is.not(task, currentTask());
    await iteration(loop);
    assert.not(served.isClosing(), "it stays open until somebody closes it");
    served.write(Buffer.from("bye"));
    served.close();
    assert.is(String(await reader.read()), "bye");
    writer.close();
    await ended(server);
  }),
);

for (const [kind, callback] of [
  [
    "async function",
    async (reader: StreamReader) => {
      await reader.readline();
      throw new Error("oops");
    },
  ],
  [
    "plain function",
    () => {
      throw new Error("oops");
    },
  ],
] as const) {
  test(
    `what a callback throws that is ${kind} goes to the exception handler, and the connection is closed`,
    onLoop(async ({ reported }) => {
      const server = await startServer(callback, HOST, 0);
      const [reader, writer] = await openConnection(HOST, portOf(server));
      writer.write(Buffer.from("go\n"));
      await rejectionOf(reader.readexactly(1));
      writer.close();
      await ended(server);
      const told = reported.splice(0).map(({ message, exception }) => `${message}: ${exception}`);
      assert.equal(told, ["Unhandled exception in client_connected_cb: Error: oops"]);
    }),
  );
}

test(
  "a callback may throw what is no error, null as well",
  onLoop(async ({ reported }) => {
    for (const thrown of ["oops", undefined, null]) {
      const server = await startServer(
        () => {
          throw thrown;
        },
        HOST,
        0,
      );
      const [reader, writer] = await openConnection(HOST, portOf(server));
      assert.is((await reader.read()).length, 0);
      writer.close();
      await ended(server);
      assert.equal(
        reported.splice(0).map(({ exception }) => exception),
        [thrown],
      );
    }
  }),
);

test(
  "a callback's task that is cancelled closes its connection, and nobody is told of an error",
  onLoop(async ({ loop }) => {
    const begun = loop.createFuture<[task: Task | null]>();
    const callback = async (reader: StreamReader): Promise<void> => {
      begun.setResult([currentTask()]);
      await reader.read();
    };
    const server = await startServer(callback, HOST, 0);
    const [reader, writer] = await openConnection(HOST, portOf(server));
    const [task] = await begun;
    task?.cancel();
    assert.is((await reader.read()).length, 0);
    writer.close();
    await ended(server);
  }),
);

test(
  "drain waits until little enough is left to send",
  onLoop(async ({ loop }) => {
    await withNodeServer(
      (socket) => void socket.pause(),
      async (port) => {
        const [, writer] = await openConnection(HOST, port);
        assert.ok(writer.drain().done());
        writer.write(Buffer.alloc(20_000_000));
        const [one, other] = [writer.drain(), writer.drain()];
        await iteration(loop);
        assert.equal([one.done(), other.done()], [false, false]);
        assert.ok(one.cancel());
        assert.not(other.done());
        const closed = writer.waitClosed();
        writer.transport.abort();
        await other;
        await closed;
        await rejectionOf(one);
      },
    );
    await withNodeServer(
      (socket) => void socket.resume(),
      async (port) => {
        const [, writer] = await openConnection(HOST, port);
        writer.write(Buffer.alloc(20_000_000));
        await writer.drain();
        assert.ok(writer.transport.getWriteBufferSize() <= writer.transport.getWriteBufferLimits()[0]);
        await writer[Symbol.asyncDispose]();
        assert.is((await rejectionOf(writer.drain())).code, "ECONNRESET");
      },
    );
  }),
);

test(
  "who writes and drains in a loop sees that the connection is lost",
  onLoop(async () => {
    await withNodeServer(
      (socket) => void socket.resetAndDestroy(),
      async (port) => {
        const [reader, writer] = await openConnection(HOST, port);
        const writeOn = async (): Promise<never> => {
          for (;;) {
            writer.write(Buffer.alloc(10));
            await writer.drain();
          }
        };
        const error = await rejectionOf(writeOn());
        assert.match(String(error.code), /^(ECONNRESET|EPIPE)$/);
        assert.match(String((await rejectionOf(reader.read())).code), /^(ECONNRESET|EPIPE)$/);
        assert.match(String((await rejectionOf(writer.waitClosed())).code), /^(ECONNRESET|EPIPE)$/);
      },
    );
  }),
);

test(
  "cancelling one who waits for the end leaves the others",
  onLoop(async () => {
    const server = await startServer(echo, HOST, 0);
    const [, writer] = await openConnection(HOST, portOf(server));
    const [one, other] = [writer.waitClosed(), writer.waitClosed()];
    one.cancel();
    writer.close();
    await other;
    await writer.waitClosed();
    await rejectionOf(one);
    await ended(server);
  }),
);

test(
  "a connection that is cancelled is left by nobody, whenever that is",
  onLoop(async ({ loop }) => {
    const server = await startServer(echo, HOST, 0);
    for (let iterations = 0; iterations < 6; iterations++) {
      const opening = openConnection(HOST, portOf(server));
      for (let index = 0; index < iterations && !opening.done(); index++) await iteration(loop);
      if (opening.cancel()) assert.instance(await rejectionOf(opening), CancelledError);
      else (await opening)[1].close();
    }
    // Whoever awaits it may be cancelled in the very turn in which it is done.
    for (let iterations = 0; iterations < 8; iterations++) {
      const task = loop.createTask(function* () {
        const [, writer] = yield* openConnection(HOST, portOf(server));
        writer.close();
      });
      for (let index = 0; index < iterations && !task.done(); index++) await iteration(loop);
      if (task.cancel()) assert.instance(await rejectionOf(task), CancelledError);
    }
    await ended(server);
  }),
);

test(
  "sockets may be given, and what is wrong is refused at the call",
  onLoop(async () => {
    const [left, right] = tcpPair();
    const [reader, writer] = await openConnection(null, null, { sock: left });
    const [, peer] = await openConnection(null, null, { sock: right });
    peer.write(Buffer.from("given"));
    peer.close();
    assert.is(String(await reader.read()), "given");
    assert.match(String(writer), /^<StreamWriter transport=<.*> reader=<StreamReader eof transport=<.*>>>$/);
    writer.close();
    await writer.waitClosed();
    const wrong: [call: () => unknown, code: string][] = [
      [() => openConnection(), "ERR_NO_ADDRESS"],
      [() => openConnection(HOST, 1, { limit: 0 }), "ERR_OUT_OF_RANGE"],
      [() => openConnection(HOST, 1, { size: 1 } as never), "ERR_UNKNOWN_OPTION"],
      [() => openUnixConnection(), "ERR_NO_ADDRESS"],
      [() => startServer({} as never, HOST, 0), "ERR_NOT_CALLABLE"],
      [() => startServer(echo, HOST, 0, { limit: 0 }), "ERR_OUT_OF_RANGE"],
      [() => startUnixServer(echo), "ERR_NO_ADDRESS"],
    ];
    for (const [call, code] of wrong) assert.is(thrownBy(call).code, code, String(call));
    assert.is((await rejectionOf(openUnixConnection("/nowhere/at/all"))).code, "ENOENT");
  }),
);

test("without a running loop there are none", () => {
  assert.is(thrownBy(() => openConnection(HOST, 1)).code, "ERR_NO_RUNNING_LOOP");
  assert.is(thrownBy(() => startServer(echo, HOST, 0)).code, "ERR_NO_RUNNING_LOOP");
});

/** Asks for a line, sends megabytes, and prints what comes back. */
const PYTHON_CLIENT = `
import asyncio, sys
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    data = b"to and fro\\n" * 200000
    async def send():
        writer.write(data)
        await writer.drain()
        writer.write_eof()
    sending = asyncio.create_task(send())
    line = await reader.readline()
    rest = await reader.read()
    await sending
    print(line, line + rest == data)
    writer.close()
    await writer.wait_closed()
asyncio.run(main())
`;

test(
  "CPython's streams get back what they send to ours",
  onLoop(async () => {
    const server = await startServer(echo, HOST, 0);
    const peer = python(PYTHON_CLIENT, String(portOf(server)));
    assert.is(String(await peer.output), "b'to and fro\\n' True\n");
    await ended(server);
  }),
);

/** Answers each line turned round, until the end. */
const PYTHON_SERVER = `
import asyncio, sys
async def main():
    over = asyncio.Event()
    async def turn(reader, writer):
        async for line in reader:
            writer.write(line.rstrip()[::-1] + b"\\r\\n")
            await writer.drain()
        writer.close()
        over.set()
    server = await asyncio.start_server(turn, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], ".", file=sys.stderr, flush=True)
    await over.wait()
asyncio.run(main())
`;

test(
  "our streams talk with CPython's server",
  onLoop(async () => {
    const peer: Peer = python(PYTHON_SERVER);
    const [, port] = await peer.says(/port (\d+) \./);
    const [reader, writer] = await openConnection(HOST, Number(port));
    for (const word of ["live", "stressed"]) {
      writer.write(Buffer.from(`${word}\n`));
      await writer.drain();
      const expected = [...word].reverse().join("");
      assert.is(String(await reader.readuntil(Buffer.from("\r\n"))), `${expected}\r\n`);
    }
    writer.writeEof();
    assert.is((await reader.read()).length, 0);
    writer.close();
    await writer.waitClosed();
    await peer.output;
    if (peer.child.exitCode === null) await once(peer.child, "close");
  }),
);

test.run();

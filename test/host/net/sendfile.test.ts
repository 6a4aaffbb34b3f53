/** Files on sockets and on transports: all of them, parts of them, to slow readers, and what goes wrong. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_UNIX, SO_SNDBUF, SOCK_DGRAM, SOL_SOCKET } from "../../../host/constants.js";
import { RuntimeError, UnsupportedError, ValueError } from "../../../host/errors.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { waitFor } from "../../../host/loop/wait.js";
import { FileDescriptor } from "../../../host/net/pipe.js";
import { type Socket, socketpair } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { asDuplex } from "../../../host/net/transport-duplex.js";
import { Authority } from "../../support/certificates.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, tcpPair, thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portOf, Recorder, rejectionOf, type Scene } from "./support.js";

const test = leakChecked(suite("sendfile"));

const BYTES = randomBytes(3_000_000);
/** A file that the kernel reads, and cannot send. */
const UNSENDABLE = "/proc/self/status";

interface FileScene extends Scene {
  readonly path: string;
  readonly fd: number;
}

/** A test with a file of three million random bytes. */
function withFile(body: (scene: FileScene) => Promise<void>): () => Promise<void> {
  return onLoop(async (scene) => {
    await withFolder(async (folder) => {
      const path = join(folder, "file");
      writeFileSync(path, BYTES);
      const fd = openSync(path, "r");
      try {
        await body({ ...scene, path, fd });
      } finally {
        closeSync(fd);
      }
    });
  });
}

function hash(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Receives `size` bytes, slowly. */
async function receive(loop: EventLoop, sock: Socket, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const chunk = await loop.sockRecv(sock, Math.min(left, 100_000));
    if (chunk.length === 0) break;
    chunks.push(chunk);
    left -= chunk.length;
  }
  return Buffer.concat(chunks);
}

function slowPair(): [Socket, Socket] {
  const pair = socketpair();
  pair[0].setsockopt(SOL_SOCKET, SO_SNDBUF, 8192);
  return pair;
}

async function connection(
  loop: EventLoop,
  [sock, peer]: [Socket, Socket] = tcpPair(),
): Promise<{ transport: Transport; protocol: Recorder; peer: Socket }> {
  const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
  return { transport, protocol, peer };
}

async function end(transport: Transport, protocol: Recorder, ...others: { close(): void }[]): Promise<void> {
  transport.abort();
  await protocol.lost;
  closeAll(...others);
}

test(
  "sockSendfile sends all of a file, however slowly it is taken, and leaves its position alone",
  withFile(async ({ loop, fd }) => {
    const [left, right] = slowPair();
    const sending = loop.sockSendfile(left, fd);
    assert.not(sending.done());
    assert.is(hash(await receive(loop, right, BYTES.length)), hash(BYTES));
    assert.is(await sending, BYTES.length);
    const first = Buffer.alloc(10);
    readSync(fd, first);
    assert.equal(first, BYTES.subarray(0, 10));
    closeAll(left, right);
  }),
);

test(
  "a part of a file goes from offset on, and is count bytes at the most",
  withFile(async ({ loop, fd }) => {
    const [left, right] = socketpair();
    assert.is(await loop.sockSendfile(left, fd, 1_000_000, 1234), 1234);
    assert.equal(await receive(loop, right, 1234), BYTES.subarray(1_000_000, 1_001_234));
    assert.is(await loop.sockSendfile(left, fd, 2_999_990, 100), 10);
    assert.equal(await receive(loop, right, 10), BYTES.subarray(2_999_990));
    assert.is(await loop.sockSendfile(left, fd, 5_000_000), 0);
    assert.is(await loop.sockSendfile(left, fd, 2 ** 40), 0);
    closeAll(left, right);
  }),
);

test(
  "an empty file is sent at once",
  withFile(async ({ loop, path }) => {
    writeFileSync(path, "");
    const file = await open(path);
    const [left, right] = socketpair();
    assert.is(await loop.sockSendfile(left, file), 0);
    await file.close();
    closeAll(left, right);
  }),
);

test(
  "a file may be a number, a FileHandle, or anything with fileno",
  withFile(async ({ loop, path, fd }) => {
    const [left, right] = socketpair();
    const handle = await open(path);
    const descriptor = new FileDescriptor(openSync(path, "r"));
    for (const file of [fd, handle, descriptor]) {
      assert.is(await loop.sockSendfile(left, file, 5, 20), 20);
      assert.equal(await receive(loop, right, 20), BYTES.subarray(5, 25));
    }
    await handle.close();
    closeAll(descriptor, left, right);
  }),
);

test(
  "a file that the system cannot send is read and written, unless fallback is off",
  onLoop(async ({ loop }) => {
    const [left, right] = socketpair();
    const file = await open(UNSENDABLE);
    const expected = readFileSync(UNSENDABLE, "utf8").slice(1, 20);
    assert.is(await loop.sockSendfile(left, file, 1, 19), 19);
    assert.is((await receive(loop, right, 19)).toString(), expected);
    const error = await rejectionOf(loop.sockSendfile(left, file, 0, null, { fallback: false }));
    assert.instance(error, UnsupportedError);
    assert.is(error.code, "ERR_SENDFILE_UNAVAILABLE");
    const { transport, protocol, peer } = await connection(loop);
    assert.is(await loop.sendfile(transport, file, 1, 19), 19);
    assert.is((await receive(loop, peer, 19)).toString(), expected);
    const refused = loop.sendfile(transport, file, 0, null, { fallback: false });
    assert.is((await rejectionOf(refused)).code, "ERR_SENDFILE_UNAVAILABLE");
    await file.close();
    await end(transport, protocol, left, right, peer);
  }),
);

test("a run that keeps the thread sends files too, with and without the system's help", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    writeFileSync(path, BYTES);
    const loop = new EventLoop();
    const [left, right] = slowPair();
    for (const [name, size] of [
      [path, BYTES.length],
      [UNSENDABLE, 500],
    ] as [string, number][]) {
      const fd = openSync(name, "r");
      const received = loop.runUntilCompleteSync(
        loop.createTask(function* () {
          const sending = loop.sockSendfile(left, fd, 0, size);
          let count = 0;
          while (count < size) count += (yield* loop.sockRecv(right, 1 << 20)).length;
          assert.is(yield* sending, size);
          return count;
        }),
      );
      assert.is(received, size);
      closeSync(fd);
    }
    closeAll(left, right, loop);
  });
});

test(
  "cancelling leaves no watch, and the socket can be used again",
  withFile(async ({ loop, fd }) => {
    const [left, right] = slowPair();
    const sending = loop.sockSendfile(left, fd);
    assert.is(thrownBy(() => loop.sockSendall(left, Buffer.from("x"))).code, "ERR_SOCKET_BUSY");
    assert.ok(sending.cancel());
    assert.is(loop._scheduler.core.writerOf(left.fileno()), 0);
    const again = loop.sockSendall(left, Buffer.from("again"));
    while (!(await loop.sockRecv(right, 1 << 20)).toString().endsWith("again"));
    await again;
    closeAll(left, right);
  }),
);

test(
  "a peer that is gone is an error of the call",
  withFile(async ({ loop, fd }) => {
    const [left, right] = slowPair();
    const sending = loop.sockSendfile(left, fd);
    right.close();
    assert.is((await rejectionOf(sending)).code, "EPIPE");
    left.close();
  }),
);

test(
  "sendfile comes after what was written before, and before what is written afterwards",
  withFile(async ({ loop, fd }) => {
    const { transport, protocol, peer } = await connection(loop, slowPair());
    transport.write(BYTES.subarray(0, 1_000_000));
    const sending = loop.sendfile(transport, fd, 0, 2_000_000);
    const received = receive(loop, peer, 3_000_003);
    assert.is(await sending, 2_000_000);
    transport.write(Buffer.from("end"));
    const expected = Buffer.concat([BYTES.subarray(0, 1_000_000), BYTES.subarray(0, 2_000_000), Buffer.from("end")]);
    assert.is(hash(await received), hash(expected));
    await end(transport, protocol, peer);
  }),
);

test(
  "while a file is sent nothing can be written, and nothing is received",
  withFile(async ({ loop, fd }) => {
    const { transport, protocol, peer } = await connection(loop, slowPair());
    const sending = loop.sendfile(transport, fd);
    for (const write of [() => transport.write(Buffer.from("x")), () => transport.writeLines([Buffer.from("x")])]) {
      assert.is(thrownBy(write).code, "ERR_SENDFILE_IN_PROGRESS");
    }
    assert.is((await rejectionOf(loop.sendfile(transport, fd))).code, "ERR_SENDFILE_IN_PROGRESS");
    assert.not(transport.isReading());
    peer.send(Buffer.from("later"));
    await iteration(loop);
    assert.is(protocol.trace.join(), "CM");
    await receive(loop, peer, BYTES.length);
    await sending;
    assert.ok(transport.isReading());
    await protocol.gets(5);
    await end(transport, protocol, peer);
  }),
);

test(
  "TLS cannot begin, and a stream above breaks, while a file is sent; the file arrives",
  withFile(async ({ loop, fd }) => {
    const { transport, protocol, peer } = await connection(loop, slowPair());
    const stream = asDuplex(transport);
    const broken = new Promise<Error & { code?: string }>((resolve) => stream.on("error", resolve));
    const sending = loop.sendfile(transport, fd, 0, 100_000);
    const ssl = new SSLContext();
    const startTls = (): unknown => loop.startTls(transport, protocol, ssl, { serverHostname: "localhost" });
    assert.is(thrownBy(startTls).code, "ERR_SENDFILE_IN_PROGRESS");
    assert.is(hash(await receive(loop, peer, 100_000)), hash(BYTES.subarray(0, 100_000)));
    assert.is(await sending, 100_000);
    const second = rejectionOf(loop.sendfile(transport, fd));
    stream.write("x");
    assert.is((await broken).code, "ERR_SENDFILE_IN_PROGRESS");
    assert.is((await second).code, "ERR_SOCKET_CLOSED");
    closeAll(peer);
  }),
);

test(
  "a transport that was paused stays so",
  withFile(async ({ loop, fd }) => {
    const { transport, protocol, peer } = await connection(loop);
    transport.pauseReading();
    await loop.sendfile(transport, fd, 0, 10);
    assert.not(transport.isReading());
    await end(transport, protocol, peer);
  }),
);

for (const ending of ["close", "writeEof"] as const) {
  test(
    `${ending} waits for the file`,
    withFile(async ({ loop, fd }) => {
      const { transport, protocol, peer } = await connection(loop, slowPair());
      transport.write(BYTES.subarray(0, 500_000));
      const sending = loop.sendfile(transport, fd);
      transport[ending]();
      assert.is((await receive(loop, peer, 5_000_000)).length, BYTES.length + 500_000);
      assert.is(await sending, BYTES.length);
      await end(transport, protocol, peer);
    }),
  );
}

test(
  "a connection that is aborted, or lost, ends the call with an error, and is told of once",
  withFile(async ({ loop, fd }) => {
    for (const written of [0, 500_000]) {
      for (const lose of ["abort", "reset"]) {
        const { transport, protocol, peer } = await connection(loop, slowPair());
        if (written > 0) transport.write(BYTES.subarray(0, written));
        const sending = loop.sendfile(transport, fd);
        if (lose === "abort") transport.abort();
        else peer.close();
        const { code = "" } = (await rejectionOf(sending)) as { code?: string };
        assert.ok(["ERR_SOCKET_CLOSED", "ERR_TRANSPORT_CLOSING", "EPIPE", "ECONNRESET"].includes(code), code);
        await end(transport, protocol, peer);
        assert.is(protocol.trace.filter((word) => word === "CL").length, 1);
      }
    }
  }),
);

test(
  "cancelled, it leaves a transport that can be used",
  withFile(async ({ loop, fd }) => {
    for (const written of [0, 500_000]) {
      const { transport, protocol, peer } = await connection(loop, slowPair());
      if (written > 0) transport.write(BYTES.subarray(0, written));
      const sending = loop.sendfile(transport, fd);
      assert.ok(sending.cancel());
      assert.ok(transport.isReading());
      transport.write(Buffer.from("the end"));
      transport.close();
      const received = await receive(loop, peer, 5_000_000);
      assert.is(received.subarray(-7).toString(), "the end");
      await protocol.lost;
      peer.close();
    }
  }),
);

test(
  "over TLS a file is read and written, with the flow control that the protocol has",
  withFile(async ({ loop, fd }) => {
    const authority = new Authority();
    const { cert, key } = authority.sign("localhost", "IP:127.0.0.1");
    const served = new Recorder(loop);
    const server = await loop.createServer(() => served, "127.0.0.1", 0, { ssl: new SSLContext({ cert, key }) });
    const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", portOf(server), {
      ssl: new SSLContext({ ca: authority.cert }),
    });
    await served.made;
    const refused = thrownBy(() => loop.sendfile(transport, fd, 0, null, { fallback: false }));
    assert.is((refused as { code?: string }).code, "ERR_SENDFILE_UNAVAILABLE");
    assert.is(await loop.sendfile(transport, fd, 1000), BYTES.length - 1000);
    assert.is(transport.getProtocol(), protocol);
    transport.write(Buffer.from("end"));
    await served.gets(BYTES.length - 997);
    assert.is(hash(served.received.subarray(0, -3)), hash(BYTES.subarray(1000)));
    assert.not(protocol.trace.includes("PW"));
    transport.close();
    await protocol.lost;
    await served.lost;
    server.close();
    await server.waitClosed();
  }),
);

test(
  "a second file at the same time is refused over a stream too, and the protocol has its place back",
  withFile(async ({ loop, fd }) => {
    const stream = new PassThrough();
    const [transport, protocol] = await loop.connectDuplex(() => new Recorder(loop), stream);
    transport.pauseReading();
    const first = loop.sendfile(transport, fd, 0, 100_000);
    const second = loop.sendfile(transport, fd, 0, 100_000);
    assert.is((await rejectionOf(waitFor(second, 10))).code, "ERR_SENDFILE_IN_PROGRESS");
    transport.resumeReading();
    assert.is(await first, 100_000);
    assert.is(transport.getProtocol(), protocol);
    await end(transport, protocol);
  }),
);

test(
  "a slow stream of Node's is waited for, and its end is an error",
  withFile(async ({ loop, fd }) => {
    const stream = new PassThrough({ highWaterMark: 1000 });
    const [transport, protocol] = await loop.connectDuplex(() => new Recorder(loop), stream);
    const sending = loop.sendfile(transport, fd);
    await iteration(loop);
    transport.abort();
    assert.is(((await rejectionOf(sending)) as { code?: string }).code, "ERR_TRANSPORT_CLOSING");
    await protocol.lost;
    assert.is(protocol.trace.filter((word) => word === "CL").length, 1);
  }),
);

test(
  "what cannot be sent, or sent on, is refused at the call",
  withFile(async ({ loop, fd, path }) => {
    const [left, right] = socketpair();
    const [datagram, other] = socketpair(AF_UNIX, SOCK_DGRAM);
    const { transport, protocol, peer } = await connection(loop);
    const folder = openSync(join(path, ".."), "r");
    const calls: ((file: never, offset?: never, count?: never, options?: never) => unknown)[] = [
      (...args) => loop.sockSendfile(left, ...args),
      (...args) => loop.sendfile(transport, ...args),
    ];
    const rows: [args: unknown[], kind: unknown, code: string][] = [
      [["file"], ValueError, "ERR_INVALID_FILE"],
      [[folder], ValueError, "ERR_INVALID_FILE"],
      [[right], ValueError, "ERR_INVALID_FILE"],
      [[999_999], Error, "EBADF"],
      [[fd, -1], ValueError, "ERR_OUT_OF_RANGE"],
      [[fd, 0.5], ValueError, "ERR_OUT_OF_RANGE"],
      [[fd, "1"], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[fd, 0, 0], ValueError, "ERR_OUT_OF_RANGE"],
      [[fd, 0, Number.NaN], ValueError, "ERR_OUT_OF_RANGE"],
      [[fd, 0, "1"], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[fd, 0, 1, { fallback: "yes" }], TypeError, "ERR_INVALID_ARG_TYPE"],
      [[fd, 0, 1, { fallBack: true }], TypeError, "ERR_UNKNOWN_OPTION"],
      [[fd, 0, 1, null], TypeError, "ERR_INVALID_ARG_TYPE"],
    ];
    for (const call of calls) {
      for (const [args, kind, code] of rows) {
        const error = thrownBy(() => call(...(args as [never])));
        assert.instance(error, kind as never);
        assert.is(error.code, code, JSON.stringify(args));
      }
    }
    assert.is(thrownBy(() => loop.sockSendfile(datagram, fd)).code, "ERR_SOCKET_KIND");
    assert.is(thrownBy(() => loop.sockSendfile(transport as never, fd)).code, "ERR_NOT_A_SOCKET");
    assert.is(thrownBy(() => loop.sendfile(left as never, fd)).code, "ERR_NOT_A_TRANSPORT");
    const foreign = new EventLoop();
    assert.is(thrownBy(() => foreign.sendfile(transport, fd)).code, "ERR_FOREIGN_TRANSPORT");
    foreign.close();
    closeSync(folder);
    await end(transport, protocol, left, right, datagram, other, peer);
    const closed = thrownBy(() => loop.sendfile(transport, fd));
    assert.instance(closed, RuntimeError);
    assert.is(closed.code, "ERR_TRANSPORT_CLOSING");
  }),
);

test.run();

/**
 * Files on connections, held against the checks of CPython's own: Lib/test/test_asyncio/test_sendfile.py of 3.11.
 *
 * Not here is where the file's position is afterwards: ours stays where it was.
 *
 * Does not own: what sendfile.test.ts and sendfile-arms.test.ts say already.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeFileSync } from "node:fs";
import type * as net from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket, socketpair } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { Authority } from "../../support/certificates.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import {
  HalfOpenRecorder,
  iteration,
  nodeClient,
  onLoop,
  portOf,
  Recorder,
  rejectionOf,
  type Scene,
  withNodeServer,
} from "./support.js";

const test = leakChecked(suite("files on connections, as CPython tests them"));

/** More than small buffers hold, and no multiple of a piece. */
const BYTES = randomBytes(256 * 1024 + 1);
const BUFFER_BYTES = 4096;

const authority = new Authority();

/** A test with a file. */
function withFile(body: (scene: Scene & { fd: number }) => Promise<void>): () => Promise<void> {
  return onLoop(async (scene) => {
    await withFolder(async (folder) => {
      const path = join(folder, "file");
      writeFileSync(path, BYTES);
      const fd = openSync(path, "r");
      await body({ ...scene, fd });
      closeSync(fd);
    });
  });
}

/** A server's side that closes once it has got so many bytes. */
class Reader extends Recorder {
  closesAfter = Number.POSITIVE_INFINITY;

  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    if (this.received.length >= this.closesAfter) this.transport.close();
  }
}

interface Ends {
  readonly transport: Transport;
  readonly protocol: Recorder;
  readonly reader: Reader;
}

/** Calls `body` with both ends of a connection with small buffers. */
async function connected(loop: EventLoop, isSecure: boolean, body: (ends: Ends) => Promise<void>): Promise<void> {
  const reader = new Reader(loop);
  const listening = new Socket();
  listening.bind({ host: "127.0.0.1", port: 0 });
  listening.setsockopt(SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
  const { cert, key } = authority.sign("localhost", "IP:127.0.0.1");
  const ssl = isSecure ? new SSLContext({ cert, key }) : null;
  const server = await loop.createServer(() => reader, null, null, { sock: listening, ssl });
  const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", portOf(server), {
    ssl: isSecure ? new SSLContext({ ca: authority.cert }) : null,
  });
  transport.getExtraInfo("socket")?.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
  transport.setWriteBufferLimits({ high: BUFFER_BYTES });
  await reader.made;
  await body({ transport, protocol, reader });
  transport.close();
  await protocol.lost;
  await reader.lost;
  server.close();
  await server.waitClosed();
}

for (const [name, isSecure] of [
  ["a socket", false],
  ["TLS", true],
] as const) {
  test(
    `a peer that closes once it has everything is no error, over ${name}`,
    withFile(async ({ loop, fd }) => {
      await connected(loop, isSecure, async ({ transport, reader }) => {
        reader.closesAfter = BYTES.length;
        assert.is(await loop.sendfile(transport, fd), BYTES.length);
        await reader.lost;
        assert.ok(reader.received.equals(BYTES));
      });
    }),
  );

  test(
    `a peer that closes in the middle is an error, and the end of the connection, over ${name}`,
    withFile(async ({ loop, fd }) => {
      await connected(loop, isSecure, async ({ transport, protocol, reader }) => {
        reader.closesAfter = 1024;
        const { code = "" } = await rejectionOf(loop.sendfile(transport, fd));
        assert.ok(["ECONNRESET", "EPIPE", "ERR_TRANSPORT_CLOSING"].includes(code), code);
        await protocol.lost;
        assert.ok(transport.isClosing());
        assert.is(transport.getProtocol(), protocol);
        assert.ok(reader.received.length < BYTES.length);
        assert.is(protocol.trace.filter((word) => word === "CL").length, 1);
      });
    }),
  );

  test(
    `what is written before and after a file arrives before and after it, over ${name}`,
    withFile(async ({ loop, fd }) => {
      await connected(loop, isSecure, async ({ transport, reader }) => {
        const [before, after] = [randomBytes(8192), randomBytes(8192)];
        transport.write(before);
        assert.is(await loop.sendfile(transport, fd, 1000, 100_000), 100_000);
        transport.write(after);
        transport.close();
        await reader.lost;
        assert.ok(reader.received.equals(Buffer.concat([before, BYTES.subarray(1000, 101_000), after])));
      });
    }),
  );
}

/** Receives into a small buffer of its own. */
class SmallBuffer extends HalfOpenRecorder {
  readonly #buffer = Buffer.alloc(3);

  getBuffer(): Buffer {
    return this.#buffer;
  }

  bufferUpdated(size: number): void {
    this.dataReceived(Buffer.from(this.#buffer.subarray(0, size)));
  }
}

for (const [name, Kind] of [
  ["a protocol", HalfOpenRecorder],
  ["a protocol with buffers of its own", SmallBuffer],
] as const) {
  test(
    `what comes while a file is read and written, since reading was resumed, reaches ${name}, and so does the end`,
    withFile(async ({ loop, fd }) => {
      const peers: net.Socket[] = [];
      await withNodeServer(
        (socket) => peers.push(socket.pause()),
        async (port) => {
          const client = await nodeClient(port);
          while (peers.length === 0) await iteration(loop);
          const peer = peers[0] as net.Socket;
          const [transport, protocol] = await loop.connectDuplex(() => new Kind(loop), client);
          transport.write(Buffer.alloc(10_000_000));
          const sending = loop.sendfile(transport, fd);
          transport.resumeReading();
          peer.write("hello");
          await protocol.gets(5);
          assert.is(protocol.text, "hello");
          peer.end();
          await protocol.eof;
          assert.not(sending.done());
          peer.resume();
          assert.is(await sending, BYTES.length);
          assert.is(transport.getProtocol(), protocol);
          transport.close();
          assert.is(await protocol.lost, null);
        },
        { allowHalfOpen: true },
      );
    }),
  );
}

test(
  "after writeEof no file is sent, whether or not something waits to be sent",
  withFile(async ({ loop, fd }) => {
    for (const size of [0, 10, 1_000_000]) {
      const [sock, peer] = socketpair();
      const [transport, protocol] = await loop.createConnection(() => new Recorder(loop), null, null, { sock });
      transport.write(Buffer.alloc(size));
      transport.writeEof();
      for (const options of [{}, { fallback: false }]) {
        const { code } = await rejectionOf(loop.sendfile(transport, fd, 0, null, options));
        assert.is(code, "ERR_WRITE_AFTER_EOF");
      }
      assert.ok(transport.isReading());
      let received = 0;
      for (;;) {
        const data = await loop.sockRecv(peer, 100_000);
        if (data.length === 0) break;
        received += data.length;
      }
      assert.is(received, size);
      peer.close();
      assert.is(await protocol.lost, null);
    }
  }),
);

test(
  "files and other bytes take turns on a socket",
  withFile(async ({ loop, fd }) => {
    const [left, right] = socketpair();
    left.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
    const bytes = randomBytes(65_536);
    const sending = loop.createTask(async () => {
      await loop.sockSendall(left, bytes);
      const sent = await loop.sockSendfile(left, fd);
      await loop.sockSendall(left, bytes);
      left.close();
      return sent;
    });
    const chunks: Buffer[] = [];
    do chunks.push(await loop.sockRecv(right, 100_000));
    while (chunks.at(-1)?.length !== 0);
    assert.is(await sending, BYTES.length);
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat([bytes, BYTES, bytes])));
    right.close();
  }),
);

test(
  "an endpoint of datagrams sends no files",
  withFile(async ({ loop, fd }) => {
    const [transport] = await loop.createDatagramEndpoint(() => ({}), { host: "127.0.0.1", port: 0 });
    assert.is(thrownBy(() => loop.sendfile(transport as never, fd)).code, "ERR_NOT_A_TRANSPORT");
    transport.close();
  }),
);

test.run();

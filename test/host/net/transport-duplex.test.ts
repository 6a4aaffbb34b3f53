import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Server } from "../../../host/net/server.js";
import { type Socket, socketpair } from "../../../host/net/socket.js";
import type { Transport } from "../../../host/net/transport.js";
import { asDuplex, type DuplexOptions, type TransportDuplex } from "../../../host/net/transport-duplex.js";
import type { Protocol } from "../../../host/protocols.js";
import { leakChecked } from "../../support/leaks.js";
import { tcpPair, thrownBy } from "../../support/sockets.js";
import { duplexPair, readAll } from "../../support/streams.js";
import { iteration, nodeClient, onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("asDuplex"));

const MIB = 1 << 20;

/** A stream over one end of a connection, whose other end is a bare socket. */
async function streamAndPeer(
  loop: EventLoop,
  options?: DuplexOptions,
  [sock, peer]: [Socket, Socket] = tcpPair(),
): Promise<{ stream: TransportDuplex; peer: Socket }> {
  const [transport] = await loop.createConnection(() => ({}), null, null, { sock });
  return { stream: asDuplex(transport, options), peer };
}

/** One whose send buffer is small. */
function narrow(loop: EventLoop, options?: DuplexOptions): Promise<{ stream: TransportDuplex; peer: Socket }> {
  const pair = socketpair();
  pair[0].setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
  return streamAndPeer(loop, options, pair);
}

async function receiveAll(loop: EventLoop, peer: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await loop.sockRecv(peer, MIB);
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

function reset(socket: Socket): void {
  socket.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  socket.close();
}

/** A factory of protocols that hand each connection to a server of Node's. */
function handTo(server: http.Server): () => Protocol {
  return () => ({ connectionMade: (transport: Transport) => void server.emit("connection", asDuplex(transport)) });
}

async function end(loop: EventLoop, server: Server): Promise<void> {
  server.close();
  server.closeClients();
  await server.waitClosed();
  await iteration(loop);
}

test(
  "a node:http server serves 1,000 requests on one of our connections",
  onLoop(async ({ loop }) => {
    const web = http.createServer((request, response) => {
      request.resume().on("end", () => response.end(`${request.method} ${request.url}`));
    });
    const sockets = new Set<unknown>();
    web.on("connection", (socket) => sockets.add(socket));
    const server = await loop.createServer(handTo(web), "127.0.0.1", 0);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let number = 0; number < 1000; number++) {
      const asked = http.request({ agent, port: portOf(server), method: "POST", path: `/${number}` });
      asked.end("x".repeat(number));
      const [answer] = (await once(asked, "response")) as [http.IncomingMessage];
      assert.is(`${await readAll(answer)}`, `POST /${number}`);
    }
    assert.is(sockets.size, 1);
    agent.destroy();
    await end(loop, server);
    web.close();
  }),
);

test(
  "curl fetches from a node:http server on our sockets, over TCP and over a Unix socket",
  onLoop(async ({ loop }) => {
    const body = Buffer.alloc(3 * MIB, "a page ");
    const web = http.createServer((request, response) => {
      response.setHeader("x-peer", `${request.socket.remoteAddress}`);
      if (request.url === "/chunked") Readable.from([body.subarray(0, MIB), body.subarray(MIB)]).pipe(response);
      else response.end(body);
    });
    const path = join(tmpdir(), `wasyncio-${process.pid}.sock`);
    const servers = [
      await loop.createServer(handTo(web), "127.0.0.1", 0),
      await loop.createUnixServer(handTo(web), path),
    ];
    const curl = promisify(execFile);
    const words = ["--silent", "--show-error", "--max-time", "60", "--include"];
    const options = { encoding: "buffer", maxBuffer: 8 * MIB } as const;
    for (const [where, peer] of [
      [[`http://127.0.0.1:${portOf(servers[0] as Server)}/whole`], "127.0.0.1"],
      [["--unix-socket", path, "http://localhost/chunked"], "undefined"],
    ] as const) {
      const { stdout } = await curl("curl", [...words, ...where], options);
      const headers = stdout.subarray(0, stdout.indexOf("\r\n\r\n")).toString();
      assert.match(headers, /^HTTP\/1.1 200 OK/);
      assert.match(headers, `x-peer: ${peer}`);
      assert.ok(stdout.subarray(headers.length + 4).equals(body));
    }
    for (const server of servers) await end(loop, server);
    web.close();
  }),
);

test(
  "node:http closes a connection that is silent for too long",
  onLoop(async ({ loop }) => {
    const web = http.createServer((_request, response) => response.end("x"));
    web.keepAliveTimeout = 20;
    const server = await loop.createServer(handTo(web), "127.0.0.1", 0);
    const client = await nodeClient(portOf(server));
    client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    assert.match(`${await readAll(client)}`, /^HTTP\/1.1 200 OK.*x$/s);
    await end(loop, server);
    web.close();
  }),
);

test(
  "node:http asks over one of our connections",
  onLoop(async ({ loop }) => {
    const web = http.createServer((request, response) => response.end(`you are ${request.socket.remotePort}`));
    web.listen(0, "127.0.0.1");
    await once(web, "listening");
    const { port } = web.address() as { port: number };
    const [transport] = await loop.createConnection(() => ({}), "127.0.0.1", port);
    const stream = asDuplex(transport);
    const asked = http.get({ createConnection: () => stream });
    const [answer] = (await once(asked, "response")) as [http.IncomingMessage];
    assert.is(`${await readAll(answer)}`, `you are ${stream.localPort}`);
    if (!stream.closed) await once(stream, "close");
    web.close();
    web.closeAllConnections();
    await once(web, "close");
  }),
);

test(
  "a stream echoes by pipeline, and its end is the connection's",
  onLoop(async ({ loop }) => {
    const streams: TransportDuplex[] = [];
    const factory = () => ({
      connectionMade: (transport: Transport) => {
        const stream = asDuplex(transport);
        streams.push(stream);
        void pipeline(stream, stream);
      },
    });
    const server = await loop.createServer(factory, "127.0.0.1", 0);
    const data = Buffer.alloc(8 * MIB, "there and back again ");
    const client = await nodeClient(portOf(server));
    client.end(data);
    assert.ok((await readAll(client)).equals(data));
    const [stream] = streams as [TransportDuplex];
    if (!stream.closed) await once(stream, "close");
    assert.is(stream.errored, null);
    server.close();
    await server.waitClosed();
  }),
);

test(
  "what nobody reads stops the connection from receiving",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop, { readableHighWaterMark: 1000 });
    peer.send(Buffer.alloc(999));
    while (stream.readableLength < 999) await iteration(loop);
    assert.ok(stream.transport.isReading());
    peer.send(Buffer.alloc(1));
    while (stream.transport.isReading()) await iteration(loop);
    assert.is(stream.readableLength, 1000);
    stream.read();
    while (!stream.transport.isReading()) await iteration(loop);
    stream.destroy();
    await once(stream, "close");
    peer.close();
  }),
);

test(
  "a peer that does not read makes write() return false, and reading drains it",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await narrow(loop, { writableHighWaterMark: 5000 });
    const chunk = Buffer.alloc(10_000, "y");
    let written = 0;
    for (let turn = 0; turn < 100 && !stream.writableNeedDrain; turn++) {
      while (written < 10 * MIB && stream.write(chunk)) written += chunk.length;
      written += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(stream.writableNeedDrain);
    assert.is(stream.writableHighWaterMark, 5000);
    assert.ok(stream.transport.getWriteBufferSize() <= 65536 + chunk.length);
    assert.ok(written < 65536 + 20 * chunk.length);
    const drained = once(stream, "drain");
    const received = receiveAll(loop, peer);
    await drained;
    stream.end();
    assert.is((await received).length, written);
    peer.close();
    if (!stream.closed) await once(stream.resume(), "close");
  }),
);

test(
  "64 MiB to a slow reader are equal by their hash, and never much of it waits",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await narrow(loop);
    const total = 64 * MIB;
    const [sent, received] = [createHash("sha256"), createHash("sha256")];
    let most = 0;
    function* pieces() {
      const size = 64 * 1024;
      for (let left = total; left > 0; left -= size) {
        const piece = Buffer.alloc(size, left / size);
        sent.update(piece);
        most = Math.max(most, stream.writableLength + stream.transport.getWriteBufferSize());
        yield piece;
      }
    }
    const sending = pipeline(Readable.from(pieces()), new ForwardOnly(stream));
    let come = 0;
    while (come < total) {
      const chunk = await loop.sockRecv(peer, 200_000);
      received.update(chunk);
      come += chunk.length;
    }
    await sending;
    assert.is(received.digest("hex"), sent.digest("hex"));
    assert.ok(most <= 512 * 1024, `${most} bytes waited`);
    stream.destroy();
    await once(stream, "close");
    peer.close();
  }),
);

/** Writes to a stream and waits for it, but does not end it. */
class ForwardOnly extends Writable {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    super();
    this.#stream = stream;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream.write(chunk)) done();
    else this.#stream.once("drain", done);
  }
}

test(
  "many small writes leave together",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    stream.cork();
    for (const text of ["a", "b", "c"]) stream.write(text);
    assert.is(thrownBy(() => peer.recv(9)).code, "EAGAIN");
    stream.uncork();
    assert.is((await loop.sockRecv(peer, 9)).toString(), "abc");
    stream.destroy();
    await once(stream, "close");
    peer.close();
  }),
);

test(
  "what is written before it ends is sent, and finished is what the kernel has taken",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await narrow(loop);
    stream.end(Buffer.alloc(200_000));
    await new Promise((resolve) => setImmediate(resolve));
    assert.not(stream.writableFinished);
    const finished = once(stream, "finish");
    const received = receiveAll(loop, peer);
    await finished;
    assert.is(stream.transport.getWriteBufferSize(), 0);
    assert.is((await received).length, 200_000);
    peer.close();
    await once(stream.resume(), "close");
  }),
);

test(
  "a stream that has ended still receives what the peer sends",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    stream.end("question");
    assert.is(`${await receiveAll(loop, peer)}`, "question");
    assert.not(stream.transport.isClosing());
    peer.send(Buffer.from("answer"));
    peer.close();
    assert.is(`${await readAll(stream)}`, "answer");
    if (!stream.closed) await once(stream, "close");
    assert.ok(stream.transport.isClosing());
  }),
);

test(
  "a peer that has ended ends the stream, unless it may be half open",
  onLoop(async ({ loop }) => {
    for (const allowHalfOpen of [false, true]) {
      const { stream, peer } = await streamAndPeer(loop, { allowHalfOpen });
      peer.shutdown(1);
      await once(stream.resume(), "end");
      for (let turn = 0; turn < 10; turn++) await iteration(loop);
      assert.is(stream.writableEnded, !allowHalfOpen);
      if (allowHalfOpen) stream.end("late answer");
      assert.is(`${await receiveAll(loop, peer)}`, allowHalfOpen ? "late answer" : "");
      if (!stream.closed) await once(stream, "close");
      peer.close();
    }
  }),
);

test(
  "what has come can be read when the connection is gone",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop, { allowHalfOpen: true });
    peer.send(Buffer.from("last words"));
    while (stream.readableLength === 0) await iteration(loop);
    stream.transport.abort();
    while (stream.writable) await iteration(loop);
    assert.not(stream.destroyed);
    assert.is(`${await readAll(stream)}`, "last words");
    if (!stream.closed) await once(stream, "close");
    assert.is(stream.errored, null);
    peer.close();
  }),
);

test(
  "a transport that is closed by somebody else closes the stream",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    stream.transport.close();
    await once(stream, "close");
    assert.is(stream.errored, null);
    assert.ok(stream.readableEnded);
    peer.close();
  }),
);

test(
  "destroying the stream before it has finished drops what waits",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await narrow(loop);
    stream.write(Buffer.alloc(200_000));
    stream.destroy();
    await once(stream, "close");
    assert.ok(stream.transport.isClosing());
    assert.ok((await receiveAll(loop, peer)).length < 200_000);
    peer.close();
  }),
);

test(
  "destroying the stream with an error is told of, and closes the connection",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const wrong = new Error("mine");
    const told = once(stream, "error");
    stream.destroy(wrong);
    assert.equal(await told, [wrong]);
    if (!stream.closed) await once(stream, "close");
    assert.is((await loop.sockRecv(peer, 1)).length, 0);
    peer.close();
  }),
);

test(
  "a connection that is reset is an error of the stream",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const told = once(stream, "error");
    reset(peer);
    assert.is(((await told) as [{ code: string }])[0].code, "ECONNRESET");
    if (!stream.closed) await once(stream, "close");
  }),
);

test(
  "writing to a connection that is closing is a broken pipe",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const told = once(stream, "error");
    stream.transport.close();
    stream.write("x");
    assert.is(((await told) as [{ code: string }])[0].code, "EPIPE");
    if (!stream.closed) await once(stream, "close");
    peer.close();
  }),
);

test(
  "what waits when the connection is lost is a broken pipe",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await narrow(loop);
    stream.write(Buffer.alloc(200_000));
    const told = once(stream, "error");
    stream.transport.abort();
    assert.is(((await told) as [{ code: string }])[0].code, "EPIPE");
    if (!stream.closed) await once(stream, "close");
    peer.close();
  }),
);

test(
  "timeout comes when there was no traffic, and can be turned off",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const began = performance.now();
    let called = 0;
    const count = (): void => {
      called++;
    };
    assert.is(stream.setTimeout(30, count), stream);
    assert.is(stream.timeout, 30);
    stream.write("x");
    await once(stream, "timeout");
    assert.ok(performance.now() - began >= 29);
    assert.is(called, 1);
    stream.setTimeout(30, count);
    stream.setTimeout(0, count);
    assert.is(stream.listenerCount("timeout"), 0);
    assert.is(thrownBy(() => stream.setTimeout(-1)).code, "ERR_OUT_OF_RANGE");
    stream.setTimeout(60_000);
    stream.destroy();
    await once(stream, "close");
    peer.close();
  }),
);

test(
  "knows its names, and that nothing is encrypted",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const names = [stream.localAddress, stream.localPort, stream.remoteAddress, stream.remotePort];
    const [own, other] = [peer.getsockname(), peer.getpeername()] as { host: string; port: number }[];
    assert.equal(names, [other?.host, other?.port, own?.host, own?.port]);
    assert.not(stream.encrypted);
    stream.destroy();
    await once(stream, "close");
    peer.close();
  }),
);

test(
  "a stream of a transport over a stream",
  onLoop(async ({ loop }) => {
    const [left, right] = duplexPair();
    const [transport] = await loop.connectDuplex(() => new Recorder(loop), left);
    const stream = asDuplex(transport);
    right.end("in");
    stream.end("out");
    assert.equal((await Promise.all([readAll(stream), readAll(right)])).map(String), ["in", "out"]);
    if (!stream.closed) await once(stream, "close");
    right.destroy();
  }),
);

test("a stream that outlives its loop can be destroyed", async () => {
  const loop = new EventLoop();
  const [sock, peer] = tcpPair();
  const [transport] = await loop.runUntilComplete(loop.createConnection(() => ({}), null, null, { sock }));
  const stream = asDuplex(transport);
  loop.close();
  stream.destroy();
  await once(stream, "close");
  assert.ok(sock.closed);
  peer.close();
});

test(
  "bad arguments are refused",
  onLoop(async ({ loop }) => {
    const { stream, peer } = await streamAndPeer(loop);
    const { transport } = stream;
    assert.is(thrownBy(() => asDuplex({} as never)).code, "ERR_NOT_A_TRANSPORT");
    assert.is(thrownBy(() => asDuplex(transport, { half: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
    assert.is(thrownBy(() => asDuplex(transport, { allowHalfOpen: 1 as never })).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => asDuplex(transport, { readableHighWaterMark: -1 })).code, "ERR_OUT_OF_RANGE");
    assert.is(thrownBy(() => asDuplex(transport, { writableHighWaterMark: 0.5 })).code, "ERR_OUT_OF_RANGE");
    stream.destroy();
    await once(stream, "close");
    assert.is(thrownBy(() => asDuplex(transport)).code, "ERR_TRANSPORT_CLOSING");
    peer.close();
  }),
);

test(
  "begins full where its transport is",
  onLoop(async ({ loop }) => {
    const [ours, theirs] = socketpair();
    const [transport] = await loop.createConnection(() => ({}), null, null, { sock: ours });
    transport.write(Buffer.alloc(4 * MIB));
    const stream = asDuplex(transport);
    for (let waiting = 0; waiting <= stream.writableHighWaterMark; waiting += 10_000)
      stream.write(Buffer.alloc(10_000));
    assert.is(stream.writableNeedDrain, true);
    let waits = Number.NaN;
    stream.end(() => {
      waits = transport.getWriteBufferSize();
    });
    const received = receiveAll(loop, theirs);
    await once(stream, "finish");
    assert.is(waits, 0);
    assert.ok((await received).length > 4 * MIB);
    theirs.close();
    if (!stream.closed) await once(stream, "close");
  }),
);

test(
  "an agent of Node's keeps it for the next request",
  onLoop(async ({ loop }) => {
    const server = http.createServer((_request, response) => response.end("hello"));
    server.keepAliveTimeout = 60_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const streams: TransportDuplex[] = [];
    const agent = Object.assign(new http.Agent({ keepAlive: true, keepAliveMsecs: 5000 }), {
      createConnection: (_options: object, done: (error: Error | null, stream?: TransportDuplex) => void) => {
        loop
          .createConnection(() => ({}), "127.0.0.1", port)
          .then(([transport]) => {
            const stream = asDuplex(transport);
            streams.push(stream);
            done(null, stream);
          }, done);
      },
    });
    const ask = async (): Promise<string> => {
      const asked = http.get({ agent, host: "127.0.0.1", port });
      const [response] = (await once(asked, "response")) as [http.IncomingMessage];
      return String(await readAll(response));
    };
    assert.equal([await ask(), await ask(), await ask()], ["hello", "hello", "hello"]);
    assert.is(streams.length, 1);
    const socket = streams[0]?.transport.getExtraInfo("socket") as Socket;
    assert.is(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 1);
    assert.is(socket.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE), 5);
    streams[0]?.setKeepAlive(false).setNoDelay(false).unref().ref();
    assert.equal([socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE), socket.getsockopt(IPPROTO_TCP, TCP_NODELAY)], [0, 0]);
    agent.destroy();
    server.close();
    await once(server, "close");
  }),
);

test.run();

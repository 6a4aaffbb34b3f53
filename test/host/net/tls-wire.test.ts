/** The stream below TLS: what it is spared, it must not need. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { type Socket, socketpair } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import { TlsWire } from "../../../host/net/tls-wire.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { tcpPair } from "../../support/sockets.js";
import { iteration, onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("TlsWire"));

const PIECE = Buffer.alloc(500_000, "p");

async function wireAndPeer(loop: EventLoop): Promise<{ wire: TlsWire; peer: Socket }> {
  const [sock, peer] = socketpair();
  sock.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096);
  const [transport] = await loop.createConnection(() => ({}), null, null, { sock });
  return { wire: new TlsWire(transport), peer };
}

async function receive(loop: EventLoop, peer: Socket, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const chunk = await loop.sockRecv(peer, left);
    chunks.push(chunk);
    left -= chunk.length;
  }
  return Buffer.concat(chunks);
}

async function close(wire: TlsWire, peer: Socket): Promise<void> {
  wire.destroy();
  await once(wire, "close");
  peer.close();
}

test(
  "sends what is written between cork and uncork together, and says so once for each",
  onLoop(async ({ loop }) => {
    const { wire, peer } = await wireAndPeer(loop);
    const done: (Error | null | undefined)[] = [];
    wire.cork();
    for (const piece of ["one", "two", "three"])
      wire.write(Buffer.from(piece), (error: Error | null) => done.push(error));
    assert.equal(done, []);
    wire.uncork();
    assert.is(done.length, 3);
    assert.not(done.some(Boolean));
    assert.is((await receive(loop, peer, 11)).toString(), "onetwothree");
    await close(wire, peer);
  }),
);

test(
  "is done with nothing before the connection has room again",
  onLoop(async ({ loop }) => {
    const { wire, peer } = await wireAndPeer(loop);
    const done: number[] = [];
    wire.cork();
    for (const number of [1, 2, 3]) wire.write(PIECE, () => done.push(number));
    wire.uncork();
    assert.not(wire.write(Buffer.from("more"), () => done.push(4)));
    await turn();
    assert.equal(done, []);
    const received = await receive(loop, peer, 3 * PIECE.length + 4);
    assert.is(received.subarray(-4).toString(), "more");
    await iteration(loop);
    assert.equal(done, [1, 2, 3, 4]);
    await close(wire, peer);
  }),
);

test(
  "keeps what comes while nobody reads",
  onLoop(async ({ loop }) => {
    const { wire, peer } = await wireAndPeer(loop);
    const sent = randomBytes(40_000);
    for (let at = 0; at < sent.length; at += 1000) {
      await loop.sockSendall(peer, sent.subarray(at, at + 1000));
      await iteration(loop);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    wire.on("data", (chunk: Buffer) => {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
    });
    while (size < sent.length) await iteration(loop);
    assert.ok(Buffer.concat(chunks).equals(sent));
    await close(wire, peer);
  }),
);

test(
  "tells of a connection that is gone, and is destroyed with it",
  onLoop(async ({ loop }) => {
    const { wire, peer } = await wireAndPeer(loop);
    const closed = new Promise((resolve) => wire.on("error", () => {}).on("close", resolve));
    wire.transport.abort();
    const errors: unknown[] = [];
    wire.write(Buffer.from("late"), (error: NodeJS.ErrnoException) => errors.push(error.code));
    assert.equal(errors, ["EPIPE"]);
    assert.ok(wire.destroyed);
    await closed;
    peer.close();
  }),
);

test(
  "carries TLS over TLS",
  onLoop(async ({ loop }) => {
    const authority = new Authority();
    const { cert, key } = authority.sign("localhost", "DNS:localhost");
    const serving = new SSLContext({ cert, key });
    const trusting = new SSLContext({ ca: authority.cert });
    const [left, right] = tcpPair();
    const served = new Recorder(loop);
    let [server] = await loop.createConnection(() => served, null, null, { sock: left });
    const asking = new Recorder(loop);
    let [client] = await loop.createConnection(() => asking, null, null, { sock: right });
    for (let layer = 0; layer < 2; layer++) {
      const serverTls = loop.startTls(server, served, serving, { serverSide: true });
      client = await loop.startTls(client, asking, trusting, { serverHostname: "localhost" });
      server = await serverTls;
    }
    const sent = randomBytes(2_000_000);
    // Both ways at once: what is received in one layer may come while another still has bytes.
    client.write(sent);
    server.write(sent);
    await asking.gets(sent.length);
    await served.gets(sent.length);
    assert.ok(asking.received.equals(sent));
    assert.ok(served.received.equals(sent));
    client.close();
    await Promise.all([asking.lost, served.lost]);
  }),
);

test.run();

/**
 * TLS that fails, is given up or changes its keys, held against the checks of CPython's own and of uvloop's: Lib/test/test_asyncio/test_ssl.py and
 * test_sslproto.py of 3.11, uvloop's tests/test_tcp.py. The peers are CPython's and openssl's.
 *
 * Does not own: how TLS begins and ends (`cpython-start-tls.test.ts`, `cpython-ssl-ends.test.ts`); what tls.test.ts and tls-interop.test.ts say already.
 */
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { waitFor } from "../../../host/index.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import { openConnection } from "../../../host/streams/open-streams.js";
import { Authority } from "../../support/certificates.js";
import { tlsServer } from "../../support/cpython-tls.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer } from "../../support/peers.js";
import { listener } from "../../support/sockets.js";
import { onLoop, portIn, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("TLS, as CPython tests it"));

const HOST = "127.0.0.1";
const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });

const server = (program: string): Promise<[peer: Peer, port: number]> => tlsServer(local, program);

test(
  "a handshake that is cancelled is the end of the connection for the peer, is no error, and leaves no timer",
  onLoop(async ({ loop, reported }) => {
    const silent = listener();
    const port = portIn(silent.getsockname());
    const connecting = loop.createConnection(() => new Recorder(loop), HOST, port, {
      ssl: trusting,
      sslHandshakeTimeout: 1000,
    });
    const [peer] = await loop.sockAccept(silent);
    assert.ok((await loop.sockRecv(peer, 65536)).length > 0, "the client has begun");
    assert.is((await rejectionOf(waitFor(connecting, 0.001))).name, "TimeoutError");
    assert.is((await loop.sockRecv(peer, 65536)).length, 0);
    const timers = [...loop._scheduler.entries()].map(String).filter((entry) => entry.startsWith("<TimerHandle"));
    assert.equal(timers, []);
    assert.equal(reported, []);
    peer.close();
    silent.close();
  }),
);

test(
  "bytes that are no TLS end a stream that is being read with the error of TLS",
  onLoop(async () => {
    const [peer, port] = await server(`
below = sock.dup()
sock = begin()
sock.sendall(b"A\\n")
sock.recv(1)
below.send(b"please corrupt the connection")
`);
    const [reader, writer] = await openConnection(HOST, port, { ssl: trusting });
    assert.is(String(await reader.readline()), "A\n");
    writer.write(Buffer.from("B"));
    assert.match((await rejectionOf(reader.readline())).code ?? "", /^ERR_SSL_/);
    writer.close();
    assert.match((await rejectionOf(writer.waitClosed())).code ?? "", /^ERR_SSL_/);
    await peer.output;
  }),
);

/** A server of openssl's, and what waits until it has printed a text. */
async function toOpenssl(
  loop: EventLoop,
  version: string,
): Promise<[peer: Peer, client: Recorder, prints: (text: string) => Promise<void>]> {
  const own = ["-cert", local.certFile, "-key", local.keyFile];
  const peer = new Peer("openssl", ["s_server", "-accept", `${HOST}:0`, version, "-naccept", "1", ...own]);
  let printed = "";
  peer.child.stdout.on("data", (text) => {
    printed += text;
  });
  const prints = async (text: string): Promise<void> => {
    while (!printed.includes(text)) await once(peer.child.stdout, "data");
  };
  await prints("ACCEPT ");
  const port = Number(/ACCEPT [^\n]*:(\d+)/.exec(printed)?.[1]);
  const [, client] = await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting });
  return [peer, client, prints];
}

for (const [what, version, commands] of [
  ["negotiates anew", "-tls1_2", ["r", "R"]],
  ["changes its keys", "-tls1_3", ["k", "K"]],
] as const) {
  test(
    `a server that ${what} in the middle of a megabyte goes on`,
    onLoop(async ({ loop }) => {
      const [peer, client, prints] = await toOpenssl(loop, version);
      let size = 0;
      for (const command of commands) {
        client.transport.write(Buffer.alloc(1 << 20, "x\n"));
        peer.child.stdin.write(`${command}\n`);
        // It takes one command at a time, and before what comes over TLS.
        client.transport.write(Buffer.from(`after ${command}\n`));
        await prints(`after ${command}\n`);
        peer.child.stdin.write("hello\n");
        size += 6;
        await client.gets(size);
      }
      assert.is(client.text, "hello\nhello\n");
      client.transport.close();
      assert.is(await client.lost, null);
      assert.ok(String(await peer.output).length > 2 << 20, "it has printed all");
    }),
  );
}

test.run();

/**
 * How TLS ends, held against the checks of CPython's own and of uvloop's: Lib/test/test_asyncio/test_ssl.py and test_sslproto.py of 3.11,
 * uvloop's tests/test_tcp.py. The peers are CPython's.
 *
 * Does not own: what tls.test.ts and tls-goodbye.test.ts say already.
 */
import type { PeerCertificate } from "node:tls";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleepOn } from "../../../host/futures/sleep.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { type Peer, python } from "../../support/peers.js";
import { onLoop, Recorder } from "./support.js";

const test = leakChecked(suite("the end of TLS, as CPython tests it"));

const HOST = "127.0.0.1";
const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/** A server for one client, whose socket is `sock`. It prints what it has to say, and waits for a word where it must not go on by itself. */
const SERVER = `
import socket, ssl, sys
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listening = socket.create_server(("127.0.0.1", 0))
print("port %d." % listening.getsockname()[1], file=sys.stderr, flush=True)
plain = listening.accept()[0]
listening.close()
def word():
    sys.stdin.readline()
def count(sock):
    size = 0
    while data := sock.recv(65536):
        size += len(data)
    return size
`;
const WRAPPED = `${SERVER}sock = context.wrap_socket(plain, server_side=True)\n`;

/** As `WRAPPED`, but by hand: a socket of Python's ssl sends what TLS has to say at once, and reads no more after its goodbye. */
const BY_HAND = `${SERVER}incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_side=True)
def send():
    if outgoing.pending:
        plain.sendall(outgoing.read())
def go_on(function, *arguments):
    while True:
        try:
            return function(*arguments)
        except ssl.SSLWantReadError:
            send()
            data = plain.recv(65536)
            incoming.write(data) if data else incoming.write_eof()
        finally:
            send()
`;

async function connectTo(
  loop: EventLoop,
  program: string,
  version: (typeof VERSIONS)[number] = "TLSv1.3",
): Promise<[peer: Peer, transport: Transport, client: Recorder]> {
  const peer = python(program, local.certFile, local.keyFile);
  const port = Number((await peer.says(/port (\d+)\./))[1]);
  const ssl = new SSLContext({ ca: authority.cert, maxVersion: version });
  const [transport, client] = await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl });
  return [peer, transport, client];
}

async function saysAtLast(peer: Peer): Promise<string> {
  return (await peer.output).toString().trim();
}

for (const version of VERSIONS) {
  test(
    `connectionLost can still ask who it was, with ${version}`,
    onLoop(async ({ loop }) => {
      const [peer, transport, client] = await connectTo(loop, `${WRAPPED}sock.unwrap()`, version);
      const asked: unknown[] = [];
      client.connectionLost = () => {
        asked.push((transport.getExtraInfo("peercert") as PeerCertificate | null)?.subject.CN);
        asked.push(transport.getExtraInfo("cipher")?.version);
        client.lost.setResult(null);
      };
      await client.lost;
      assert.equal(asked, ["localhost", version]);
      assert.is((transport.getExtraInfo("peercert") as PeerCertificate).subject.CN, "localhost");
      await peer.output;
    }),
  );
}

test(
  "a peer that ends without a goodbye still gets all that waits to be sent",
  onLoop(async ({ loop }) => {
    const program = `${WRAPPED}
assert sock.recv(4) == b"ping"
sock.sendall(b"pong")
word()
socket.socket.shutdown(sock, socket.SHUT_WR)
print(count(sock))
`;
    const [peer, transport, client] = await connectTo(loop, program);
    transport.write(Buffer.from("ping"));
    await client.gets(4);
    transport.write(Buffer.alloc(4 << 20, "x"));
    peer.end("go on\n");
    assert.is(await client.lost, null);
    assert.equal(
      client.trace.filter((word) => !/[PR]W/.test(word)),
      ["CM", "DR", "ER", "CL"],
    );
    assert.is(await saysAtLast(peer), String(4 << 20));
  }),
);

test(
  "a peer that has said goodbye still gets all that waits to be sent, and a goodbye",
  onLoop(async ({ loop }) => {
    const program = `${BY_HAND}
go_on(tls.do_handshake)
assert go_on(tls.read, 4) == b"ping"
go_on(tls.write, b"pong")
word()
try:
    tls.unwrap()
except ssl.SSLWantReadError:
    plain.sendall(outgoing.read())
size = 0
try:
    while data := go_on(tls.read, 65536):
        size += len(data)
except ssl.SSLZeroReturnError:
    pass
print(size)
`;
    const [peer, transport, client] = await connectTo(loop, program);
    transport.write(Buffer.from("ping"));
    await client.gets(4);
    transport.write(Buffer.alloc(4 << 20, "x"));
    peer.end("go on\n");
    assert.is(await client.lost, null);
    assert.equal(
      client.trace.filter((word) => !/[PR]W/.test(word)),
      ["CM", "DR", "ER", "CL"],
    );
    assert.is(await saysAtLast(peer), String(4 << 20));
  }),
);

for (const [ending, end] of [
  ["with a goodbye", "sock.unwrap()"],
  ["without one", "socket.socket.shutdown(sock, socket.SHUT_WR)"],
] as const) {
  test(
    `whoever has paused gets the rest and the end on resuming, ${ending}`,
    onLoop(async ({ loop }) => {
      const program = `${WRAPPED}
sock.sendall(b"hello")
assert sock.recv(5) == b"world"
sock.sendall(b"the rest")
print("said all.", file=sys.stderr, flush=True)
${end}
count(sock) if sock._sslobj else None
`;
      const [peer, transport, client] = await connectTo(loop, program);
      await client.gets(5);
      transport.pauseReading();
      transport.write(Buffer.from("world"));
      await peer.says(/said all\./);
      assert.is(client.text, "hello");
      transport.resumeReading();
      assert.is(await client.lost, null);
      assert.is(client.text, "hellothe rest");
      assert.equal(client.trace, ["CM", "DR", "ER", "CL"]);
      await saysAtLast(peer);
    }),
  );
}

for (const size of [10, 300_000, 2_000_000, 8_000_000]) {
  test(
    `${size} bytes that are written just before the close come, whatever the peer sends meanwhile`,
    onLoop(async ({ loop }) => {
      // The session tickets, which follow the handshake, come when the client has long said all.
      const program = `${BY_HAND}
while True:
    try:
        tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        plain.sendall(outgoing.read())
        incoming.write(plain.recv(65536))
word()
plain.sendall(outgoing.read())
size = 0
while data := go_on(tls.read, 65536):
    size += len(data)
print(size)
`;
      const [peer, transport, client] = await connectTo(loop, program);
      transport.write(Buffer.alloc(size, "x"));
      transport.close();
      await Promise.race([client.lost, sleepOn(loop, loop._scheduler, 0.05, undefined)]);
      peer.end("go on\n");
      assert.is(await client.lost, null);
      assert.is(await saysAtLast(peer), String(size));
    }),
  );
}

test.run();

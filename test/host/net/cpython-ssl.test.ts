/**
 * TLS from the handshake on, held against the checks of CPython's own and of uvloop's: Lib/test/test_asyncio/test_ssl.py and
 * test_sslproto.py of 3.11, uvloop's tests/test_tcp.py. The peers are CPython's and openssl's.
 *
 * Does not own: how TLS ends (`cpython-ssl-ends.test.ts`); what tls.test.ts and tls-interop.test.ts say already.
 */
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { waitFor } from "../../../host/index.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { BufferedProtocol } from "../../../host/protocols.js";
import { openConnection } from "../../../host/streams/open-streams.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer, python } from "../../support/peers.js";
import { listener } from "../../support/sockets.js";
import { onLoop, portIn, portOf, Recorder, rejectionOf } from "./support.js";

const test = leakChecked(suite("TLS, as CPython tests it"));

const HOST = "127.0.0.1";
const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key });
const MUCH = 3 << 20;

const COMMON = `
import socket, ssl, sys
def receive(sock, size):
    data = b""
    while len(data) < size:
        chunk = sock.recv(size - len(data))
        if not chunk:
            break
        data += chunk
    return data
`;

/** A server for one client, whose socket is `sock`; `begin` begins with TLS. */
const SERVER = `${COMMON}
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listening = socket.create_server(("127.0.0.1", 0))
print("port %d." % listening.getsockname()[1], file=sys.stderr, flush=True)
sock = listening.accept()[0]
listening.close()
def begin():
    return context.wrap_socket(sock, server_side=True)
`;

async function server(program: string): Promise<[peer: Peer, port: number]> {
  const peer = python(SERVER + program, local.certFile, local.keyFile);
  return [peer, Number((await peer.says(/port (\d+)\./))[1])];
}

async function saysAtLast(peer: Peer): Promise<string> {
  return (await peer.output).toString().trim();
}

test(
  "may begin while megabytes still wait to be sent without it",
  onLoop(async ({ loop }) => {
    const [peer, port] = await server(`
first = receive(sock, ${MUCH})
sock = begin()
sock.sendall(b"O")
print(len(first), len(receive(sock, ${MUCH})))
sock.unwrap()
`);
    const [plain, client] = await loop.createConnection(() => new Recorder(loop), HOST, port);
    plain.write(Buffer.alloc(MUCH, "1"));
    // Whoever has paused is resumed, as the handshake has to be read.
    plain.pauseReading();
    const transport = await loop.startTls(plain, client, trusting, { serverHostname: "localhost" });
    await client.gets(1);
    transport.write(Buffer.alloc(MUCH, "2"));
    assert.is(await client.lost, null);
    assert.is(client.trace.filter((word) => word === "CM").length, 1);
    assert.is(await saysAtLast(peer), `${MUCH} ${MUCH}`);
  }),
);

test(
  "bytes go into the buffers of one protocol, and then to another of the other kind",
  onLoop(async ({ loop }) => {
    const [peer, port] = await server(`
sock = begin()
sock.sendall(b"in pieces")
assert receive(sock, 3) == b"one"
sock.sendall(b"as a whole")
assert receive(sock, 3) == b"two"
sock.unwrap()
`);
    class Pieces extends BufferedProtocol {
      readonly buffer = Buffer.alloc(2);
      readonly pieces: string[] = [];
      readonly all = loop.createFuture<void>();
      made = 0;
      override connectionMade(): void {
        this.made++;
      }
      override getBuffer(): Buffer {
        return this.buffer;
      }
      override bufferUpdated(size: number): void {
        this.pieces.push(this.buffer.toString("latin1", 0, size));
        if (this.pieces.join("").length === 9) this.all.setResult(undefined);
      }
    }
    const [plain, first] = await loop.createConnection(() => new Pieces(), HOST, port);
    const transport = await loop.startTls(plain, first, trusting, { serverHostname: "localhost" });
    await first.all;
    assert.equal(first.pieces, ["in", " p", "ie", "ce", "s"]);
    const second = new Recorder(loop);
    transport.setProtocol(second);
    transport.write(Buffer.from("one"));
    await second.gets(10);
    transport.write(Buffer.from("two"));
    assert.is(await second.lost, null);
    assert.is(second.text, "as a whole");
    assert.equal(second.trace, ["DR", "ER", "CL"]);
    assert.is(first.made, 1, "beginning with TLS is no new connection");
    await peer.output;
  }),
);

/** Sends back what comes over the inner one of two layers of TLS, which begins as soon as the outer one is there. */
class Nested extends Recorder {
  inner: Transport | null = null;

  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    transport.pauseReading();
    const loop = this.lost.getLoop();
    const begin = async (): Promise<void> => {
      this.inner = await loop.startTls(transport, this, serving, { serverSide: true });
    };
    loop.createTask(begin);
  }

  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    this.inner?.write(data);
  }
}

const NESTED_CLIENT = `${COMMON}
context = ssl.create_default_context(cafile=sys.argv[2])
outer = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost")
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
inner = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
def go_on(function, *arguments):
    while True:
        try:
            return function(*arguments)
        except ssl.SSLWantReadError:
            outer.sendall(outgoing.read())
            incoming.write(outer.recv(65536))
        finally:
            outer.sendall(outgoing.read())
go_on(inner.do_handshake)
go_on(inner.write, b"x" * 200000)
size = 0
while size < 200000:
    size += len(go_on(inner.read, 65536))
go_on(inner.unwrap)
print(size)
`;

test(
  "may begin on a connection over TLS in the very call of connectionMade, for several clients at once",
  onLoop(async ({ loop }) => {
    const served: Nested[] = [];
    const factory = (): Nested => served[served.push(new Nested(loop)) - 1] as Nested;
    const serverOfOurs = await loop.createServer(factory, HOST, 0, { ssl: serving });
    const place = [String(portOf(serverOfOurs)), authority.certFile];
    const peers = [1, 2, 3].map(() => python(NESTED_CLIENT, ...place));
    assert.equal(await Promise.all(peers.map(saysAtLast)), ["200000", "200000", "200000"]);
    for (const protocol of served) {
      assert.is(await protocol.lost, null);
      assert.equal(protocol.trace, ["CM", "DR", "ER", "CL"]);
    }
    serverOfOurs.close();
    await serverOfOurs.waitClosed();
  }),
);

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

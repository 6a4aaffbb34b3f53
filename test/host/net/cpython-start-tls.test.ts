/**
 * Beginning TLS on a connection that is there, held against the checks of CPython's own and of uvloop's: Lib/test/test_asyncio/test_ssl.py
 * and test_sslproto.py of 3.11, uvloop's tests/test_tcp.py. The peers are CPython's.
 *
 * Does not own: what tls.test.ts says of startTls already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { BufferedProtocol } from "../../../host/protocols.js";
import { Authority } from "../../support/certificates.js";
import { tlsServer } from "../../support/cpython-tls.js";
import { leakChecked } from "../../support/leaks.js";
import { type Peer, python } from "../../support/peers.js";
import { onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("startTls, as CPython tests it"));

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

const server = (program: string): Promise<[peer: Peer, port: number]> => tlsServer(local, COMMON + program);

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
    if (this.inner === null) throw new Error("bytes came before whoever awaits startTls had gone on");
    this.inner.write(data);
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

/** Says hello together with the last piece of the handshake. */
const EAGER_CLIENT = `${COMMON}
context = ssl.create_default_context(cafile=sys.argv[2])
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
def go_on(function, *arguments):
    while True:
        try:
            return function(*arguments)
        except ssl.SSLWantReadError:
            if outgoing.pending:
                sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
go_on(tls.do_handshake)
tls.write(b"hello")
sock.sendall(outgoing.read())
print(go_on(tls.read, 5).decode())
`;

for (const kind of ["an async function", "a generator"]) {
  test(
    `${kind} that begins with TLS has the new transport before the first bytes come over it`,
    onLoop(async ({ loop }) => {
      const trace: string[] = [];
      class Server extends Recorder {
        now: Transport | null = null;
        override connectionMade(transport: Transport): void {
          super.connectionMade(transport);
          const begin = () => loop.startTls(transport, this, serving, { serverSide: true });
          const goOn = (secure: Transport): void => {
            trace.push("begun");
            this.now = secure;
          };
          const asGenerator = function* () {
            goOn(yield* begin());
          };
          loop.createTask(kind === "a generator" ? asGenerator : async () => goOn(await begin()));
        }
        override dataReceived(data: Buffer): void {
          trace.push(String(data));
          this.now?.write(data);
          this.now?.close();
        }
      }
      const served: Server[] = [];
      const factory = (): Server => served[served.push(new Server(loop)) - 1] as Server;
      const listening = await loop.createServer(factory, HOST, 0);
      const peer = python(EAGER_CLIENT, String(portOf(listening)), authority.certFile);
      assert.is(await saysAtLast(peer), "hello");
      assert.equal(trace, ["begun", "hello"]);
      await served[0]?.lost;
      listening.close();
      await listening.waitClosed();
    }),
  );
}

test.run();

/** TLS with openssl, curl, CPython's asyncio and node:tls at the other end. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createTlsServer, connect as tlsConnect } from "node:tls";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import type { Server } from "../../../host/net/server.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { Peer, python } from "../../support/peers.js";
import { onLoop, portIn, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("peers of TLS"));

const HOST = "127.0.0.1";
const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key, ALPNProtocols: ["http/1.1", "echo"] });
const BIG = Buffer.alloc(2_000_003, "through TLS ");

const sha = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** An echo server with flow control. */
async function echoServer(loop: EventLoop): Promise<Server> {
  const factory = (): Recorder => {
    const protocol = new Recorder(loop);
    protocol.dataReceived = (data) => protocol.transport.write(data);
    protocol.pauseWriting = () => protocol.transport.pauseReading();
    protocol.resumeWriting = () => protocol.transport.resumeReading();
    return protocol;
  };
  return await loop.createServer(factory, HOST, 0, { ssl: serving });
}

for (const version of ["tls1_2", "tls1_3"]) {
  test(
    `openssl s_client gets back what it sends, with ${version}`,
    onLoop(async ({ loop }) => {
      const server = await echoServer(loop);
      const place = ["-connect", `${HOST}:${portOf(server)}`, "-servername", "localhost"];
      const trust = ["-CAfile", authority.certFile, "-verify_return_error", "-verify_hostname", "localhost"];
      const peer = new Peer("openssl", ["s_client", "-quiet", "-no_ign_eof", `-${version}`, ...place, ...trust]);
      peer.child.stdin.write("hello from openssl\n");
      const [answer] = await once(peer.child.stdout, "data");
      assert.is(String(answer), "hello from openssl\n");
      peer.end();
      server.close();
      await server.waitClosed();
      await peer.output;
    }),
  );

  test(
    `openssl s_server hears us, and we hear it, with ${version}`,
    onLoop(async ({ loop }) => {
      const own = ["-cert", local.certFile, "-key", local.keyFile];
      const peer = new Peer("openssl", ["s_server", "-accept", `${HOST}:0`, "-rev", `-${version}`, ...own]);
      const port = await new Promise<number>((resolve) => {
        peer.child.stdout.on("data", (text) => {
          const match = /ACCEPT [^\n]*:(\d+)/.exec(String(text));
          if (match) resolve(Number(match[1]));
        });
      });
      const [transport, client] = await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting });
      transport.write(Buffer.from("hello\n"));
      await client.gets(6);
      assert.is(client.text, "olleh\n");
      transport.close();
      await client.lost;
      await peer.stop();
    }),
  );
}

class HttpsHello extends Recorder {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    if (!this.text.endsWith("\r\n\r\n")) return;
    const { transport } = this as { transport: Transport };
    const body = `spoke ${transport.getExtraInfo("alpnProtocol")}\n`;
    transport.write(
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
    );
    transport.close();
  }
}

test(
  "curl gets its page over TLS, and agrees on HTTP/1.1",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => new HttpsHello(loop), HOST, 0, { ssl: serving });
    const page = `https://localhost:${portOf(server)}/`;
    const options = ["--silent", "--show-error", "--http1.1", "--cacert", authority.certFile];
    const peer = new Peer("curl", [...options, "--resolve", `localhost:${portOf(server)}:${HOST}`, page]);
    assert.is((await peer.output).toString(), "spoke http/1.1\n");
    const wary = new Peer("curl", ["--silent", page]);
    await wary.output.then(
      () => assert.unreachable("curl must not trust us"),
      () => {},
    );
    server.close();
    await server.waitClosed();
  }),
);

const ASYNCIO_CLIENT = `
import asyncio, hashlib, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
    data = sys.stdin.buffer.read()
    writer.write(data)
    back = await reader.readexactly(len(data))
    writer.close()
    await writer.wait_closed()
    print(hashlib.sha256(back).hexdigest())
asyncio.run(main())
`;

test(
  "an asyncio client gets megabytes back",
  onLoop(async ({ loop }) => {
    const server = await echoServer(loop);
    const peer = python(ASYNCIO_CLIENT, String(portOf(server)), authority.certFile);
    peer.end(BIG);
    assert.is((await peer.output).toString().trim(), sha(BIG));
    server.close();
    await server.waitClosed();
  }),
);

const ASYNCIO_SERVER = `
import asyncio, ssl, sys
async def serve(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print("port %d." % server.sockets[0].getsockname()[1], file=sys.stderr, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
`;

test(
  "an asyncio server gives megabytes back",
  onLoop(async ({ loop }) => {
    const peer = python(ASYNCIO_SERVER, local.certFile, local.keyFile);
    const port = Number((await peer.says(/port (\d+)\./))[1]);
    const [transport, client] = await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting });
    transport.write(BIG);
    await client.gets(BIG.length);
    assert.is(sha(client.received), sha(BIG));
    transport.close();
    assert.is(await client.lost, null);
    peer.end();
    await peer.output;
  }),
);

test(
  "node:tls talks to us, and we to it",
  onLoop(async ({ loop }) => {
    const server = await echoServer(loop);
    const socket = tlsConnect({ host: HOST, port: portOf(server), ca: authority.cert, servername: "localhost" });
    await once(socket, "secureConnect");
    socket.write("from node:tls");
    const [data] = await once(socket, "data");
    assert.is(String(data), "from node:tls");
    socket.end();
    await once(socket, "close");
    server.close();
    await server.waitClosed();

    const theirs = createTlsServer({ cert: local.cert, key: local.key }, (peer) => peer.pipe(peer));
    theirs.listen(0, HOST);
    await once(theirs, "listening");
    const port = portIn(theirs.address());
    const [transport, client] = await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting });
    transport.write(BIG);
    await client.gets(BIG.length);
    assert.is(sha(client.received), sha(BIG));
    transport.close();
    assert.is(await client.lost, null);
    theirs.close();
    await once(theirs, "close");
  }),
);

test.run();

/** TLS: what each option does, what goes wrong and is told to whom, and the life of a secure connection. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_LINGER, SOL_SOCKET } from "../../../host/constants.js";
import { TimeoutError, ValueError } from "../../../host/errors.js";
import { sleepOn } from "../../../host/futures/sleep.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { ServerOptions } from "../../../host/net/create-server.js";
import type { Server } from "../../../host/net/server.js";
import { Socket } from "../../../host/net/socket.js";
import { SSLContext, type SSLContextOptions } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { Authority } from "../../support/certificates.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portOf, Recorder, rejectionOf, type Scene } from "./support.js";

const test = leakChecked(suite("TLS"));

const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key });
const HOST = "127.0.0.1";

/** Sends back what comes. */
class Echo extends Recorder {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    this.transport.write(data);
  }
}

/** A server over TLS, its port, and the protocols of its connections. */
async function serve(
  loop: EventLoop,
  options: ServerOptions = {},
  make: (loop: EventLoop) => Recorder = (of) => new Echo(of),
): Promise<{ server: Server; port: number; served: Recorder[]; close(): Promise<void> }> {
  const served: Recorder[] = [];
  const factory = (): Recorder => {
    const protocol = make(loop);
    served.push(protocol);
    return protocol;
  };
  const server = await loop.createServer(factory, HOST, 0, { ssl: serving, ...options });
  const close = async (): Promise<void> => {
    server.close();
    await server.waitClosed();
  };
  return { server, port: portOf(server), served, close };
}

async function connect(loop: EventLoop, port: number, options: object = {}): Promise<[Transport, Recorder]> {
  return await loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting, ...options });
}

async function closed(transport: Transport, protocol: Recorder): Promise<void> {
  transport.close();
  assert.is(await protocol.lost, null);
}

const sha = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

test(
  "carries bytes both ways, and ends on both sides",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop);
    const [transport, client] = await connect(loop, port);
    transport.write(Buffer.from("hello"));
    await client.gets(5);
    assert.is(client.text, "hello");
    await closed(transport, client);
    assert.equal(client.trace, ["CM", "DR", "CL"]);
    const [server] = served as [Recorder];
    assert.is(await server.lost, null);
    assert.equal(server.trace, ["CM", "DR", "ER", "CL"]);
    await close();
  }),
);

test(
  "has taken the bytes when a write returns, whether or not it could send them",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop);
    const [transport, client] = await connect(loop, port);
    const sent: Buffer[] = [];
    for (const size of [1, 1000, 100_000, 1_000_000, 10]) {
      const bytes = Buffer.alloc(size, sent.length + 1);
      sent.push(Buffer.from(bytes));
      transport.write(bytes);
      bytes.fill(0);
    }
    const all = Buffer.concat(sent);
    await client.gets(all.length);
    assert.is(sha(client.received), sha(all));
    await closed(transport, client);
    await served[0]?.lost;
    await close();
  }),
);

test(
  "tells what it knows of the connection",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop);
    const [transport, client] = await connect(loop, port);
    assert.is(transport.getExtraInfo("sslcontext"), trusting);
    assert.is((transport.getExtraInfo("peercert") as PeerCertificate).subject.CN, "localhost");
    assert.match((transport.getExtraInfo("cipher") as { name: string }).name, /^TLS_/);
    assert.is(transport.getExtraInfo("compression"), null);
    assert.ok((transport.getExtraInfo("sslObject") as TLSSocket).encrypted);
    assert.is(transport.getExtraInfo("alpnProtocol", "none"), "none");
    assert.equal(transport.getExtraInfo("peername"), { host: HOST, port });
    assert.instance(transport.getExtraInfo("socket"), Socket);
    assert.is(transport.getExtraInfo("nonsense", 5), 5);
    assert.match(String(transport), /^<TlsTransport read=polling bufsize=0>$/);
    const [server] = served as [Recorder];
    await server.made;
    assert.is(server.transport.getExtraInfo("peercert", "none"), "none");
    assert.is(server.transport.getExtraInfo("sslcontext"), serving);
    await closed(transport, client);
    await close();
  }),
);

test(
  "a megabyte and more goes through, with flow control",
  onLoop(async ({ loop }) => {
    const sent = Buffer.alloc(8 << 20, "a secure connection ");
    const { port, served, close } = await serve(loop, {}, (of) => new Recorder(of));
    const [transport, client] = await connect(loop, port);
    assert.equal(transport.getWriteBufferLimits(), [128 << 10, 512 << 10]);
    transport.write(sent);
    assert.equal(client.trace, ["CM", "PW"]);
    const [server] = served as [Recorder];
    await server.gets(sent.length);
    assert.is(sha(server.received), sha(sent));
    assert.equal(client.trace, ["CM", "PW", "RW"]);
    await closed(transport, client);
    await close();
  }),
);

test(
  "what is written just before the close still comes, and nothing after it",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop, {}, (of) => new Recorder(of));
    const [transport, client] = await connect(loop, port);
    transport.write(Buffer.alloc(1 << 20, "x"));
    transport.close();
    transport.close();
    transport.write(Buffer.from("too late"));
    assert.is(await client.lost, null);
    const [server] = served as [Recorder];
    assert.is(await server.lost, null);
    assert.is(server.received.length, 1 << 20);
    await close();
  }),
);

test(
  "abort drops what waits",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop, {}, (of) => new Recorder(of));
    const [transport, client] = await connect(loop, port);
    const [server] = served as [Recorder];
    await server.made;
    server.transport.pauseReading();
    transport.write(Buffer.alloc(16 << 20));
    transport.abort();
    assert.is(await client.lost, null);
    server.transport.resumeReading();
    await server.lost;
    assert.ok(server.received.length < 16 << 20);
    await close();
  }),
);

test(
  "cannot end one direction alone, and says so",
  onLoop(async ({ loop, reported }) => {
    const { port, close } = await serve(loop);
    const [transport, client] = await connect(loop, port);
    assert.not(transport.canWriteEof());
    assert.is(thrownBy(() => transport.writeEof()).code, "ERR_NO_HALF_CLOSE");
    await closed(transport, client);
    await close();
    assert.equal(reported, []);
  }),
);

test(
  "pauses and resumes, and other protocols may take over",
  onLoop(async ({ loop }) => {
    const { port, close } = await serve(loop);
    const [transport, client] = await connect(loop, port);
    transport.pauseReading();
    assert.not(transport.isReading());
    transport.write(Buffer.from("one"));
    for (let turn = 0; turn < 20; turn++) await sleepOn(loop, loop._scheduler, 0.001, undefined);
    assert.is(client.text, "");
    transport.resumeReading();
    await client.gets(3);
    const other = new Recorder(loop);
    transport.setProtocol(other);
    transport.writeLines([Buffer.from("t"), Buffer.from("wo")]);
    await other.gets(3);
    assert.is(other.text, "two");
    transport.close();
    assert.is(await other.lost, null);
    assert.equal(other.trace, ["DR", "CL"]);
    await close();
  }),
);

test(
  "is verified unless that is turned off: authority, name, and date",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop);
    const codeOf = async (options: object): Promise<string | undefined> =>
      (await rejectionOf(connect(loop, port, options))).code;
    assert.is(await codeOf({ ssl: true }), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert.is(await codeOf({ serverHostname: "example.org" }), "ERR_TLS_CERT_ALTNAME_INVALID");
    const throws = (): never => {
      throw Object.assign(new Error("mine"), { code: "MINE" });
    };
    assert.is(await codeOf({ ssl: new SSLContext({ ca: authority.cert, checkServerIdentity: throws }) }), "MINE");
    for (const protocol of served)
      assert.equal(protocol.trace, [], "a failed handshake is none of the protocol's business");
    for (const options of [
      { serverHostname: "localhost" },
      { serverHostname: "" },
      { ssl: new SSLContext({ rejectUnauthorized: false }) },
      {
        serverHostname: "example.org",
        ssl: new SSLContext({ ca: authority.cert, checkServerIdentity: () => undefined }),
      },
    ]) {
      await closed(...(await connect(loop, port, options)));
    }
    await close();
    const stale = authority.sign("stale", "IP:127.0.0.1", -1);
    const expired = await serve(loop, { ssl: new SSLContext({ cert: stale.cert, key: stale.key }) });
    assert.is((await rejectionOf(connect(loop, expired.port))).code, "CERT_HAS_EXPIRED");
    await expired.close();
  }),
);

test(
  "an empty serverHostname matches any name, but trusts no other authority",
  onLoop(async ({ loop }) => {
    const other = authority.sign("other", "DNS:other.example");
    const { port, close } = await serve(loop, { ssl: new SSLContext({ cert: other.cert, key: other.key }) });
    assert.is((await rejectionOf(connect(loop, port))).code, "ERR_TLS_CERT_ALTNAME_INVALID");
    await closed(...(await connect(loop, port, { serverHostname: "" })));
    assert.is(
      (await rejectionOf(connect(loop, port, { serverHostname: "", ssl: true }))).code,
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    );
    await close();
  }),
);

test(
  "the server shows the certificate for the name that it is asked for",
  onLoop(async ({ loop }) => {
    const other = authority.sign("other", "DNS:other.example");
    const asked: string[] = [];
    const ssl = new SSLContext({
      cert: local.cert,
      key: local.key,
      SNICallback: (name, done) => {
        asked.push(name);
        done(null, name === "other.example" ? new SSLContext({ cert: other.cert, key: other.key }) : undefined);
      },
    });
    const { port, close } = await serve(loop, { ssl });
    for (const [name, subject] of [
      ["other.example", "other"],
      ["localhost", "localhost"],
    ]) {
      const [transport, client] = await connect(loop, port, { serverHostname: name });
      assert.is((transport.getExtraInfo("peercert") as PeerCertificate).subject.CN, subject);
      await closed(transport, client);
    }
    assert.equal(asked, ["other.example", "localhost"]);
    await close();
  }),
);

test(
  "both sides agree on an application protocol, or do not connect",
  onLoop(async ({ loop }) => {
    const context = (protocols: string[]): SSLContextOptions => ({
      cert: local.cert,
      key: local.key,
      ca: authority.cert,
      ALPNProtocols: protocols,
    });
    const { port, served, close } = await serve(loop, { ssl: new SSLContext(context(["one", "two"])) });
    const [transport, client] = await connect(loop, port, { ssl: new SSLContext(context(["three", "two"])) });
    assert.is(transport.getExtraInfo("alpnProtocol"), "two");
    await served[0]?.made;
    assert.is(served[0]?.transport.getExtraInfo("alpnProtocol"), "two");
    await closed(transport, client);
    const none = await rejectionOf(connect(loop, port, { ssl: new SSLContext(context(["four"])) }));
    assert.is(none.code, "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    await close();
  }),
);

test(
  "clients show a certificate if they are asked, and those that are not trusted are turned away",
  onLoop(async ({ loop, reported }) => {
    loop.setDebug(true);
    const mine = authority.sign("client", "DNS:client");
    const stranger = new Authority();
    const ask = { cert: local.cert, key: local.key, ca: authority.cert, requestCert: true };
    const { port, served, close } = await serve(loop, { ssl: new SSLContext(ask) });
    const own = new SSLContext({ ca: authority.cert, cert: mine.cert, key: mine.key });
    const [transport, client] = await connect(loop, port, { ssl: own });
    transport.write(Buffer.from("it is me"));
    await client.gets(8);
    const [server] = served as [Recorder];
    assert.is((server.transport.getExtraInfo("peercert") as PeerCertificate).subject.CN, "client");
    await closed(transport, client);
    assert.equal(reported, []);
    for (const ssl of [trusting, new SSLContext({ ca: authority.cert, cert: stranger.cert, key: stranger.key })]) {
      // With TLS 1.3 the client is through before the server has looked at its certificate.
      const [unwelcome, protocol] = await connect(loop, port, { ssl });
      await protocol.lost;
      assert.ok(unwelcome.isClosing());
    }
    await close();
    assert.equal(
      reported.splice(0).map(({ message }) => message),
      Array(2).fill("Error on transport creation for incoming connection"),
    );
    const lenient = await serve(loop, { ssl: new SSLContext({ ...ask, rejectUnauthorized: false }) });
    await closed(...(await connect(loop, lenient.port)));
    await lenient.close();
  }),
);

test(
  "a handshake that takes too long is given up, on either side",
  onLoop(async ({ loop, reported }) => {
    loop.setDebug(true);
    const silent = new Socket();
    silent.bind({ host: HOST, port: 0 });
    silent.listen();
    const { port: nobody } = silent.getsockname() as { port: number };
    const error = await rejectionOf(connect(loop, nobody, { sslHandshakeTimeout: 0.01 }));
    assert.is(error.code, "ECONNABORTED");
    assert.match(error.message, "SSL handshake is taking longer than 0.01 seconds: aborting the connection");
    silent.close();
    const { port, close } = await serve(loop, { sslHandshakeTimeout: 0.01 });
    const mute = new Socket();
    await loop.sockConnect(mute, { host: HOST, port });
    assert.is((await loop.sockRecv(mute, 1).catch(() => Buffer.alloc(0))).length, 0);
    mute.close();
    await close();
    assert.is(reported.splice(0).length, 1);
  }),
);

test(
  "a close that the peer does not take is cut off",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop, {}, (of) => new Recorder(of));
    const [transport, client] = await connect(loop, port, { sslShutdownTimeout: 0.02 });
    const [server] = served as [Recorder];
    await server.made;
    server.transport.pauseReading();
    transport.write(Buffer.alloc(32 << 20));
    transport.close();
    const error = await client.lost;
    assert.instance(error, TimeoutError);
    assert.is(error?.message, "SSL shutdown timed out");
    server.transport.abort();
    await close();
  }),
);

test(
  "what is no TLS is an error on both sides, told to the server in debug mode only",
  onLoop(async ({ loop, reported }) => {
    const { port, served, close } = await serve(loop);
    const garbage = async (): Promise<void> => {
      const socket = new Socket();
      await loop.sockConnect(socket, { host: HOST, port });
      await loop.sockSendall(socket, Buffer.from("GET / HTTP/1.0\r\n\r\n"));
      while ((await loop.sockRecv(socket, 100).catch(() => Buffer.alloc(0))).length > 0);
      socket.close();
    };
    loop.setDebug(false);
    await garbage();
    assert.equal(reported, []);
    loop.setDebug(true);
    await garbage();
    while (reported.length === 0) await iteration(loop);
    assert.match(String(reported.splice(0)[0]?.exception), "http request");
    for (const protocol of served) assert.equal(protocol.trace, []);
    await close();
    const plain = await loop.createServer(() => new Echo(loop), HOST, 0);
    assert.match((await rejectionOf(connect(loop, portOf(plain)))).code ?? "", /^ERR_SSL_/);
    plain.close();
    await plain.waitClosed();
  }),
);

test(
  "a peer that resets the connection is the error ECONNRESET, whatever is under way",
  onLoop(async ({ loop }) => {
    const { port, served, close } = await serve(loop, {}, (of) => new Recorder(of));
    for (const doing of ["idle", "paused", "writing"]) {
      const [transport, client] = await connect(loop, port);
      const server = served.at(-1) as Recorder;
      await server.made;
      const socket = transport.getExtraInfo("socket") as Socket;
      transport.pauseReading();
      server.transport.write(doing === "writing" ? Buffer.alloc(20_000_000) : Buffer.from("not read"));
      if (doing === "paused") server.transport.pauseReading();
      // To linger for no time is to reset.
      socket.setsockopt(SOL_SOCKET, SO_LINGER, new Uint8Array(new Int32Array([1, 0]).buffer));
      transport.abort();
      await client.lost;
      assert.is(((await server.lost) as NodeJS.ErrnoException).code, "ECONNRESET", doing);
    }
    await close();
  }),
);

test(
  "an error of TLS after the handshake ends the connection, on either side",
  onLoop(async ({ loop }) => {
    const garbage = Buffer.alloc(100, "x");
    const accepted: Recorder[] = [];
    const plain = await loop.createServer(() => accepted[accepted.push(new Recorder(loop)) - 1] as Recorder, HOST, 0);
    for (const sender of ["client", "server"]) {
      const client = new Recorder(loop);
      const [below] = await loop.createConnection(() => client, HOST, portOf(plain));
      while (accepted.length === 0) await iteration(loop);
      const server = accepted.pop() as Recorder;
      await server.made;
      const side = loop.startTls(server.transport, server, serving, { serverSide: true });
      const secured = await loop.startTls(below, client, trusting, { serverHostname: "localhost" });
      secured.write(Buffer.from("hello"));
      await Promise.all([server.gets(5), side]);
      (sender === "client" ? below : server.transport).write(garbage);
      const victim = sender === "client" ? server : client;
      assert.match(((await victim.lost) as NodeJS.ErrnoException).code ?? "", /^ERR_SSL_/, sender);
      assert.is(victim.trace.at(-1), "CL");
      assert.not(victim.trace.includes("ER"), "it is no end");
      await (sender === "client" ? client : server).lost;
    }
    plain.close();
    await plain.waitClosed();
  }),
);

test(
  "a client that negotiates anew and anew is cut off",
  onLoop(async ({ loop }) => {
    const old = new SSLContext({ cert: local.cert, key: local.key, maxVersion: "TLSv1.2" });
    const { port, served, close } = await serve(loop, { ssl: old });
    const [transport, client] = await connect(loop, port);
    const secure = transport.getExtraInfo("sslObject") as TLSSocket;
    let times = 0;
    while (!transport.isClosing() && times < 10) {
      await new Promise<void>((done) => {
        client.lost.addDoneCallback(() => done());
        if (secure.renegotiate({}, () => done()) !== false) times++;
      });
    }
    const error = (await (served[0] as Recorder).lost) as NodeJS.ErrnoException;
    assert.is(error.code, "ERR_TLS_SESSION_ATTACK");
    await client.lost;
    await close();
  }),
);

test(
  "a client that is gone in the middle of the handshake leaves nothing",
  onLoop(async ({ loop }) => {
    const { port, close } = await serve(loop);
    for (const ending of ["close", "half"]) {
      const socket = new Socket();
      await loop.sockConnect(socket, { host: HOST, port });
      await loop.sockSendall(socket, Buffer.from([22, 3, 1, 2, 0]));
      if (ending === "half") socket.shutdown(1);
      else socket.close();
      if (ending === "half") assert.is((await loop.sockRecv(socket, 1).catch(() => Buffer.alloc(0))).length, 0);
      socket.close();
    }
    await close();
  }),
);

test(
  "a server that closes aborts those that still shake hands, if told so",
  onLoop(async ({ loop }) => {
    const { server, port, served } = await serve(loop, {}, (of) => new Recorder(of));
    const [transport, client] = await connect(loop, port);
    await (served[0] as Recorder).made;
    const mute = new Socket();
    await loop.sockConnect(mute, { host: HOST, port });
    for (let turn = 0; turn < 10; turn++) await iteration(loop);
    server.close();
    server.closeClients();
    await server.waitClosed();
    assert.is(await client.lost, null);
    assert.ok(transport.isClosing());
    mute.close();
  }),
);

test(
  "works over Unix sockets, where the name must be given",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const server = await loop.createUnixServer(() => new Echo(loop), path, { ssl: serving });
      const missing = thrownBy(() => loop.createUnixConnection(() => ({}), path, { ssl: trusting }));
      assert.instance(missing, ValueError);
      assert.is(missing.code, "ERR_NO_HOSTNAME");
      const options = { ssl: trusting, serverHostname: "localhost", sslHandshakeTimeout: 10, sslShutdownTimeout: 10 };
      const [transport, client] = await loop.createUnixConnection(() => new Recorder(loop), path, options);
      transport.write(Buffer.from("over a path"));
      await client.gets(11);
      assert.type((transport.getExtraInfo("peercred") as { pid: number }).pid, "number");
      await closed(transport, client);
      server.close();
      await server.waitClosed();
    }),
  ),
);

test(
  "accepted sockets may be handed over, as they are and as the server's side of TLS",
  onLoop(async ({ loop }) => {
    const listening = new Socket();
    listening.bind({ host: HOST, port: 0 });
    listening.listen();
    const { port } = listening.getsockname() as { port: number };
    for (const ssl of [null, serving]) {
      const connecting = loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: ssl && trusting });
      const [sock] = await loop.sockAccept(listening);
      const [[accepted, echo], [transport, client]] = await Promise.all([
        loop.connectAcceptedSocket(() => new Echo(loop), sock, ssl === null ? {} : { ssl, sslHandshakeTimeout: 10 }),
        connecting,
      ]);
      assert.is(accepted.getExtraInfo("socket"), sock);
      transport.write(Buffer.from("accepted"));
      await client.gets(8);
      await closed(transport, client);
      assert.is(await echo.lost, null);
    }
    const refused = thrownBy(() => loop.connectAcceptedSocket(() => ({}), listening, { ssl: true as never }));
    assert.is(refused.code, "ERR_INVALID_ARG_TYPE");
    listening.close();
  }),
);

/** A plain connection, both sides of which are known. */
async function plainPair({ loop }: Scene): Promise<[client: Recorder, server: Recorder, close: () => Promise<void>]> {
  const served: Recorder[] = [];
  const factory = (): Recorder => {
    served.push(new Recorder(loop));
    return served.at(-1) as Recorder;
  };
  const server = await loop.createServer(factory, HOST, 0);
  const [, client] = await loop.createConnection(() => new Recorder(loop), HOST, portOf(server));
  client.transport.write(Buffer.from("STARTTLS"));
  while (served.length === 0) await iteration(loop);
  await served[0]?.gets(8);
  const close = async (): Promise<void> => {
    server.close();
    await server.waitClosed();
  };
  return [client, served[0] as Recorder, close];
}

test(
  "may begin on a connection that was used without it",
  onLoop(async (scene) => {
    const { loop } = scene;
    const [client, server, close] = await plainPair(scene);
    const [secureServer, secureClient] = await Promise.all([
      loop.startTls(server.transport, server, serving, { serverSide: true, sslHandshakeTimeout: 10 }),
      loop.startTls(client.transport, client, trusting, { serverHostname: "localhost", sslShutdownTimeout: 10 }),
    ]);
    secureClient.write(Buffer.from(" secret"));
    await server.gets(15);
    assert.is(server.text, "STARTTLS secret");
    secureServer.write(Buffer.from("yes"));
    await client.gets(3);
    assert.equal(client.trace, ["CM", "DR"], "connectionMade is not called again");
    await closed(secureClient, client);
    assert.is(await server.lost, null);
    await close();
  }),
);

test(
  "that cannot begin closes the connection, and its protocols hear nothing more",
  onLoop(async (scene) => {
    const { loop } = scene;
    const [client, server, close] = await plainPair(scene);
    const starting = loop.startTls(server.transport, server, serving, { serverSide: true });
    const error = await rejectionOf(loop.startTls(client.transport, client, trusting, { serverHostname: "other" }));
    assert.is(error.code, "ERR_TLS_CERT_ALTNAME_INVALID");
    await rejectionOf(starting);
    assert.equal(client.trace, ["CM"]);
    await close();
  }),
);

test(
  "refuses to begin where it makes no sense",
  onLoop(async (scene) => {
    const { loop } = scene;
    const [client, server, close] = await plainPair(scene);
    const start = (...args: unknown[]): string | undefined =>
      thrownBy(() => (loop.startTls as (...all: unknown[]) => unknown).apply(loop, args)).code;
    const { transport } = client;
    assert.is(start({}, client, trusting, {}), "ERR_NOT_A_TRANSPORT");
    assert.is(start(transport, null, trusting, {}), "ERR_NOT_A_PROTOCOL");
    assert.is(start(transport, client, {}, {}), "ERR_INVALID_ARG_TYPE");
    assert.is(start(transport, client, trusting, {}), "ERR_NO_HOSTNAME");
    assert.is(start(transport, client, trusting, { serverSide: 1 }), "ERR_INVALID_ARG_TYPE");
    assert.is(start(transport, client, trusting, { serverSide: true, serverHostname: "x" }), "ERR_CONFLICTING_OPTIONS");
    assert.is(start(transport, client, trusting, { server: true }), "ERR_UNKNOWN_OPTION");
    const other = new EventLoop();
    const foreign = thrownBy(() => other.startTls(transport, client, trusting, { serverHostname: "x" }));
    assert.is(foreign.code, "ERR_FOREIGN_TRANSPORT");
    other.close();
    transport.close();
    assert.is(start(transport, client, trusting, { serverHostname: "x" }), "ERR_TRANSPORT_CLOSING");
    await client.lost;
    await server.lost;
    await close();
  }),
);

test(
  "options that make no sense are refused at the call",
  onLoop(async ({ loop }) => {
    const create = (options: object): Error & { code?: string } =>
      thrownBy(() => loop.createConnection(() => ({}), HOST, 1, options as never));
    for (const [options, code] of [
      [{ ssl: "yes" }, "ERR_INVALID_ARG_TYPE"],
      [{ ssl: true, serverHostname: 5 }, "ERR_INVALID_ARG_TYPE"],
      [{ ssl: true, sslHandshakeTimeout: 0 }, "ERR_BAD_TIME"],
      [{ ssl: true, sslHandshakeTimeout: Number.NaN }, "ERR_BAD_TIME"],
      [{ ssl: true, sslShutdownTimeout: -1 }, "ERR_BAD_TIME"],
      [{ ssl: true, sslShutdownTimeout: "1" }, "ERR_INVALID_ARG_TYPE"],
      [{ serverHostname: "x" }, "ERR_CONFLICTING_OPTIONS"],
      [{ ssl: null, sslShutdownTimeout: 1 }, "ERR_CONFLICTING_OPTIONS"],
    ] as const) {
      assert.is(create(options).code, code, JSON.stringify(options));
    }
    const plain = { ssl: { ca: "" } as never };
    assert.match(create(plain).message, "make one with new SSLContext");
    assert.match(thrownBy(() => loop.createServer(() => ({}), HOST, 0, plain)).message, "make one with new SSLContext");
    const server = thrownBy(() => loop.createServer(() => ({}), HOST, 0, { sslShutdownTimeout: 1 }));
    assert.is(server.code, "ERR_CONFLICTING_OPTIONS");
    for (const [options, code] of [
      [{ certificate: "" }, "ERR_UNKNOWN_OPTION"],
      [{ requestCert: 1 }, "ERR_INVALID_ARG_TYPE"],
      [{ rejectUnauthorized: "no" }, "ERR_INVALID_ARG_TYPE"],
      [{ ALPNProtocols: "h2" }, "ERR_INVALID_ARG_TYPE"],
      [{ SNICallback: {} }, "ERR_INVALID_ARG_TYPE"],
      [{ cert: "no certificate" }, "ERR_OSSL_PEM_NO_START_LINE"],
    ] as const) {
      assert.is(thrownBy(() => new SSLContext(options as never)).code, code);
    }
  }),
);

test(
  "a server without a certificate is refused, and one whose clients need none is not",
  onLoop(async ({ loop }) => {
    const { cert, key } = local;
    for (const options of [{}, { ca: cert }, { cert }, { key }]) {
      const listen = (): unknown => loop.createServer(() => ({}), HOST, 0, { ssl: new SSLContext(options as object) });
      assert.is(thrownBy(listen).code, "ERR_NO_CERTIFICATE", Object.keys(options).join());
    }
    for (const options of [{ SNICallback: () => {} }, { ciphers: "ALL:@SECLEVEL=0" }]) {
      (await loop.createServer(() => ({}), HOST, 0, { ssl: new SSLContext(options) })).close();
    }
  }),
);

test(
  "cancelling the call at any turn leaves nothing open",
  onLoop(async ({ loop }) => {
    const { port, close } = await serve(loop);
    for (let turns = 0; turns < 30; turns++) {
      const connecting = loop.createConnection(() => new Recorder(loop), HOST, port, { ssl: trusting });
      for (let turn = 0; turn < turns && !connecting.done(); turn++)
        await sleepOn(loop, loop._scheduler, 0.0005, undefined);
      if (connecting.cancel()) continue;
      (await connecting)[0].abort();
    }
    await close();
  }),
);

test.run();

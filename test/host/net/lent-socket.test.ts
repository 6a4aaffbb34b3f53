/** Sockets that are lent to Node for TLS: that there are two descriptors is nobody's business, and small writes leave together. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_RCVBUF, SOL_SOCKET } from "../../../host/constants.js";
import type { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import type { Socket } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import type { Transport } from "../../../host/net/transport.js";
import { Authority } from "../../support/certificates.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("sockets lent to Node"));

const authority = new Authority();
const local = authority.sign("localhost", "DNS:localhost,IP:127.0.0.1");
const trusting = new SSLContext({ ca: authority.cert });
const serving = new SSLContext({ cert: local.cert, key: local.key });
const HOST = "127.0.0.1";

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

/** Calls `body` with a server's transport, and each piece that its client, one of node:tls, gets. */
async function withNodeClient(
  loop: EventLoop,
  body: (protocol: Recorder, pieces: string[], client: tls.TLSSocket) => Promise<void>,
): Promise<void> {
  const protocol = new Recorder(loop);
  const server = await loop.createServer(() => protocol, HOST, 0, { ssl: serving });
  const client = tls.connect({ host: HOST, port: portOf(server), ca: authority.cert, servername: "localhost" });
  const pieces: string[] = [];
  client.on("data", (data) => pieces.push(`${data}`)).on("error", () => {});
  await once(client, "secureConnect");
  await protocol.made;
  await body(protocol, pieces, client);
  client.destroy();
  server.close();
  await server.waitClosed();
}

const say = (transport: Transport, ...words: string[]): void => {
  for (const word of words) transport.write(Buffer.from(word));
};

test(
  "small writes of one iteration are one record, and what is more than a record does not wait",
  onLoop(({ loop }) =>
    withNodeClient(loop, async ({ transport }, pieces, client) => {
      for (const write of [
        () => say(transport, "a", "b", "c"),
        () => say(transport, "d"),
        () => say(transport, "e", "f".repeat(16_384), "g"),
      ]) {
        loop.callSoon(write);
        await once(client, "data");
        await iteration(loop);
      }
      while (!pieces.join("").endsWith("g")) await once(client, "data");
      assert.equal(pieces.slice(0, 2), ["abc", "d"]);
      assert.is(pieces.slice(2).join(""), `e${"f".repeat(16_384)}g`);
      transport.close();
    }),
  ),
);

for (const [deed, act] of [
  ["close", (transport: Transport) => transport.close()],
  ["abort", (transport: Transport) => transport.abort()],
  [
    "a callback that throws",
    (transport: Transport) => {
      transport.close();
      throw new Error("on purpose");
    },
  ],
] as const) {
  test(
    `what was written just before ${deed} arrives`,
    onLoop(({ loop, reported }) =>
      withNodeClient(loop, async ({ transport, lost }, pieces, client) => {
        loop.callSoon(() => {
          say(transport, "last ", "words");
          act(transport);
        });
        await once(client, "close");
        assert.equal(pieces, ["last words"]);
        assert.is(await lost, null);
        if (deed.startsWith("a callback")) assert.match(String(reported.pop()?.exception), "on purpose");
      }),
    ),
  );
}

test(
  "the socket can be looked at and set, and closing it ends the connection",
  onLoop(({ loop }) =>
    withNodeClient(loop, async ({ transport, lost }) => {
      const sock = transport.getExtraInfo("socket") as Socket;
      sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 20_000);
      assert.ok(sock.getsockopt(SOL_SOCKET, SO_RCVBUF) >= 20_000);
      assert.equal(sock.getsockname(), transport.getExtraInfo("sockname"));
      sock.close();
      assert.is(((await lost) as NodeJS.ErrnoException).code, "EBADF");
    }),
  ),
);

/** Does not receive what may be of TLS already. */
class PausedRecorder extends Recorder {
  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    transport.pauseReading();
  }
}

/** Calls `body` with the transport that was there before TLS, the one over TLS, its protocol, and a client of node:tls. */
async function withUpgraded(
  loop: EventLoop,
  body: (plain: Transport, transport: Transport, protocol: Recorder, client: tls.TLSSocket) => Promise<void>,
): Promise<void> {
  const before = new PausedRecorder(loop);
  const server = await loop.createServer(() => before, HOST, 0);
  const client = tls.connect({ host: HOST, port: portOf(server), ca: authority.cert, servername: "localhost" });
  const secured = once(client.on("error", () => {}).resume(), "secureConnect");
  await before.made;
  const plain = before.transport;
  const protocol = new Recorder(loop);
  const transport = await loop.startTls(plain, protocol, serving, { serverSide: true });
  await secured;
  await body(plain, transport, protocol, client);
  client.destroy();
  server.close();
  await server.waitClosed();
}

test(
  "whoever paused the transport that was there before may resume it: all that comes is that of TLS",
  onLoop(({ loop }) =>
    withUpgraded(loop, async (plain, transport, protocol, client) => {
      plain.resumeReading();
      for (let i = 0; i < 10; i++) {
        client.write("0123456789");
        await iteration(loop);
      }
      await protocol.gets(100);
      plain.pauseReading();
      client.write("!");
      await protocol.gets(101);
      transport.close();
      assert.is(await protocol.lost, null);
    }),
  ),
);

for (const end of ["close", "abort"] as const) {
  test(
    `${end}() of the transport that was there before ends the connection, and is no error`,
    onLoop(({ loop }) =>
      withUpgraded(loop, async (plain, transport, protocol, client) => {
        plain[end]();
        assert.is(await protocol.lost, null);
        assert.ok(transport.isClosing());
        if (!client.closed) await once(client, "close");
      }),
    ),
  );
}

test(
  "whoever was paused is resumed when everything is sent, also where closing takes no time",
  onLoop(({ loop }) =>
    withFolder(async (folder) => {
      const path = join(folder, "socket");
      const server = await loop.createUnixServer(() => new Recorder(loop), path, { ssl: serving });
      const protocol = new Recorder(loop);
      const options = { ssl: trusting, serverHostname: "localhost" };
      const [transport] = await loop.createUnixConnection(() => protocol, path, options);
      transport.write(Buffer.alloc(2_000_000));
      transport.close();
      assert.is(await protocol.lost, null);
      assert.equal(protocol.trace, ["CM", "PW", "RW", "CL"]);
      server.close();
      await server.waitClosed();
    }),
  ),
);

test(
  "a connection has two descriptors, and gives both back",
  onLoop(async ({ loop }) => {
    const server = await loop.createServer(() => new Recorder(loop), HOST, 0, { ssl: serving });
    const before = openDescriptors();
    for (const end of ["close", "abort"] as const) {
      const protocol = new Recorder(loop);
      const [transport] = await loop.createConnection(() => protocol, HOST, portOf(server), { ssl: trusting });
      assert.is(openDescriptors(), before + 4);
      transport[end]();
      await protocol.lost;
      while (openDescriptors() > before) await loop.createTask(async () => new Promise(setImmediate));
    }
    server.close();
    await server.waitClosed();
  }),
);

test("a loop that is closed leaves neither of them open, and one that does not run keeps no process alive", async () => {
  const loop = new EventLoop();
  const before = openDescriptors();
  const listening = tls.createServer({ cert: local.cert, key: local.key }).listen(0, HOST);
  await once(listening, "listening");
  const accepted = once(listening, "secureConnection");
  const { port } = listening.address() as { port: number };
  await loop.runUntilComplete(loop.createConnection(() => ({}), HOST, port, { ssl: trusting }));
  const [peer] = (await accepted) as [tls.TLSSocket];
  const alive = process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS)/.test(name));
  assert.is(alive.filter((name) => name === "TCPSocketWrap").length, 1, `the peer's alone: ${alive}`);
  const ended = once(
    peer.on("error", () => {}),
    "close",
  );
  peer.resume();
  loop.close();
  await ended;
  listening.close();
  await once(listening, "close");
  assert.is(openDescriptors(), before - 3);
});

test(
  "a server that has accepted a connection without TLS closes the secure one, and waits for its end",
  onLoop(async ({ loop }) => {
    for (const end of ["closeClients", "abortClients"] as const) {
      const order: string[] = [];
      const secured = new Recorder(loop);
      secured.connectionLost = (error) => order.push(`lost: ${error}`);
      let securing!: Future<Transport>;
      let first!: Transport;
      const plain = {
        connectionMade: (transport: Transport) => {
          first = transport;
          securing = loop.startTls(transport, secured, serving, { serverSide: true });
        },
      };
      const server = await loop.createServer(() => plain, HOST, 0);
      const client = new Recorder(loop);
      const options = { ssl: trusting, serverHostname: "localhost" };
      await loop.createConnection(() => client, HOST, portOf(server), options);
      const transport = await securing;
      const again = thrownBy(() => loop.startTls(first, {}, serving, { serverSide: true }));
      assert.is(again.code, "ERR_TLS_BEGUN");
      transport.write(Buffer.alloc(8_000_000));
      server.close();
      server[end]();
      await server.waitClosed();
      order.push("closed");
      await client.lost;
      assert.equal(order, ["lost: null", "closed"]);
      if (end === "closeClients") assert.is(client.received.length, 8_000_000);
    }
  }),
);

test.run();

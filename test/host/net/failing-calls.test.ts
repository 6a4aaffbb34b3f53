/** Calls of the system that hardly ever fail, and what is left of a connection, a server and a loop when they do. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IPPROTO_TCP, TCP_INFO, TCP_NODELAY } from "../../../host/constants.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import { EIO, ENOBUFS, EOPNOTSUPP } from "../../../host/sys/errno.js";
import { Authority } from "../../support/certificates.js";
import { type Fails, whileFailing } from "../../support/failing-calls.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { onLoop, portOf, Recorder } from "./support.js";

const test = leakChecked(suite("failing calls"));

/** For getsockopt and setsockopt of one option of TCP. */
const ofTcp =
  (option: number): Fails =>
  (_count, _fd, level, given) =>
    level === IPPROTO_TCP && given === option;

test(
  "a connection whose descriptor fails to close is over for its server, and the loop is told",
  onLoop(async ({ loop, reported }) => {
    const failed = await whileFailing("close", EIO, async () => {
      const served = new Recorder(loop);
      const server = await loop.createServer(() => served, "127.0.0.1", 0);
      const [transport, client] = await loop.createConnection(() => new Recorder(loop), "127.0.0.1", portOf(server));
      await served.made;
      server.close();
      transport.close();
      assert.is(await client.lost, null);
      await server.waitClosed();
      assert.is(await served.lost, null);
    });
    assert.is(failed, 3);
    const told = reported.splice(0).map(({ message, exception }) => [message, (exception as { code?: string }).code]);
    assert.equal(told, [
      ["Closing a socket failed", "EIO"],
      ["Closing a socket failed", "EIO"],
    ]);
  }),
);

test("a loop closes all that it has, though each of it fails to close", async () => {
  const loop = new EventLoop();
  const server = await loop.runUntilComplete(loop.createServer(() => ({}), "127.0.0.1", 0));
  for (let count = 0; count < 2; count++) {
    await loop.runUntilComplete(loop.createConnection(() => ({}), "127.0.0.1", portOf(server)));
  }
  await loop.runUntilComplete(loop.createDatagramEndpoint(() => ({}), { host: "127.0.0.1", port: 0 }));
  const failed = await whileFailing("close", EIO, () => loop.close());
  assert.ok(failed >= 4, `${failed}`);
  assert.ok(loop.isClosed());
});

test(
  "there is a connection where the kernel does not know TCP_NODELAY",
  onLoop(async ({ loop }) => {
    const failed = await whileFailing(
      "setsockopt",
      EOPNOTSUPP,
      async () => {
        const served = new Recorder(loop);
        const server = await loop.createServer(() => served, "127.0.0.1", 0);
        const [transport] = await loop.createConnection(() => ({}), "127.0.0.1", portOf(server));
        transport.write(Buffer.from("hello"));
        await served.gets(5);
        transport.close();
        await served.lost;
        server.close();
        await server.waitClosed();
      },
      ofTcp(TCP_NODELAY),
    );
    assert.is(failed, 2);
  }),
);

test(
  "TLS ends where the kernel does not tell what the peer has confirmed",
  onLoop(async ({ loop }) => {
    const authority = new Authority();
    const { cert, key } = authority.sign("localhost", "DNS:localhost");
    const failed = await whileFailing(
      "getsockopt",
      EOPNOTSUPP,
      async () => {
        const served = new Recorder(loop);
        const server = await loop.createServer(() => served, "127.0.0.1", 0, { ssl: new SSLContext({ cert, key }) });
        const client = new Recorder(loop);
        const [transport] = await loop.createConnection(() => client, "127.0.0.1", portOf(server), {
          ssl: new SSLContext({ ca: authority.cert }),
          serverHostname: "localhost",
        });
        transport.write(Buffer.from("hello"));
        await served.gets(5);
        transport.close();
        assert.is(await client.lost, null);
        assert.is(await served.lost, null);
        server.close();
        await server.waitClosed();
      },
      ofTcp(TCP_INFO),
    );
    assert.ok(failed > 0);
  }),
);

test(
  "a Unix server whose own address cannot be had listens all the same",
  onLoop(async ({ loop }) => {
    await withFolder(async (folder) => {
      const path = `${folder}/socket`;
      await whileFailing(
        "getsockname",
        ENOBUFS,
        async () => {
          const server = await loop.createUnixServer(() => ({}), path);
          server.close();
          await server.waitClosed();
        },
        (count) => count === 1,
      );
    });
  }),
);

test.run();

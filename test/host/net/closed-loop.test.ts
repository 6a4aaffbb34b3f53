/** A loop that is closed in the very turn in which connections end calls nobody any more, and leaves nothing open. */
import { PassThrough } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Future } from "../../../host/futures/future.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import { SSLContext } from "../../../host/net/ssl-context.js";
import { Authority } from "../../support/certificates.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, tcpPair } from "../../support/sockets.js";

const test = leakChecked(suite("a closed loop"));

/** What can be aborted, and closes what is left at the other end. */
interface Connection {
  readonly transport: { abort(): void };
  close(): void;
}

/** What every kind of protocol has. */
interface Loser {
  connectionLost(): void;
}

const authority = new Authority();
const { cert, key } = authority.sign("localhost", "DNS:localhost");

const kinds: [name: string, connect: (loop: EventLoop, protocol: Loser) => Promise<Connection>][] = [
  [
    "a socket",
    async (loop, protocol) => {
      const [sock, peer] = tcpPair();
      const [transport] = await loop.createConnection(() => protocol, null, null, { sock });
      return { transport, close: () => peer.close() };
    },
  ],
  [
    "TLS",
    async (loop, protocol) => {
      const [sock, peer] = tcpPair();
      const serving = new SSLContext({ cert, key });
      const served = loop.connectAcceptedSocket(() => ({}), peer, { ssl: serving });
      const options = { sock, ssl: new SSLContext({ ca: authority.cert }), serverHostname: "localhost" };
      const [transport] = await loop.createConnection(() => protocol, null, null, options);
      const [other] = await served;
      return { transport, close: () => other.abort() };
    },
  ],
  [
    "a stream of Node's",
    async (loop, protocol) => {
      const [transport] = await loop.connectDuplex(() => protocol, new PassThrough());
      return { transport, close: () => {} };
    },
  ],
  [
    "datagrams",
    async (loop, protocol) => {
      const [transport] = await loop.createDatagramEndpoint(() => protocol, { host: "127.0.0.1", port: 0 });
      return { transport, close: () => {} };
    },
  ],
  [
    "a pipe",
    async (loop, protocol) => {
      const [read, write] = pipe();
      const [transport] = await loop.connectWritePipe(() => protocol, write);
      return { transport, close: () => read.close() };
    },
  ],
];

for (const [name, connect] of kinds) {
  test(`leaves nothing of ${name} that was aborted just before`, async () => {
    const loop = new EventLoop();
    let lost = 0;
    const protocol = { connectionLost: () => void lost++ };
    const { transport, close } = await loop.runUntilComplete(
      loop.createTask(async () => await connect(loop, protocol)),
    );
    transport.abort();
    loop.close();
    close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.is(lost, 0);
  });
}

test("leaves nothing of a connection that is cancelled while it is announced", async () => {
  const loop = new EventLoop();
  const [sock, peer] = socketpair();
  let connecting: Future<unknown> | undefined;
  loop.callSoon(() => {
    connecting = loop.createConnection(() => ({}), null, null, { sock });
    connecting.addDoneCallback(() => {});
    loop.stop();
  });
  await loop.runForever();
  connecting?.cancel();
  loop.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  closeAll(peer);
});

test.run();

/**
 * TLS: an echo server with a certificate, and a client that trusts it and sends a message as soon as the one before is back.
 */
import { type Coroutine, getRunningLoop, SSLContext } from "wasyncio";
import { CERTIFICATE, KEY } from "./certificate.js";
import { EchoClient, EchoServer } from "./echo.js";
import { check, milliseconds, withThousands } from "./words.js";

const MESSAGES = 1000;

export function* tls(): Coroutine<string> {
  const loop = getRunningLoop();
  const mine = new SSLContext({ cert: CERTIFICATE, key: KEY });
  const server = yield* loop.createServer(() => new EchoServer(), "127.0.0.1", 0, { ssl: mine });
  const address = server.sockets?.[0].getsockname();
  const start = loop.time();
  let echoes = 0;
  const makeClient = () => new EchoClient(loop, () => ++echoes < MESSAGES);
  const theirs = { ssl: new SSLContext({ ca: CERTIFICATE }), serverHostname: "localhost" };
  const [transport, client] = yield* loop.createConnection(makeClient, "127.0.0.1", address?.port, theirs);
  const { version } = transport.getExtraInfo("cipher") as { version: string };
  yield* client.lost;
  const elapsed = milliseconds(loop.time() - start);
  server.close();
  yield* server.waitClosed();
  check(echoes === MESSAGES, "every message comes back");
  return `${withThousands(echoes)} messages, one at a time: ${elapsed}; ${version}`;
}

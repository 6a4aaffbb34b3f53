/**
 * A Unix socket: an echo server on `createUnixServer`, and a client that sends a message as soon as the one before is back.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Coroutine, getRunningLoop, type PeerCredentials } from "wasyncio";
import { EchoClient, EchoServer } from "./echo.js";
import { check, milliseconds, withThousands } from "./words.js";

const MESSAGES = 1000;

export function* unix(): Coroutine<string> {
  const loop = getRunningLoop();
  const folder = mkdtempSync(join(tmpdir(), "wasyncio-tour-"));
  const path = join(folder, "socket");
  const server = yield* loop.createUnixServer(() => new EchoServer(), path);
  const start = loop.time();
  let echoes = 0;
  const makeClient = () => new EchoClient(loop, () => ++echoes < MESSAGES);
  const [transport, client] = yield* loop.createUnixConnection(makeClient, path);
  yield* client.lost;
  const elapsed = milliseconds(loop.time() - start);
  server.close();
  yield* server.waitClosed();
  const { pid } = transport.getExtraInfo("peercred") as PeerCredentials;
  check(pid === process.pid, "the kernel knows the peer");
  check(!existsSync(path), "the socket's file goes with the server");
  rmSync(folder, { recursive: true });
  return `${withThousands(echoes)} messages, one at a time: ${elapsed}; the peer's pid is ${pid}`;
}

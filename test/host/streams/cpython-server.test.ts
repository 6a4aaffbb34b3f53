/**
 * Servers of streams from their start to their end, held against the checks of CPython's own:
 * Lib/test/test_asyncio/test_server.py of 3.11.
 *
 * Does not own: what open-streams.test.ts, and server.test.ts of the connections, say already.
 */
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  getRunningLoop,
  openConnection,
  openUnixConnection,
  run,
  type Server,
  type StreamReader,
  type StreamWriter,
  startServer,
  startUnixServer,
  type Task,
} from "../../../host/index.js";
import { withFolder } from "../../support/folders.js";
import { leakChecked } from "../../support/leaks.js";
import { portOf, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("servers of streams, as CPython tests them"));

type Serve = (reader: StreamReader, writer: StreamWriter) => Promise<void>;
type Connect = () => PromiseLike<[reader: StreamReader, writer: StreamWriter]>;

/** Starts a server that one of its own clients ends, and looks at it before, meanwhile and afterwards. */
async function endFromWithin(start: (serve: Serve) => PromiseLike<Server>, connect: (server: Server) => Connect) {
  const loop = getRunningLoop();
  let main: Task<void> | null = null;
  const server = await start(async (reader, writer) => {
    await reader.readline();
    main?.cancel();
    writer.write(Buffer.from("1"));
    writer.close();
    await writer.waitClosed();
  });
  assert.not(server.isServing());
  const client = connect(server);
  assert.is((await rejectionOf(client())).code, "ECONNREFUSED");
  const serving = loop.createFuture<void>();
  main = loop.createTask(async () => {
    try {
      await server.startServing();
      assert.ok(server.isServing());
      serving.setResult();
      await server.serveForever();
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });
  await serving;
  const [reader, writer] = await client();
  writer.write(Buffer.from(`${"1".repeat(5 * 1024)}\n`));
  assert.is(String(await reader.read()), "1");
  writer.close();
  await writer.waitClosed();
  assert.is((await rejectionOf(main)).code, "ERR_CANCELLED");
  assert.is(server.sockets, null);
  assert.not(server.isServing());
  assert.is((await rejectionOf((async () => server.serveForever())())).code, "ERR_SERVER_CLOSED");
}

test("a server that does not serve yet is ended by one of its own clients, over TCP", () =>
  run(() =>
    endFromWithin(
      (serve) => startServer(serve, "127.0.0.1", 0, { startServing: false }),
      (server) => {
        const port = portOf(server);
        return () => openConnection("127.0.0.1", port);
      },
    ),
  ));

test("a server that does not serve yet is ended by one of its own clients, over a Unix socket", () =>
  withFolder((folder) => {
    const path = join(folder, "socket");
    return run(() =>
      endFromWithin(
        (serve) => startUnixServer(serve, path, { startServing: false }),
        () => () => openUnixConnection(path),
      ),
    );
  }));

test.run();

/** What asyncio has as coroutines are futures here, to which only the call itself gives a result. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  asCompleted,
  CancelledError,
  createSubprocessExec,
  DEVNULL,
  type Future,
  getRunningLoop,
  Lock,
  openConnection,
  Queue,
  sleep,
  startServer,
  wait,
} from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { onLoop, portOf } from "../net/support.js";

const test = leakChecked(suite("futures of calls"));

function assertOwn(future: Future<never> | Future, name: string): void {
  assert.is(thrownBy(() => (future as Future).setResult(1)).code, "ERR_OWN_RESULT", name);
  assert.is(thrownBy(() => future.setException(new Error("mine"))).code, "ERR_OWN_RESULT", name);
}

test(
  "take a result from nobody else, be they done or not, and end as they would have",
  onLoop(async ({ loop }) => {
    assert.is(getRunningLoop(), loop);
    const server = await startServer((_reader, writer) => writer.close(), "127.0.0.1", 0);
    const [reader, writer] = await openConnection("127.0.0.1", portOf(server));
    const child = await createSubprocessExec("true", { stdin: DEVNULL });
    const pending = loop.createFuture<string>();
    const lock = new Lock();
    const queue = new Queue<string>();
    const calls: Record<string, Future> = {
      "sleep(0)": sleep(0, "slept"),
      sleep: sleep(0.001, "slept"),
      wait: wait([pending]) as Future,
      asCompleted: asCompleted([pending]).next().value as Future,
      "lock.acquire": lock.acquire() as Future,
      "queue.get": queue.get() as Future,
      "server.startServing": server.startServing() as Future,
      "server.serveForever": server.serveForever() as Future,
      "server.waitClosed": server.waitClosed() as Future,
      "reader.read": reader.read(1) as Future,
      "writer.waitClosed": writer.waitClosed() as Future,
      "process.wait": child.wait() as Future,
      shutdownDefaultExecutor: loop.shutdownDefaultExecutor() as Future,
    };
    for (const [name, future] of Object.entries(calls)) assertOwn(future, name);
    pending.setResult("found");
    queue.putNowait("item");
    writer.close();
    server.close();
    const ends: unknown[] = [];
    for (const future of Object.values(calls)) {
      ends.push(await future.catch((error: Error) => error instanceof CancelledError && "cancelled"));
    }
    const found = new Set([pending]);
    const nothing = undefined;
    const waited = { done: found, pending: new Set() };
    assert.equal(ends.slice(0, 6), ["slept", "slept", waited, "found", true, "item"]);
    assert.equal(ends.slice(6), [nothing, "cancelled", nothing, Buffer.alloc(0), nothing, 0, nothing]);
    for (const [name, future] of Object.entries(calls)) assertOwn(future, name);
    lock.release();
  }),
);

test.run();

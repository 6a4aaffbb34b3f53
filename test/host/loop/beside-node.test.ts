/** A loop is a guest: Node's own timers, files, sockets and promises go on beside it, and neither knows the other's context. */
import { AsyncLocalStorage } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, sleep } from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { checkNoLeaks } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { bothLoops, countIterations, runOnce } from "./both-loops.js";

const test = bothLoops(suite("beside Node"));

/** Three ways to be always busy: a chain of calls, a chain of tasks' turns, and fds that are always ready. */
const busy: [string, (loop: EventLoop) => () => void][] = [
  [
    "a chain of calls",
    (loop) => {
      const iterations = countIterations(loop);
      return () => iterations.stop();
    },
  ],
  [
    "a generator that never waits",
    (loop) => {
      const task = loop.createTask(function* () {
        for (;;) yield;
      });
      return () => void task.cancel();
    },
  ],
  [
    "an async function that never waits long",
    (loop) => {
      const task = loop.createTask(async () => {
        for (;;) await sleep(0);
      });
      return () => void task.cancel();
    },
  ],
  [
    "an fd that is always ready",
    (loop) => {
      const [left, right] = socketpair();
      loop.addWriter(left, () => {});
      return () => {
        loop.removeWriter(left);
        closeAll(left, right);
      };
    },
  ],
];

for (const [name, keepBusy] of busy) {
  test.onReal(`timers, immediates, files and HTTP go on beside ${name}`, async (loop) => {
    const stopBusy = keepBusy(loop);
    const run = loop.runForever();
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(await readFile("/proc/self/status", "utf8"), "Name:");
    const server = createServer((_request, response) => response.end("from Node")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    assert.is(await response.text(), "from Node");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    stopBusy();
    loop.stop();
    await run;
  });
}

test.onReal("Node has its turn soon beside async functions that take long between two awaits", async (loop) => {
  let steps = 0;
  const task = loop.createTask(async () => {
    for (;;) {
      steps++;
      const end = performance.now() + 6;
      while (performance.now() < end);
      await sleep(0);
    }
  });
  const run = loop.runForever();
  await new Promise((resolve) => setImmediate(resolve));
  const before = steps;
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(steps - before <= 3, `there were ${steps - before} steps meanwhile`);
  task.cancel();
  loop.stop();
  await run;
});

test("the loop goes on while Node is asked to wait", async (loop) => {
  const task = loop.createTask(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await readFile("/proc/self/status", "utf8");
    await new Promise((resolve) => setImmediate(resolve));
    return "back";
  });
  assert.is(await loop.runUntilComplete(task), "back");
});

test("callbacks see the store of whoever registered them, and not of whoever settles a future or runs the loop", async (loop) => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const look = (): void => void seen.push(storage.getStore());
  const future = loop.createFuture();
  storage.run("who registers", () => {
    loop.callSoon(look);
    loop.callLater(0, look);
    future.addDoneCallback(look);
    loop.createTask(function* () {
      look();
      yield;
      look();
    });
  });
  storage.run("who settles", () => future.setResult(1));
  await storage.run("who runs", () => runOnce(loop));
  await storage.run("who runs", () => runOnce(loop));
  assert.equal(seen, Array(5).fill("who registers"));
});

test("an async function keeps the store that it was in when it awaited", async (loop) => {
  const storage = new AsyncLocalStorage<string>();
  const task = loop.createTask(() =>
    storage.run("mine", async () => {
      const before = storage.getStore();
      await sleep(0.0001);
      return [before, storage.getStore()];
    }),
  );
  assert.equal(await loop.runUntilComplete(task), ["mine", "mine"]);
});

test("a callback that asks Node for something while others hold a store does not pass it on", async (loop) => {
  const storage = new AsyncLocalStorage<string>();
  let store: string | undefined = "unset";
  loop.callSoon(() =>
    setImmediate(() => {
      store = storage.getStore();
      loop.stop();
    }),
  );
  await storage.run("who runs", async () => {
    const kept = loop.callLater(3600, () => {});
    // Keeps a virtual loop from finding that nothing will ever happen.
    const promise = loop.createTask(() => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve))));
    await loop.runForever();
    kept.cancel();
    await loop.runUntilComplete(promise);
  });
  assert.is(store, undefined);
});

for (const kind of ["EventLoop", "VirtualEventLoop"]) {
  test.onReal(`a ${kind} runs in a worker thread, and beside one in this`, async (loop) => {
    const iterations = countIterations(loop);
    const run = loop.runForever();
    const worker = new Worker(fileURLToPath(new URL("./loop-in-worker.js", import.meta.url)), { workerData: kind });
    const messages: unknown[] = [];
    worker.on("message", (message) => messages.push(message));
    const code = await new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    iterations.stop();
    loop.stop();
    await run;
    assert.is(code, 0);
    assert.equal(messages, [["timer", "task", "promise", "task again"]]);
  });
}

test.onReal("a worker that ends leaves nothing behind in the process", async () => {
  await checkNoLeaks(async () => {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(fileURLToPath(new URL("./loop-in-worker.js", import.meta.url)), {
        workerData: "EventLoop",
      });
      await new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    }
  });
});

test.run();

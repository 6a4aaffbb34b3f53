/** Calls from real threads: none lost, each thread's in order, whatever the loop is doing. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Coroutine, EventLoop, sleep } from "../../../host/index.js";
import { RemoteLoop } from "../../../host/worker.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import type { Order, Shared } from "./calling-thread.js";
import type { Shared as Ending } from "./loop-that-ends.js";

const test = leakChecked(suite("calls from other threads"));
/** Of loops that nobody closes, whose descriptors stay. */
const endings = suite("loops of threads that have ended");

const THREADS = 3;
const CALLS = 1000;

/** A loop that notes what threads call, and checks that each thread's calls come in order. */
class Noting {
  readonly loop = new EventLoop();
  readonly next = new Map<number, number>();
  readonly workers: Worker[] = [];

  shared(): Shared {
    return {
      note: (thread, count) => {
        assert.is(count, this.next.get(thread) ?? 0, `thread ${thread}`);
        this.next.set(thread, count + 1);
      },
      *add(a, b) {
        yield;
        return a + b;
      },
      *forever() {
        for (;;) yield* sleep(1);
      },
      stop: () => this.loop.stop(),
    };
  }

  start(what: Order["what"], thread = 0, count = CALLS): Worker {
    const port = this.loop.share(this.shared());
    const order: Order = { port, thread, what, count };
    const worker = new Worker(new URL("./calling-thread.js", import.meta.url), {
      workerData: order,
      transferList: [port],
    });
    this.workers.push(worker);
    return worker;
  }

  async end(): Promise<void> {
    const ends = this.workers.map((worker) => (worker.threadId === -1 ? null : once(worker, "exit")));
    await Promise.all(ends);
    this.loop.close();
  }
}

/** Runs until all threads have made all their calls. */
async function runUntilNoted(noting: Noting, threads: number, run = (): unknown => noting.loop.runForever()) {
  const { loop, next } = noting;
  const check = (): void => {
    if (next.size === threads && [...next.values()].every((count) => count === CALLS)) loop.stop();
    else loop.callLater(0.005, check);
  };
  check();
  await run();
}

test("an idle loop wakes for each call", async () => {
  const noting = new Noting();
  noting.start("calls and stop");
  await noting.loop.runForever();
  assert.equal([...noting.next], [[0, CALLS]]);
  await noting.end();
});

test("calls into an idle loop, a busy loop and a loop that blocks its thread are all made, in order for each thread", async () => {
  const busy = (loop: EventLoop): void => void loop.callSoon(busy, loop);
  for (const state of ["idle", "busy", "blocking"]) {
    const noting = new Noting();
    const { loop } = noting;
    for (let thread = 0; thread < THREADS; thread++) noting.start("calls", thread);
    if (state === "busy") busy(loop);
    await runUntilNoted(noting, THREADS, () => (state === "blocking" ? loop.runForeverSync() : loop.runForever()));
    assert.equal([...noting.next.values()], Array(THREADS).fill(CALLS), state);
    await noting.end();
  }
});

test("a loop that sleeps in the kernel is woken, also to be stopped", async () => {
  const noting = new Noting();
  noting.start("calls and stop");
  noting.loop.runForeverSync();
  assert.equal([...noting.next], [[0, CALLS]]);
  await noting.end();
});

test("what was called before a loop is closed is a gapless beginning, and the call that comes too late fails", async () => {
  const noting = new Noting();
  const { loop, next } = noting;
  const workers = [0, 1, 2].map((thread) => noting.start("calls until closed", thread));
  const heard = Promise.all(workers.map((worker) => once(worker, "message")));
  while (next.size < workers.length) {
    loop.callLater(0.01, () => loop.stop());
    await loop.runForever();
  }
  loop.close();
  for (const [thread, [[taken, code, isClosed]]] of (await heard).entries()) {
    assert.ok(taken >= (next.get(thread) as number), `${taken} calls were taken, and ${next.get(thread)} have run`);
    assert.is(code, "ERR_LOOP_CLOSED");
    assert.ok(isClosed);
  }
  await noting.end();
});

test("a thread blocks for what a coroutine comes to, on either kind of run", async () => {
  for (const run of ["runForever", "runForeverSync"] as const) {
    const noting = new Noting();
    noting.start("blocks for a result", 0, 0);
    await noting.loop[run]();
    assert.equal([...noting.next], [[0, 1]], run);
    await noting.end();
  }
});

test("a thread that blocks hears that the time is over, and that the loop was closed", async () => {
  const noting = new Noting();
  const worker = noting.start("blocks until closed");
  noting.loop.setExceptionHandler(() => {});
  const heard = once(worker, "message");
  await noting.loop.runForever();
  noting.loop.close();
  assert.equal(await heard, [["TimeoutError ERR_TIMEOUT", "RuntimeError ERR_LOOP_CLOSED"]]);
  await noting.end();
});

test("a thread that is terminated leaves a loop that goes on", async () => {
  const noting = new Noting();
  const { loop, next } = noting;
  const worker = noting.start("calls for ever");
  while (next.size === 0) {
    loop.callLater(0.005, () => loop.stop());
    await loop.runForever();
  }
  await worker.terminate();
  loop.callLater(0.005, () => loop.stop());
  await loop.runForever();
  await noting.end();
});

for (const how of ["process.exit", "an uncaught throw", "the end of its program", "terminate"] as const) {
  endings(`a thread that blocks hears that the loop's thread has ended without closing it (${how})`, async () => {
    const worker = new Worker(new URL("./loop-that-ends.js", import.meta.url));
    const [port] = await once(worker, "message");
    const remote = new RemoteLoop<Ending>(port);
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.on("error", () => {});
    const future = remote.runCoroutineThreadsafe("end", how);
    if (how === "terminate") void worker.terminate();
    assert.is((thrownBy(() => future.result(30)) as { code?: string }).code, "ERR_LOOP_CLOSED");
    assert.ok(remote.isClosed());
    await ended;
  });
}

endings("a thread that calls and calls hears that the loop's thread has ended without closing it", async () => {
  const worker = new Worker(new URL("./loop-that-ends.js", import.meta.url));
  const [port] = await once(worker, "message");
  const remote = new RemoteLoop<Ending>(port);
  const ended = once(worker, "exit");
  const end = performance.now() + 30_000;
  void remote.runCoroutineThreadsafe("end", "process.exit").then(undefined, () => {});
  const error = thrownBy(() => {
    while (performance.now() < end) remote.callSoonThreadsafe("hello");
  });
  assert.is((error as { code?: string }).code, "ERR_LOOP_CLOSED");
  await ended;
  remote.close();
});

test("two loops of two threads call each other", async () => {
  const loop = new EventLoop();
  const port = loop.share({
    *twice(value: number): Coroutine<number> {
      return yield* sleep(0.001, 2 * value);
    },
    stop: () => loop.stop(),
  });
  const worker = new Worker(new URL("./loop-that-calls.js", import.meta.url), {
    workerData: port,
    transferList: [port],
  });
  const heard = once(worker, "message");
  await loop.runForever();
  assert.equal(await heard, [42]);
  await once(worker, "exit");
  loop.close();
});

test.run();
endings.run();

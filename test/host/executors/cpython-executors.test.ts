/**
 * Work in executors, held against the checks of CPython's own: Lib/test/test_asyncio/test_events.py of 3.11, and of uvloop's:
 * tests/test_executors.py; and what varies them.
 *
 * Does not own: what executors.test.ts and ../loop/executor-calls.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gather, getRunningLoop, ProcessPoolExecutor, run, sleep, ThreadPoolExecutor } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { rejection } from "../loop/both-loops.js";

const test = leakChecked(suite("executors, as CPython and uvloop test them"));
const index = new URL("../../../host/index.js", import.meta.url).href;

for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
  test(`a function that calls itself, ten times at once (${Pool.name})`, async () => {
    const pool = new Pool({ maxWorkers: 2 });
    const results = await run(() => {
      const loop = getRunningLoop();
      const work = Array.from({ length: 10 }, (_, n) =>
        loop.runInExecutor(
          pool,
          function fib(of: number): number {
            return of < 2 ? 1 : fib(of - 2) + fib(of - 1);
          },
          n,
        ),
      );
      return gather(work);
    });
    await pool.shutdown();
    assert.equal(results, [1, 1, 2, 3, 5, 8, 13, 21, 34, 55]);
  });

  test(`a worker knows nothing of the loop that sent it work, and runs loops of its own (${Pool.name})`, async () => {
    const pool = new Pool({ maxWorkers: 1 });
    const inside = async (url: string): Promise<string[]> => {
      const ours: typeof import("../../../host/index.js") = await import(url);
      const told: string[] = [];
      try {
        ours.getRunningLoop();
      } catch (error) {
        told.push((error as { code: string }).code);
      }
      told.push(await ours.run(async () => await ours.sleep(0.001, "run")));
      const loop = ours.getEventLoop();
      told.push(await loop.runUntilComplete(loop.createTask(() => ours.sleep(0.001, "its own"))));
      loop.close();
      ours.setEventLoop(null);
      return told;
    };
    const results = await run(() => {
      const loop = getRunningLoop();
      return gather([loop.runInExecutor(pool, inside, index), loop.runInExecutor(pool, inside, index)]);
    });
    await pool.shutdown();
    assert.equal(results, Array(2).fill(["ERR_NO_RUNNING_LOOP", "run", "its own"]));
  });
}

test("a worker that leaves a loop open ends all the same", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const leavesOpen = async (url: string): Promise<boolean> => {
    const { newEventLoop }: typeof import("../../../host/index.js") = await import(url);
    const loop = newEventLoop();
    loop.callLater(3600, () => {});
    (globalThis as { kept?: unknown }).kept = loop;
    return loop.isClosed();
  };
  assert.is(await run(() => getRunningLoop().runInExecutor(pool, leavesOpen, index)), false);
  await pool.shutdown();
});

test("shutdownDefaultExecutor may be called twice, and given up, and waits for the work all the same", async () => {
  for (const givenUp of [true, false]) {
    const result = await run(async () => {
      const loop = getRunningLoop();
      const work = loop.runInExecutor(null, () => "done");
      const [first, second] = [loop.shutdownDefaultExecutor(), loop.shutdownDefaultExecutor()];
      if (givenUp) first.cancel();
      await second;
      assert.is(first.cancelled(), givenUp);
      return await work;
    });
    assert.is(result, "done");
  }
});

test("cancelled work is not heard of again, neither by shutdownDefaultExecutor nor by a loop that is closed", async () => {
  const reported: unknown[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    loop.setExceptionHandler((_loop, context) => reported.push(context));
    const work = loop.runInExecutor(null, () => {
      throw new Error("nobody hears of it");
    });
    await sleep(0);
    assert.ok(work.cancel());
    assert.is((await rejection(work)).name, "CancelledError");
    await loop.shutdownDefaultExecutor();
  });
  assert.equal(reported, []);
});

test.run();

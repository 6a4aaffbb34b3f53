/**
 * The cases of CPython's and uvloop's tests of contexts that the tests of ours do not have, with AsyncLocalStorage for contextvars.
 *
 * Owns: that what a task or a callback sets stays with it, over many awaits and among many tasks; that nothing holds on to what was stored.
 *
 * CPython 3.11, test_tasks.py and test_context.py; uvloop, test_context.py.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Future, gather, sleep } from "../../../host/index.js";
import { collectUntil } from "../futures/collect-garbage.js";
import { bothLoops, runFor, within } from "../loop/both-loops.js";
import { KINDS, ofKind } from "../sync/both-kinds.js";

const test = bothLoops(suite("context, as CPython and uvloop test it"));
const storage = new AsyncLocalStorage<unknown>();

test("of a task is that of its creation, whatever either sets afterwards", async (loop) => {
  const seen: unknown[] = [];
  await within(loop, async () => {
    const inner = loop.createTask(async () => {
      await sleep(0.0001);
      seen.push(storage.getStore());
      storage.enterWith("inner");
      await sleep(0);
      seen.push(storage.getStore());
    });
    storage.enterWith("outer");
    await inner;
    seen.push(storage.getStore());
  });
  assert.equal(seen, [undefined, "inner", "outer"]);
});

test("of a done callback is a copy: what it sets does not come to the task that waits", async (loop) => {
  const seen: unknown[] = [];
  await within(loop, async () => {
    for (const round of ["first", "second"]) {
      const future = loop.createFuture<void>();
      future.addDoneCallback(() => storage.enterWith("callback"));
      storage.enterWith(round);
      loop.callSoon(() => future.setResult());
      await future;
      seen.push(storage.getStore());
      for (const nap of [0, 0.0001]) {
        storage.enterWith(`${round} ${nap}`);
        await sleep(nap);
        seen.push(storage.getStore());
      }
    }
  });
  assert.equal(seen, ["first", "first 0", "first 0.0001", "second", "second 0", "second 0.0001"]);
});

for (const kind of KINDS) {
  test.onVirtual(`of each of a hundred tasks is its own at every step of a ${kind}`, async (loop) => {
    let steps = 0;
    const body = (own: number) =>
      ofKind(kind, function* () {
        for (let step = 0; step < 10; step++) {
          yield* sleep(((own * 7 + step * 3) % 10) / 10);
          assert.is(storage.getStore(), own);
          steps++;
        }
      });
    await within(loop, async () => {
      const tasks = Array.from({ length: 100 }, (_, own) => storage.run(own, () => loop.createTask(body(own))));
      await gather(tasks);
      assert.is(storage.getStore(), undefined);
    });
    assert.is(steps, 1000);
  });

  test(`of what gather runs is that of each call, over a ${kind}'s waiting`, async (loop) => {
    const divided = (own: number, nap: number) =>
      storage.run(own, () =>
        loop.createTask(
          ofKind(kind, function* () {
            const before = storage.getStore();
            yield* sleep(nap);
            return [before, storage.getStore()];
          }),
        ),
      );
    const results = await loop.runUntilComplete(gather([divided(3, 0.0004), divided(6, 0.0002)]));
    assert.equal(results, [
      [3, 3],
      [6, 6],
    ]);
  });
}

test("holds on to nothing that was stored when all has run that was registered in it", async (loop) => {
  const stored = await (async (): Promise<WeakRef<object>> => {
    const object = { payload: new Array(1000).fill(0) };
    const future = loop.createFuture<void>() as Future<unknown>;
    storage.run(object, () => {
      loop.createTask(async () => {
        loop.callSoon(() => {});
        await sleep(0);
      });
      loop.createTask(function* () {
        yield* sleep(0);
      });
      loop.callLater(3600, () => {}).cancel();
      future.addDoneCallback(() => {});
      loop.callLater(0.0001, () => future.setResult(null));
    });
    await runFor(loop, 0.001);
    return new WeakRef(object);
  })();
  await runFor(loop, 0.001);
  await collectUntil(() => stored.deref() === undefined, "the store is collected");
});

test.run();

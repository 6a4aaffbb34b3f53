/** Loops under fake timers, which put functions that never call anybody in the place of Node's. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { getRunningLoop, run, sleep, waitFor } from "../../host/index.js";
import { VirtualEventLoop } from "../../host/testing.js";

/** Runs with the globals that test tools fake out of order. */
async function underFakeTimers(body: () => Promise<void>): Promise<void> {
  const { setImmediate, setTimeout, clearTimeout, performance } = globalThis;
  const { nextTick } = process;
  const never = (): unknown => ({ unref: (): void => {} });
  Object.assign(globalThis, { setImmediate: never, setTimeout: never, clearTimeout: never });
  Object.defineProperty(globalThis, "performance", { value: { now: () => 0 }, configurable: true, writable: true });
  Object.assign(process, { nextTick: never });
  try {
    await body();
  } finally {
    Object.assign(globalThis, { setImmediate, setTimeout, clearTimeout, performance });
    Object.assign(process, { nextTick });
  }
}

/** What needs timers of the loop, promises, and reports. */
async function program(): Promise<void> {
  const loop = getRunningLoop();
  await sleep(0.01);
  await loop.createTask(function* () {
    yield* sleep(0.01);
  });
  const failed = loop.createFuture();
  failed.setException(new Error("seen at once"));
  await failed.catch(() => {});
  const late = await waitFor(sleep(7200), 0.01).catch((error: Error) => error.name);
  assert.is(late, "TimeoutError");
}

test("a real loop goes on", async () => {
  await underFakeTimers(() => run(program));
});

test("a virtual loop goes on", async () => {
  await underFakeTimers(() => run(program, { loopFactory: () => new VirtualEventLoop() }));
});

test("a virtual loop that nothing can wake says so", async () => {
  await underFakeTimers(async () => {
    const loop = new VirtualEventLoop();
    const ended = await loop.runUntilComplete(loop.createFuture()).catch((error: { code: string }) => error.code);
    assert.is(ended, "ERR_VIRTUAL_DEADLOCK");
    loop.close();
  });
});

test.run();

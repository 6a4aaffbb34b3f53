/** What is peculiar to the virtual loop: its clock, and what it says when nothing can ever happen. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RuntimeError, sleep } from "../../../host/index.js";
import { bothLoops, rejection, runFor, runOnce } from "./both-loops.js";

const test = bothLoops(suite("virtual time"));

test.onVirtual("begins at 0 and stands still while anything is ready", async (loop) => {
  assert.is(loop.time(), 0);
  let left = 1000;
  const again = (): void => {
    if (--left > 0) loop.callSoon(again);
    else loop.stop();
  };
  loop.callSoon(again);
  await loop.runForever();
  assert.is(loop.time(), 0);
});

test.onVirtual("jumps to the next deadline, exactly, however far", async (loop) => {
  const times: number[] = [];
  for (const when of [0.1, 1 / 3, 86400, 86400.5, 1e6 + 1 / 7, 1e9, 1e15, 1e300]) {
    loop.callAt(when, () => times.push(loop.time()));
  }
  loop.callAt(Number.MAX_VALUE, () => loop.stop());
  await loop.runForever();
  assert.equal(times, [0.1, 1 / 3, 86400, 86400.5, 1e6 + 1 / 7, 1e9, 1e15, 1e300]);
  assert.is(loop.time(), Number.MAX_VALUE);
});

test.onVirtual("passes at no cost of real time", async (loop) => {
  const start = performance.now();
  await loop.runUntilComplete(loop.createTask(async () => sleep(365 * 86400)));
  assert.is(loop.time(), 365 * 86400);
  // A second is a window so wide that only a loop that really waits misses it.
  assert.ok(performance.now() - start < 1000);
});

test.onVirtual("goes on in the next run where the last one ended", async (loop) => {
  await runFor(loop, 5);
  assert.is(loop.time(), 5);
  await runOnce(loop);
  assert.is(loop.time(), 5);
  await runFor(loop, 1);
  assert.is(loop.time(), 6);
});

test.onVirtual("does not jump while promises lead to something", async (loop) => {
  const trace: string[] = [];
  loop.callAt(1, () => trace.push(`timer at ${loop.time()}`));
  loop.createTask(async () => {
    for (let index = 0; index < 200; index++) await null;
    trace.push(`promises at ${loop.time()}`);
    await sleep(0.5);
    trace.push(`half at ${loop.time()}`);
    await (async () => {
      for (let index = 0; index < 200; index++) await Promise.resolve();
    })();
    loop.callSoon(() => trace.push(`call at ${loop.time()}`));
  });
  loop.callSoon(() => {
    void Promise.resolve().then(() => loop.callSoon(() => trace.push(`unseen promise at ${loop.time()}`)));
  });
  await runFor(loop, 2);
  assert.equal(trace, ["promises at 0", "unseen promise at 0", "half at 0.5", "call at 0.5", "timer at 1"]);
});

test.onVirtual(
  "says so when nothing can ever happen, and can be run again",
  async (loop) => {
    for (const prepare of [
      () => {},
      () => void loop.createFuture(),
      () => void loop.createTask(async () => await loop.createFuture()),
      () => void loop.callLater(Number.POSITIVE_INFINITY, () => {}),
    ]) {
      prepare();
      const error = await rejection(loop.runForever());
      assert.instance(error, RuntimeError);
      assert.is(error.code, "ERR_VIRTUAL_DEADLOCK");
      assert.not.ok(loop.isRunning());
    }
    await runFor(loop, 1);
  },
  { leavesPending: true },
);

test.onVirtual("waits for promises from elsewhere before it says so", async (loop) => {
  const task = loop.createTask(async () => await new Promise((resolve) => setTimeout(resolve, 3, "from Node")));
  assert.is(await loop.runUntilComplete(task), "from Node");
  const followed = new Promise((resolve) => setTimeout(resolve, 3, "followed"));
  assert.is(await loop.runUntilComplete(followed), "followed");
  assert.is(loop.time(), 0);
  let resolve = (): void => {};
  const elsewhere = new Promise<void>((settle) => (resolve = settle));
  const cancelled = loop.runUntilComplete(elsewhere);
  const never = loop.createFuture();
  setTimeout(resolve, 3);
  await cancelled;
  assert.is((await rejection(loop.runUntilComplete(never))).code, "ERR_VIRTUAL_DEADLOCK");
  never.cancel();
});

test.onVirtual("is woken by calls from elsewhere while it waits for promises", async (loop) => {
  const trace: string[] = [];
  const task = loop.createTask(async () => await new Promise((resolve) => setTimeout(resolve, 6)));
  setTimeout(() => loop.callSoon(() => trace.push("call")), 1);
  setTimeout(() => loop.callSoonThreadsafe(() => trace.push("threadsafe")), 2);
  setTimeout(() => loop.callLater(100, () => trace.push(`timer at ${loop.time()}`)), 3);
  await loop.runUntilComplete(task);
  assert.equal(trace, ["call", "threadsafe", "timer at 100"]);
});

test.run();

/** The scheduler: one core, the objects that its ids stand for, and errors for what the core refuses. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Status } from "../../../assembly/abi.js";
import { RuntimeError, ValueError } from "../../../host/index.js";
import { bothLoops, runFor, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("the scheduler"));

test("lists what is pending, and nothing that has run or was cancelled", async (loop) => {
  const scheduler = loop._scheduler;
  const call = loop.callSoon(() => {});
  const timer = loop.callLater(1000, () => {});
  const cancelled = loop.callSoon(() => {});
  cancelled.cancel();
  const task = loop.createTask(function* () {
    yield;
  });
  assert.equal(new Set(scheduler.entries()), new Set([call, timer, task]));
  await runOnce(loop);
  assert.equal(new Set(scheduler.entries()), new Set([timer, task]));
  await runOnce(loop);
  timer.cancel();
  assert.equal([...scheduler.entries()], []);
});

test("has words for every status of the core", (loop) => {
  const classes: [number, unknown, string][] = [
    [Status.BadTime, ValueError, "ERR_BAD_TIME"],
    [Status.BadFd, ValueError, "ERR_BAD_FD"],
    [Status.OutOfSlots, RuntimeError, "ERR_OUT_OF_SLOTS"],
    [Status.BadId, RuntimeError, "ERR_CORE"],
    [Status.InvalidState, RuntimeError, "ERR_CORE"],
  ];
  for (const [status, kind, code] of classes) {
    const error = loop._scheduler.failure(status);
    assert.instance(error, kind as never);
    assert.is((error as { code?: string }).code, code);
  }
});

test("goes on with fresh views after the core's memory has grown", async (loop) => {
  loop.setDebug(false);
  const { core } = loop._scheduler;
  const before = core.memory.buffer.byteLength;
  let ran = 0;
  for (let index = 0; index < 100_000; index++) loop.callSoon(() => ran++);
  assert.ok(core.memory.buffer.byteLength > before);
  await runOnce(loop);
  assert.is(ran, 100_000);
  await runFor(loop, 0.0005);
});

test("uses slots again instead of taking new ones", async (loop) => {
  loop.setDebug(false);
  const { core } = loop._scheduler;
  let bytes = 0;
  for (let round = 0; round < 8; round++) {
    for (let index = 0; index < 2000; index++) {
      loop.callSoon(() => {});
      loop.callLater(1000, () => {}).cancel();
      loop.createTask(function* () {
        yield;
      });
      const future = loop.createFuture();
      future.addDoneCallback(() => {});
      future.cancel();
    }
    await runOnce(loop);
    await runOnce(loop);
    if (round === 1) bytes = core.memory.buffer.byteLength;
  }
  assert.is(core.memory.buffer.byteLength, bytes);
});

test("is woken by whatever makes something ready, wherever that is done", async (loop) => {
  const future = loop.createFuture<string>();
  const pending = loop.createTask(async () => await future);
  const kept = loop.createTask(() => new Promise<void>((resolve) => setTimeout(resolve, 5)));
  setTimeout(() => future.setResult("from Node's timer"), 1);
  assert.is(await loop.runUntilComplete(pending), "from Node's timer");
  await loop.runUntilComplete(kept);
});

test.run();

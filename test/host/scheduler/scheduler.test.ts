/** The scheduler: one core, the objects that its ids stand for, and errors for what the core refuses. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Status } from "../../../assembly/abi.js";
import { EventLoop, FatalError, RuntimeError, ValueError } from "../../../host/index.js";
import { bothLoops, rejection, runFor, runOnce } from "../loop/both-loops.js";

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

test("keeps the order of calls with what the core queues between them", async (loop) => {
  const order: string[] = [];
  const note = (word: string): void => {
    order.push(word);
  };
  loop.callSoon(note, "1");
  loop.callSoon(note, "2");
  loop.createTask(function* () {
    note("task");
    yield;
    note("task again");
  });
  loop.callSoon(note, "3").cancel();
  loop.callSoon(note, "4");
  loop.callAt(loop.time(), note, "timer");
  loop.callSoon(() => {
    note("5");
    loop.callSoon(note, "6");
  });
  await runOnce(loop);
  assert.is(order.join(), "1,2,task,4,5,timer");
  await runOnce(loop);
  assert.is(order.join(), "1,2,task,4,5,timer,task again,6");
});

test("goes on behind a fatal call, in the next run", async (loop) => {
  const order: number[] = [];
  for (const number of [1, 2]) loop.callSoon(() => order.push(number));
  loop.callSoon(() => {
    loop.callSoon(() => order.push(6));
    throw new FatalError("the end");
  });
  for (const number of [4, 5]) loop.callSoon(() => order.push(number));
  assert.is((await rejection(loop.runForever())).message, "the end");
  assert.equal(order, [1, 2]);
  await runOnce(loop);
  assert.equal(order, [1, 2, 4, 5, 6]);
});

test("has words for every status of the core", (loop) => {
  const classes: [number, unknown, string][] = [
    [Status.BadTime, ValueError, "ERR_BAD_TIME"],
    [Status.BadFd, ValueError, "ERR_INVALID_FILE"],
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
  const order: number[] = [];
  loop.callSoon(() => order.push(1));
  for (let index = 0; index < 100_000; index++) loop.callLater(1000, () => {}).cancel();
  assert.ok(core.memory.buffer.byteLength > before);
  loop.callSoon(() => order.push(2));
  loop.callSoon(() => order.push(3));
  await runOnce(loop);
  assert.equal(order, [1, 2, 3]);
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

test.onReal("leaves nothing behind when there is no memory for another core", () => {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class {
    constructor() {
      throw new RangeError("Out of memory");
    }
  } as never;
  try {
    // What it has opened is looked for at the end of every test.
    assert.throws(() => new EventLoop(), /Out of memory/);
  } finally {
    WebAssembly.Instance = Instance;
  }
});

test.run();

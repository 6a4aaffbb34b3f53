/** Sleeping: how long, how many iterations, and what a cancellation leaves. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, type Coroutine, type EventLoop, sleep } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, countIterations, rejection, runFor, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("sleep"));

/** Runs a body as a task on the running loop, so that `sleep` finds it. */
function within<T>(loop: EventLoop, body: () => Coroutine<T> | Promise<T>): Promise<T> {
  return loop.runUntilComplete(loop.createTask(body));
}

test("takes the time that was asked for, and gives the result that was given", async (loop) => {
  const start = loop.time();
  assert.is(await within(loop, async () => sleep(0.002, "slept")), "slept");
  assert.ok(loop.time() - start >= 0.002);
  assert.is(
    await within(loop, function* () {
      return yield* sleep(0.001, "again");
    }),
    "again",
  );
  assert.is(await within(loop, async () => sleep(0.0001)), undefined);
});

for (const delay of [0, -1, Number.NEGATIVE_INFINITY]) {
  test(`of ${delay} takes exactly one iteration`, async (loop) => {
    const iterations = countIterations(loop);
    const generator = await within(loop, function* () {
      const before = iterations.count;
      for (let time = 0; time < 10; time++) assert.is(yield* sleep(delay, "result"), "result");
      return iterations.count - before;
    });
    const asyncFunction = await within(loop, async () => {
      const before = iterations.count;
      for (let time = 0; time < 10; time++) assert.is(await sleep(delay, "result"), "result");
      return iterations.count - before;
    });
    assert.equal([generator, asyncFunction], [10, 10]);
    iterations.stop();
  });
}

test("and a bare yield take the same turn", async (loop) => {
  const trace: string[] = [];
  const worker = (name: string, rest: () => Coroutine<unknown>) =>
    function* () {
      for (let round = 0; round < 3; round++) {
        trace.push(`${name}${round}`);
        yield* rest();
      }
    };
  function* bare(): Coroutine<void> {
    yield;
  }
  loop.createTask(worker("a", bare));
  loop.createTask(worker("b", () => sleep(0)[Symbol.iterator]() as Coroutine<unknown>));
  loop.createTask(worker("c", bare));
  for (let iteration = 0; iteration < 4; iteration++) await runOnce(loop);
  assert.equal(trace, ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]);
});

test("of 0 may be used as a future", async (loop) => {
  await within(loop, async () => {
    const future = sleep(0, "value");
    let told = false;
    future.addDoneCallback(() => (told = true));
    assert.not.ok(future.done());
    assert.is(await future, "value");
    assert.ok(future.done());
    assert.is(await future, "value");
    await sleep(0);
    assert.ok(told);
    const cancelled = sleep(0);
    assert.ok(cancelled.cancel());
    assert.instance(await rejection(cancelled), CancelledError);
    assert.equal(await Promise.all([sleep(0, 1), sleep(0, 2)]), [1, 2]);
  });
  await within(loop, function* () {
    const future = sleep(0, "value");
    assert.is(yield* future, "value");
    assert.ok(future.done());
    assert.is(yield* future, "value");
    const asked = sleep(0, "asked");
    assert.not.ok(asked.done());
    assert.is(yield* asked, "asked");
  });
});

test("of 0 that is cancelled while it lasts throws at that await", async (loop) => {
  for (const body of [
    async () => void (await sleep(0)),
    function* () {
      yield* sleep(0);
    },
  ]) {
    const task = loop.createTask(body);
    await runOnce(loop);
    task.cancel("up");
    await runOnce(loop);
    await runOnce(loop);
    assert.ok(task.cancelled());
    assert.is(thrownBy(() => task.result()).message, "up");
  }
});

test("that is cancelled takes its timer away", async (loop) => {
  const task = loop.createTask(async () => sleep(3600));
  await runOnce(loop);
  assert.is(loop._scheduler.core.timerCount(), 1);
  task.cancel();
  assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
  await runOnce(loop);
  assert.is(loop._scheduler.core.timerCount(), 0);
});

test("needs a number that is a number, and a loop that runs", async (loop) => {
  assert.is(thrownBy(() => sleep(1)).code, "ERR_NO_RUNNING_LOOP");
  await within(loop, async () => {
    for (const junk of [null, undefined, "1", {}, 1n]) {
      const error = thrownBy(() => sleep(junk as never));
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_NOT_A_NUMBER");
    }
    const nan = thrownBy(() => sleep(Number.NaN));
    assert.instance(nan, RangeError);
    assert.is(nan.code, "ERR_BAD_TIME");
  });
});

test.onVirtual("sleepers wake by their times", async (loop) => {
  const woken: number[] = [];
  for (const delay of [9, 1, 7, 3, 5]) {
    loop.createTask(function* () {
      yield* sleep(delay);
      woken.push(loop.time());
    });
  }
  await runFor(loop, 10);
  assert.equal(woken, [1, 3, 5, 7, 9]);
});

test.run();

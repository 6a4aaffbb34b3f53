/** Waiting for some of several things, and no longer than a certain time. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Future,
  Queue,
  setEventLoop,
  sleep,
  TimeoutError,
  wait,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, rejection, runOnce } from "./both-loops.js";

const test = bothLoops(suite("wait and waitFor"));

test("wait waits for all, and tells them apart from none that is pending", async (loop) => {
  const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
  const waiting = wait([first, second, first]);
  first.setResult(1);
  loop.callLater(0.0005, () => second.setException(new Error("mine")));
  const { done, pending } = await loop.runUntilComplete(waiting);
  assert.equal(done, new Set<Future<number>>([first, second]));
  assert.is(pending.size, 0);
  assert.is((second.exception() as Error).message, "mine");
});

test("wait ends with the first, with the first that fails, or when its time is over", async (loop) => {
  const settle: [(future: Future<number>) => void, "FIRST_COMPLETED" | "FIRST_EXCEPTION", boolean][] = [
    [(future) => future.setResult(1), "FIRST_COMPLETED", true],
    [(future) => future.setException(new Error("mine")), "FIRST_COMPLETED", true],
    [(future) => void future.cancel(), "FIRST_COMPLETED", true],
    [(future) => future.setException(new Error("mine")), "FIRST_EXCEPTION", true],
    [(future) => future.setResult(1), "FIRST_EXCEPTION", false],
    [(future) => void future.cancel(), "FIRST_EXCEPTION", false],
  ];
  for (const [end, returnWhen, isEnough] of settle) {
    const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
    const waiting = wait([first, second], { returnWhen, timeout: 0.001 });
    const start = loop.time();
    end(first);
    const { done, pending } = await loop.runUntilComplete(waiting);
    assert.equal([done.has(first), pending.has(second)], [true, true]);
    if (!isEnough) assert.ok(loop.time() - start >= 0.001);
    if (!first.cancelled()) first.exception();
    second.cancel();
  }
});

test("wait leaves nothing with the futures that it waited for, however it ends", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture<number>();
  await loop.runUntilComplete(wait([future], { timeout: 0 }));
  wait([future], { timeout: 3600 }).cancel();
  await runOnce(loop);
  await runOnce(loop);
  assert.is(String(future), "<Future pending>");
  future.cancel();
});

test("wait refuses nothing, and options that it does not know", (loop) => {
  setEventLoop(loop);
  const future = loop.createFuture();
  assert.is(thrownBy(() => wait([])).code, "ERR_NOTHING_TO_WAIT_FOR");
  assert.is(thrownBy(() => wait([future], { returnWhen: "ALL" as never })).code, "ERR_BAD_OPTION");
  assert.is(thrownBy(() => wait([future], { timout: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  setEventLoop(null);
});

test("waitFor ends as what it waits for, in time", async (loop) => {
  const error = new Error("mine");
  const [value, failure, cancelled] = [loop.createFuture<number>(), loop.createFuture(), loop.createFuture()];
  loop.callLater(0.0001, () => {
    value.setResult(1);
    failure.setException(error);
    cancelled.cancel("by itself");
  });
  const waiting = [value, failure, cancelled].map((future) => waitFor(future as Future, 3600));
  assert.is(await loop.runUntilComplete(waiting[0] as Future), 1);
  assert.is(await rejection(loop.runUntilComplete(waiting[1] as Future)), error);
  assert.is((await rejection(loop.runUntilComplete(waiting[2] as Future))).message, "by itself");
  assert.is(await loop.runUntilComplete(waitFor(value, null)), 1);
});

test("waitFor cancels what takes too long, and waits until that has ended", async (loop) => {
  const trace: string[] = [];
  const slow = loop.createTask(async () => {
    try {
      await sleep(3600);
    } finally {
      await sleep(0.0005);
      trace.push("cleaned up");
    }
  });
  for (const timeout of [0.001, 0, -1]) {
    const error = await rejection(loop.runUntilComplete(waitFor(timeout === 0.001 ? slow : sleepOn(loop), timeout)));
    assert.instance(error, TimeoutError);
    assert.instance(error.cause, CancelledError);
  }
  assert.ok(slow.cancelled());
  assert.equal(trace, ["cleaned up"]);
});

test("cancelling waitFor reaches what it waits for, before its first step too", async (loop) => {
  for (const iterations of [0, 1, 2]) {
    const future = loop.createFuture();
    const waiting = waitFor(future, 3600);
    for (let iteration = 0; iteration < iterations; iteration++) await runOnce(loop);
    waiting.cancel("enough");
    assert.instance(await rejection(loop.runUntilComplete(waiting)), CancelledError);
    await runOnce(loop);
    assert.ok(future.cancelled(), `after ${iterations} iterations`);
  }
});

test("waitFor gives what came in time although it was told to stop", async (loop) => {
  const contexts = contextsOf(loop);
  const stubborn = loop.createTask(async () => {
    try {
      await sleep(3600);
    } catch {
      return "swallowed";
    }
    return "slept";
  });
  assert.is(await loop.runUntilComplete(waitFor(stubborn, 0.0005)), "swallowed");
  assert.equal(contexts, []);
});

function sleepOn(loop: Parameters<typeof runOnce>[0]): Future<unknown> {
  return loop.createTask(async () => await sleep(3600));
}

function afterTurns(loop: Parameters<typeof runOnce>[0], turns: number, callback: () => void): void {
  if (turns === 0) callback();
  else loop.callSoon(afterTurns, loop, turns - 1, callback);
}

test("wait gives as done what has ended before whoever waits goes on", async (loop) => {
  for (const kind of ["generator", "async function"]) {
    const queues = [new Queue<string>(), new Queue<string>()];
    const [first, second] = queues as [Queue<string>, Queue<string>];
    const getters = () => queues.map((queue) => loop.createTask(async () => await queue.get()));
    const onceOne = { returnWhen: "FIRST_COMPLETED" } as const;
    // By then all wait, however busy the machine is.
    afterTurns(loop, 20, () => {
      first.putNowait("a");
      loop.callSoon(() => second.putNowait("b"));
    });
    const { done, pending } = await loop.runUntilComplete(
      kind === "generator"
        ? loop.createTask(function* () {
            return yield* wait(getters(), onceOne);
          })
        : loop.createTask(async () => await wait(getters(), onceOne)),
    );
    for (const task of pending) task.cancel();
    await runOnce(loop);
    await runOnce(loop);
    assert.ok(
      [...pending].every((task) => task.cancelled()),
      kind,
    );
    assert.is(done.size + first.qsize() + second.qsize(), 2, kind);
  }
});

test("waitFor without any time does not begin", async (loop) => {
  for (const timeout of [0, -1]) {
    let hasBegun = false;
    const coroutine = (function* () {
      hasBegun = true;
      yield;
      return 5;
    })();
    const waiting = loop.createTask(function* () {
      return yield* waitFor(coroutine, timeout);
    });
    assert.instance(await rejection(loop.runUntilComplete(waiting)), TimeoutError);
    assert.not.ok(hasBegun);
  }
});

test.run();

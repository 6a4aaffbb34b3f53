import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  asCompleted,
  CancelledError,
  type Coroutine,
  createTask,
  type Future,
  gather,
  run,
  shield,
  sleep,
  type Task,
  TimeoutError,
  wait,
  waitFor,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";

const test = suite("gather, shield, wait and waitFor");

function virtually<T>(name: string, body: (loop: VirtualEventLoop) => Coroutine<T>): void {
  test(name, async () => {
    const loop = new VirtualEventLoop();
    try {
      await loop.runUntilComplete(body(loop));
      assert.is(loop._scheduler.core.liveSlots(), loop._scheduler.core.timerCount(), "slots are given back");
    } finally {
      loop.close();
    }
  });
}

function* after<T>(seconds: number, value: T): Coroutine<T> {
  return yield* sleep(seconds, value);
}

function* failAfter(seconds: number, message: string): Coroutine<never> {
  yield* sleep(seconds);
  throw new Error(message);
}

async function thrownBy(awaitable: PromiseLike<unknown>): Promise<unknown> {
  try {
    await awaitable;
  } catch (error) {
    return error;
  }
  return assert.unreachable("it should have thrown");
}

virtually("gather gives results in the order of its arguments and waits for the slowest", function* (loop) {
  const results = yield* gather([after(3, "a"), after(1, "b"), after(2, "c")]);
  assert.equal(results, ["a", "b", "c"]);
  assert.is(loop.time(), 3);
});

virtually("gather of what is done already is done at once, with the results or the first failure", function* (loop) {
  const [one, two, failed, pending] = Array.from({ length: 4 }, () => loop.createFuture<number>());
  one?.setResult(1);
  two?.setResult(2);
  failed?.setException(new Error("broken"));
  const all = gather([one, two, one] as Future<number>[]);
  assert.equal(all.result(), [1, 2, 1]);
  const some = gather([pending, failed] as Future<number>[]);
  assert.is((some.exception() as Error).message, "broken");
  const answers = gather([one, failed] as Future<number>[], { returnExceptions: true });
  assert.equal(answers.result(), [1, failed?.exception()]);
  pending?.cancel();
  const cancelled = gather([one, pending] as Future<number>[]);
  assert.not(cancelled.cancelled());
  assert.instance(cancelled.exception(), CancelledError);
});

virtually("gather of what is done already is done at once", function* (loop) {
  const given = (value: unknown): Future => {
    const future = loop.createFuture();
    if (value instanceof Error) future.setException(value);
    else future.setResult(value);
    return future;
  };
  const both = gather([given(1), given(2)]);
  assert.ok(both.done());
  assert.equal(both.result(), [1, 2]);
  const failure = new Error("failed");
  assert.is(gather([given(1), given(failure), sleep(1)]).exception(), failure);
  assert.equal(gather([given(failure)], { returnExceptions: true }).result(), [failure]);
  const some = gather([given(1), sleep(1, 2)]);
  assert.not(some.done());
  assert.equal(yield* some, [1, 2]);
});

virtually("gather of nothing is done at once", function* () {
  assert.equal(yield* gather([]), []);
});

virtually("gather passes the first exception on and lets the others go on", function* (loop) {
  const other = loop.createTask(after(5, "done"));
  try {
    yield* gather([failAfter(1, "first"), other, failAfter(2, "second")]);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, "first");
  }
  assert.is(loop.time(), 1);
  assert.is(yield* other, "done");
});

virtually("gather with returnExceptions puts exceptions among the results", function* () {
  const results = yield* gather([failAfter(1, "no"), after(2, "yes")], { returnExceptions: true });
  assert.is((results[0] as unknown as Error).message, "no");
  assert.is(results[1], "yes");
});

virtually("gather waits once for what it is given twice", function* (loop) {
  const task = loop.createTask(after(1, {}));
  const [first, second] = yield* gather([task, task]);
  assert.is(first, second);
});

virtually("cancelling what gather returned cancels all, after they have cleaned up", function* (loop) {
  const log: string[] = [];
  function* child(name: string): Coroutine<void> {
    try {
      yield* sleep(10);
    } finally {
      yield* sleep(1);
      log.push(name);
    }
  }
  const outer = gather([child("a"), child("b")]);
  loop.callLater(2, () => assert.ok(outer.cancel("enough")));
  try {
    yield* outer;
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CancelledError);
  }
  assert.equal(log, ["a", "b"]);
  assert.is(loop.time(), 3);
});

test("gather refuses futures of several loops", () => {
  const [one, two] = [new VirtualEventLoop(), new VirtualEventLoop()];
  assert.throws(
    () => gather([one.createFuture(), two.createFuture()]),
    (error: { code: string }) => error.code === "ERR_FOREIGN_FUTURE",
  );
  one.close();
  two.close();
});

virtually("shield lets the inner task go on when the outer future is cancelled", function* (loop) {
  const inner = loop.createTask(after(2, "kept"));
  const outer = shield(inner);
  assert.ok(outer.cancel());
  assert.is(yield* inner, "kept");
});

virtually("shield passes result, exception and cancellation of the inner task on", function* (loop) {
  assert.is(yield* shield(after(1, "result")), "result");
  try {
    yield* shield(failAfter(1, "exception"));
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, "exception");
  }
  const inner = loop.createTask(after(9, null));
  const outer = shield(inner);
  inner.cancel();
  yield* sleep(0);
  yield* sleep(0);
  assert.ok(outer.cancelled());
});

virtually("wait returns when all are done", function* (loop) {
  const tasks = [loop.createTask(after(1, 1)), loop.createTask(after(2, 2))];
  const { done, pending } = yield* wait(tasks);
  assert.equal([...done], tasks);
  assert.is(pending.size, 0);
});

virtually("wait for the first leaves the others pending", function* (loop) {
  const [fast, slow] = [loop.createTask(after(1, 1)), loop.createTask(after(2, 2))] as const;
  const { done, pending } = yield* wait([fast, slow], { returnWhen: "FIRST_COMPLETED" });
  assert.equal([...done], [fast]);
  assert.equal([...pending], [slow]);
  slow.cancel();
  yield* sleep(0);
});

virtually("wait for the first exception does not stop at a result", function* (loop) {
  const [good, bad, late] = [
    loop.createTask(after(1, "one")),
    loop.createTask(failAfter(2, "x")),
    loop.createTask(after(3, 3)),
  ] as const;
  const { done } = yield* wait([good, bad, late], { returnWhen: "FIRST_EXCEPTION" });
  assert.equal([...done], [good, bad]);
  assert.is((bad.exception() as Error).message, "x");
  yield* late;
});

virtually("wait gives up after its timeout without an error", function* (loop) {
  const slow = loop.createTask(after(9, 9));
  const { done, pending } = yield* wait([slow], { timeout: 2 });
  assert.is(done.size, 0);
  assert.is(pending.size, 1);
  assert.is(loop.time(), 2);
  slow.cancel();
  yield* sleep(0);
});

test("wait refuses bad arguments at the call", () => {
  const loop = new VirtualEventLoop();
  const calls = [
    ["ERR_NOTHING_TO_WAIT_FOR", () => wait([])],
    ["ERR_BAD_OPTION", () => wait([loop.createFuture()], { returnWhen: "SOMETIMES" as never })],
    ["ERR_BAD_TIME", () => wait([loop.createFuture()], { timeout: Number.NaN })],
  ] as const;
  for (const [code, call] of calls) assert.throws(call, (error: { code: string }) => error.code === code);
  loop.close();
});

virtually("waitFor returns what is there in time", function* () {
  assert.is(yield* waitFor(after(1, "in time"), 2), "in time");
  assert.is(yield* waitFor(after(1, "whenever"), null), "whenever");
});

virtually("waitFor cancels what takes too long, and waits until it has ended", function* (loop) {
  const log: string[] = [];
  function* slow(): Coroutine<void> {
    try {
      yield* sleep(10);
    } finally {
      yield* sleep(1);
      log.push("cleaned up");
    }
  }
  try {
    yield* waitFor(slow(), 2);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, TimeoutError);
  }
  assert.equal(log, ["cleaned up"]);
  assert.is(loop.time(), 3);
});

virtually("waitFor with no time left lets a done future through", function* (loop) {
  const done = loop.createFuture<number>();
  done.setResult(7);
  assert.is(yield* waitFor(done, 0), 7);
  try {
    yield* waitFor(loop.createFuture(), 0);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, TimeoutError);
  }
});

virtually("cancelling waitFor cancels what it waits for", function* (loop) {
  const inner: Task<number> = loop.createTask(after(9, 9));
  const outer = waitFor(inner, 5);
  loop.callLater(1, () => outer.cancel());
  try {
    yield* outer;
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CancelledError);
  }
  assert.ok(inner.cancelled());
});

test("all of them work in async functions on a real loop", async () => {
  await run(async () => {
    assert.equal(await gather([sleep(0.001, 1), sleep(0, 2), (async () => 3)()]), [1, 2, 3]);
    assert.instance(await thrownBy(waitFor(sleep(10), 0.001)), TimeoutError);
    const { done } = await wait([sleep(0.001), sleep(10)], { returnWhen: "FIRST_COMPLETED" });
    assert.is(done.size, 1);
    assert.is(await shield(sleep(0, "x")), "x");
  });
});

test("gather, shield and asCompleted pass on whatever was thrown, be it no error at all", async () => {
  for (const thrown of ["text", null, undefined]) {
    await run(
      async () => {
        const fails = () =>
          createTask(async () => {
            throw thrown;
          });
        const outcome = (awaitable: PromiseLike<unknown> | undefined) =>
          awaitable?.then(
            () => "no failure",
            (reason) => reason,
          );
        assert.is(await outcome(gather([fails()])), thrown);
        assert.is(await outcome(shield(fails())), thrown);
        assert.is(await outcome(asCompleted([fails()]).next().value), thrown);
        assert.equal(await gather([fails()], { returnExceptions: true }), [thrown]);
      },
      { loopFactory: () => new VirtualEventLoop() },
    );
  }
});

test.run();

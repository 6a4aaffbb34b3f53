/**
 * The cases of CPython's own tests of futures that the tests of ours do not have.
 *
 * Owns: done callbacks that change each other while they are told; generators that are driven by hand.
 *
 * CPython 3.11, test_futures.py.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Coroutine, InvalidStateError } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, runOnce } from "../loop/both-loops.js";
import { iterate } from "../sync/both-kinds.js";

const test = bothLoops(suite("futures, as CPython tests them"));

/** Done callbacks of these names, which note them. */
function noting<N extends string>(names: readonly N[]): { told: N[]; callbacks: Record<N, () => void> } {
  const told: N[] = [];
  const callbacks = Object.fromEntries(names.map((name) => [name, () => void told.push(name)]));
  return { told, callbacks: callbacks as Record<N, () => void> };
}

test("tell the callbacks that are left, in order, whichever were taken back, awaited or not", async (loop) => {
  const names = ["a", "b", "c"] as const;
  for (const isAwaited of [false, true]) {
    for (const removed of [["a"], ["a", "b"], ["c"], ["b"], ["a", "b", "c"]] as ("a" | "b" | "c")[][]) {
      const { told, callbacks } = noting(names);
      const future = loop.createFuture<string>();
      for (const name of names) future.addDoneCallback(callbacks[name]);
      if (isAwaited) {
        loop.createTask(function* () {
          yield* future;
        });
        await runOnce(loop);
      }
      for (const name of removed) assert.is(future.removeDoneCallback(callbacks[name]), 1);
      for (const name of removed) assert.is(future.removeDoneCallback(callbacks[name]), 0);
      future.setResult("x");
      await iterate(loop, 2);
      assert.equal(
        told,
        names.filter((name) => !removed.includes(name)),
      );
    }
  }
});

test("tell a callback that another one takes back when they are being told", async (loop) => {
  for (const isAwaited of [false, true]) {
    const { told, callbacks } = noting(["late"]);
    const future = loop.createFuture<number>();
    future.addDoneCallback(() => assert.is(future.removeDoneCallback(callbacks.late), 0));
    future.addDoneCallback(callbacks.late);
    future.addDoneCallback(callbacks.late);
    if (isAwaited) {
      loop.createTask(function* () {
        yield* future;
      });
      await runOnce(loop);
    }
    future.setResult(1);
    await iterate(loop, 2);
    assert.equal(told, ["late", "late"]);
  }
});

test("tell callbacks that settle and cancel others, and the same one, what they find", async (loop) => {
  const contexts = contextsOf(loop);
  const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
  const trace: string[] = [];
  first.addDoneCallback(() => {
    trace.push(`again ${first.cancel()}`);
    second.setResult(2);
  });
  second.addDoneCallback(() => trace.push(`second ${second.result()}`));
  first.addDoneCallback(() => {
    trace.push(`second is done ${second.done()}`);
    first.setResult(3);
  });
  first.addDoneCallback(() => trace.push("last"));
  first.setResult(1);
  await iterate(loop, 2);
  assert.equal(trace, ["again false", "second is done true", "last", "second 2"]);
  assert.is(contexts.length, 1);
  assert.instance(contexts[0]?.exception, InvalidStateError);
});

test("are what a generator yields that is driven by hand, each until it is done", (loop) => {
  const future = loop.createFuture<number>();
  const steps = (function* (): Coroutine<number> {
    const first = yield* future;
    const second = yield* future;
    return first + second;
  })();
  assert.is(steps.next().value, future);
  assert.is(steps.next().value, future);
  future.setResult(21);
  assert.equal(steps.next(), { done: true, value: 42 });
});

test("pass on what is thrown into a generator that waits for them, and are let be by its end", (loop) => {
  const future = loop.createFuture<number>();
  const error = new Error("mine");
  const wait = function* (): Coroutine<void> {
    yield* future;
  };
  const [thrownInto, ended] = [wait(), wait()];
  thrownInto.next();
  ended.next();
  assert.is(
    thrownBy(() => thrownInto.throw(error)),
    error,
  );
  assert.ok(ended.return(undefined).done);
  assert.not.ok(future.done());
  future.cancel();
});

test("have arrays and objects for results as they are", async (loop) => {
  for (const value of [[1, 2], { done: true, value: 1 }, new Map([[1, 2]])]) {
    const future = loop.createFuture<unknown>();
    const task = loop.createTask(function* () {
      return yield* future;
    });
    await runOnce(loop);
    future.setResult(value);
    assert.is(await loop.runUntilComplete(task), value);
  }
});

test("say which of many callbacks wait, and none of them when they are done", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture<number>();
  const first = (): void => {};
  const last = (): void => {};
  future.addDoneCallback(first);
  future.addDoneCallback(last);
  assert.is(String(future), "<Future pending callbacks=[first(), last()]>");
  future.cancel();
  assert.is(String(future), "<Future cancelled>");
  await runOnce(loop);
});

test("that are given up after they have failed stay failed", (loop) => {
  const future = loop.createFuture<number>();
  const error = new Error("mine");
  future.setException(error);
  assert.is(future.cancel(), false);
  assert.equal([future.cancelled(), future.exception()], [false, error]);
});

test.run();

/** Futures: one state, one result, and who is told of it when. */
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, FatalError, Future, InvalidStateError } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, countIterations, rejection, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("futures"));

test("are pending until they have a result", (loop) => {
  const future = loop.createFuture<number>();
  assert.is(future.getLoop(), loop);
  assert.equal([future.done(), future.cancelled()], [false, false]);
  future.setResult(7);
  assert.equal([future.done(), future.cancelled(), future.result(), future.exception()], [true, false, 7, null]);
});

test("may have an exception instead, and throw it as often as they are asked", (loop) => {
  const future = loop.createFuture();
  const error = new Error("mine");
  future.setException(error);
  assert.equal([future.done(), future.cancelled()], [true, false]);
  assert.is(future.exception(), error);
  for (let time = 0; time < 2; time++)
    assert.is(
      thrownBy(() => future.result()),
      error,
    );
});

test("may be cancelled, with a message", (loop) => {
  const future = loop.createFuture();
  assert.is(future.cancel("for a reason"), true);
  assert.equal([future.done(), future.cancelled()], [true, true]);
  for (const ask of [() => future.result(), () => future.exception()]) {
    const error = thrownBy(ask);
    assert.instance(error, CancelledError);
    assert.is(error.message, "for a reason");
    assert.is(error.code, "ERR_CANCELLED");
  }
  const plain = loop.createFuture();
  plain.cancel();
  assert.is(thrownBy(() => plain.result()).message, "");
});

test("have no result and no exception to give before they are done", (loop) => {
  const future = loop.createFuture();
  for (const ask of [() => future.result(), () => future.exception()]) {
    const error = thrownBy(ask);
    assert.instance(error, InvalidStateError);
    assert.is(error.code, "ERR_INVALID_STATE");
  }
});

test("end once: afterwards settling is an error and cancelling does nothing", (loop) => {
  const endings: ((future: Future) => unknown)[] = [
    (future) => future.setResult(1),
    (future) => future.setException(new Error("x")),
    (future) => future.cancel(),
  ];
  for (const end of endings) {
    const future = loop.createFuture();
    end(future);
    const before = String(future);
    assert.instance(
      thrownBy(() => future.setResult(2)),
      InvalidStateError,
    );
    assert.instance(
      thrownBy(() => future.setException(new Error("y"))),
      InvalidStateError,
    );
    assert.is(future.cancel(), false);
    assert.is(String(future), before);
    if (!future.cancelled()) future.exception();
  }
});

test("take any value for a result", (loop) => {
  for (const value of [undefined, null, 0, "", new Error("a value"), () => {}, Promise.resolve(1)]) {
    const future = loop.createFuture();
    future.setResult(value);
    assert.is(future.result(), value);
    assert.is(future.exception(), null);
  }
});

test("take errors and classes of errors for an exception, and nothing else", (loop) => {
  const future = loop.createFuture();
  for (const junk of [undefined, null, 1, "text", {}, () => new Error("x"), Object, class Plain {}]) {
    const error = thrownBy(() => future.setException(junk as never));
    assert.instance(error, TypeError);
    assert.is((error as { code?: string }).code, "ERR_NOT_AN_ERROR");
    assert.not.ok(future.done());
  }
  future.setException(SyntaxError);
  assert.instance(future.exception(), SyntaxError);
  const cancelled = loop.createFuture();
  cancelled.setException(new CancelledError("an exception like any other"));
  assert.not.ok(cancelled.cancelled());
  assert.instance(cancelled.exception(), CancelledError);
  const fatal = loop.createFuture();
  fatal.setException(FatalError);
  assert.instance(fatal.exception(), FatalError);
});

test("tell done callbacks in the order of registration, in the next iteration, and themselves", async (loop) => {
  const future = loop.createFuture<number>();
  const told: [number, unknown][] = [];
  for (let index = 0; index < 5; index++) future.addDoneCallback((done) => told.push([index, done]));
  future.setResult(1);
  assert.is(told.length, 0);
  await runOnce(loop);
  assert.equal(
    told.map(([index]) => index),
    [0, 1, 2, 3, 4],
  );
  assert.ok(told.every(([, done]) => done === future));
});

test("tell who comes late in the next iteration as well", async (loop) => {
  const future = loop.createFuture<number>();
  future.setResult(1);
  let told = 0;
  future.addDoneCallback(() => told++);
  assert.is(told, 0);
  await runOnce(loop);
  assert.is(told, 1);
});

test("tell done callbacks that are added while others run one iteration later", async (loop) => {
  const future = loop.createFuture<number>();
  const told: string[] = [];
  future.addDoneCallback(() => {
    told.push("first");
    future.addDoneCallback(() => told.push("added"));
  });
  future.addDoneCallback(() => told.push("second"));
  future.setResult(1);
  await runOnce(loop);
  assert.equal(told, ["first", "second"]);
  await runOnce(loop);
  assert.equal(told, ["first", "second", "added"]);
});

test("tell one callback as often as it was added, and forget all of its registrations at once", async (loop) => {
  const future = loop.createFuture<number>();
  const told: string[] = [];
  const twice = (): void => void told.push("twice");
  const once = (): void => void told.push("once");
  for (const callback of [twice, once, twice]) future.addDoneCallback(callback);
  const kept = loop.createFuture<number>();
  for (const callback of [twice, once, twice]) kept.addDoneCallback(callback);
  assert.is(future.removeDoneCallback(twice), 2);
  assert.is(future.removeDoneCallback(twice), 0);
  assert.is(
    future.removeDoneCallback(() => {}),
    0,
  );
  future.setResult(1);
  kept.setResult(1);
  await runOnce(loop);
  assert.equal(told, ["once", "twice", "once", "twice"]);
  assert.is(kept.removeDoneCallback(twice), 0);
});

test("whose callbacks were all taken back give their slots back when they are done", async (loop) => {
  const future = loop.createFuture<number>();
  const callback = (): void => {};
  for (let time = 0; time < 100; time++) {
    future.addDoneCallback(callback);
    future.removeDoneCallback(callback);
  }
  future.cancel();
});

test("need functions for callbacks", (loop) => {
  const pending = loop.createFuture();
  const done = loop.createFuture();
  done.setResult(1);
  for (const future of [pending, done]) {
    for (const junk of [undefined, null, 1, "x", {}]) {
      const error = thrownBy(() => future.addDoneCallback(junk as never));
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_NOT_CALLABLE");
    }
  }
});

test("go on telling the others when a done callback throws", async (loop) => {
  const contexts = contextsOf(loop);
  const future = loop.createFuture<number>();
  const error = new Error("in a done callback");
  function failing(): void {
    throw error;
  }
  let told = 0;
  future.addDoneCallback(failing);
  future.addDoneCallback(() => told++);
  future.setResult(1);
  await runOnce(loop);
  assert.is(told, 1);
  assert.is(contexts.length, 1);
  assert.is(contexts[0]?.exception, error);
  assert.match(contexts[0]?.message ?? "", "Exception in callback <Handle failing(");
});

test("are awaited by then, whether or not they are done", async (loop) => {
  const trace: unknown[] = [];
  const early = loop.createFuture<number>();
  const late = loop.createFuture<number>();
  early.setResult(1);
  const chained = late.then((value) => value + 1);
  loop.callSoon(() => late.setResult(10));
  await loop.runUntilComplete(
    loop.createTask(async () => {
      trace.push(await early, await late, await chained, await late);
    }),
  );
  assert.equal(trace, [1, 10, 11, 10]);
  const failed = loop.createFuture();
  const error = new Error("mine");
  failed.setException(error);
  assert.is(await rejection(failed), error);
  assert.is(await failed.then(null, (reason) => reason), error);
  const cancelled = loop.createFuture();
  cancelled.cancel("away");
  assert.instance(await rejection(cancelled), CancelledError);
});

test("can be passed where a promise is wanted", async (loop) => {
  const loud = async (promise: Promise<string>): Promise<string> => (await promise).toUpperCase();
  const future = loop.createFuture<string>();
  loop.callSoon(() => future.setResult("done"));
  assert.is(await loop.runUntilComplete(loud(future)), "DONE");
  assert.is(Object.prototype.toString.call(future), "[object Future]");
});

test("are awaited outside of tasks too", async (loop) => {
  const future = loop.createFuture<string>();
  const awaited = (async () => await future)();
  loop.callSoon(() => future.setResult("value"));
  await runOnce(loop);
  await runOnce(loop);
  assert.is(await awaited, "value");
});

test("wake those who wait in one iteration, in the order in which they began to", async (loop) => {
  const future = loop.createFuture<number>();
  const trace: string[] = [];
  const iterations = countIterations(loop);
  const wait = (name: string) =>
    function* () {
      yield* future;
      trace.push(`${name} ${iterations.count}`);
    };
  future.addDoneCallback(() => trace.push(`first ${iterations.count}`));
  const tasks = ["a", "b"].map((name) => loop.createTask(wait(name)));
  await runOnce(loop);
  future.addDoneCallback(() => trace.push(`callback ${iterations.count}`));
  tasks.push(loop.createTask(wait("c")));
  await runOnce(loop);
  future.setResult(1);
  await runOnce(loop);
  assert.equal(trace, ["first 3", "a 3", "b 3", "callback 3", "c 3"]);
  iterations.stop();
});

test("are made by a loop, and say so", () => {
  const Made = Future as unknown as new () => Future;
  assert.is(thrownBy(() => new Made()).code, "ERR_NOT_A_LOOP");
});

test("say what they are", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture<unknown>();
  assert.is(String(future), "<Future pending>");
  const hello = (): void => {};
  future.addDoneCallback(hello);
  assert.is(inspect(future), "<Future pending callbacks=[hello()]>");
  future.setResult({ a: 1 });
  assert.is(String(future), "<Future finished result={ a: 1 }>");
  const failed = loop.createFuture();
  failed.setException(new RangeError("too much"));
  assert.match(String(failed), /^<Future finished exception=.*RangeError: too much/);
  failed.exception();
  const cancelled = loop.createFuture();
  cancelled.cancel();
  assert.is(String(cancelled), "<Future cancelled>");
  await runOnce(loop);
});

test("of other loops do not disturb this one", async (loop) => {
  const Other = loop.constructor as new () => typeof loop;
  const other = new Other();
  const foreign = other.createFuture<number>();
  foreign.addDoneCallback(() => {});
  const own = loop.createFuture<number>();
  own.addDoneCallback(() => {});
  foreign.setResult(1);
  own.setResult(2);
  await runOnce(loop);
  await runOnce(other);
  other.close();
});

test.run();

/** Making a future of whatever can be awaited. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Coroutine, ensureFuture, Future, setEventLoop, Task } from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, rejection } from "../loop/both-loops.js";

const test = bothLoops(suite("ensureFuture"));

test("returns a future as it is, and needs no loop for that", async (loop) => {
  const future = loop.createFuture<number>();
  assert.is(ensureFuture(future), future);
  assert.is(ensureFuture(future, { loop }), future);
  const task = loop.createTask(async () => 1);
  assert.is(ensureFuture(task), task);
  await loop.runUntilComplete(task);
});

test("makes a task of a coroutine", async (loop) => {
  function* body(): Coroutine<string> {
    yield;
    return "value";
  }
  const future = ensureFuture(body(), { loop });
  assert.instance(future, Task);
  assert.is(await loop.runUntilComplete(future), "value");
});

test("makes a task through the loop's task factory", async (loop) => {
  let made = 0;
  loop.setTaskFactory((sameLoop, body) => {
    made++;
    return new Task(sameLoop, body);
  });
  await loop.runUntilComplete(
    (function* (): Coroutine<void> {
      yield;
    })(),
  );
  assert.is(made, 1);
});

test("follows a promise", async (loop) => {
  const resolved = ensureFuture(Promise.resolve("value"), { loop });
  assert.instance(resolved, Future);
  assert.not.instance(resolved, Task);
  assert.is(await loop.runUntilComplete(resolved), "value");
  const error = new Error("mine");
  assert.is(await rejection(loop.runUntilComplete(ensureFuture(Promise.reject(error), { loop }))), error);
  const bare = Object.create(null);
  for (const [thrown, message] of [
    ["text", "text"],
    [bare, "[Object: null prototype] {}"],
  ]) {
    const noError = await rejection(loop.runUntilComplete(ensureFuture(Promise.reject(thrown), { loop })));
    assert.instance(noError, Error);
    assert.is(noError.message, message);
    assert.is(noError.cause, thrown);
  }
});

test("follows a thenable that answers at once", async (loop) => {
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  const thenable = { then: (resolve: (value: number) => void) => resolve(1) } as PromiseLike<number>;
  assert.is(await loop.runUntilComplete(thenable), 1);
});

test("follows a promise that takes Node's time", async (loop) => {
  const slow = new Promise<string>((resolve) => setTimeout(resolve, 2, "slow"));
  assert.is(await loop.runUntilComplete(slow), "slow");
});

test("does not mind that what it followed settles after a cancellation", async (loop) => {
  const contexts = contextsOf(loop);
  let reject = (_error: Error): void => {};
  const future = ensureFuture(new Promise((_resolve, fail) => (reject = fail)), { loop });
  future.cancel();
  reject(new Error("too late"));
  await rejection(loop.runUntilComplete(future));
  assert.ok(future.cancelled());
  assert.equal(contexts, []);
});

test("does not mind that what it followed settles after the loop is closed", async (loop) => {
  let resolve = (): void => {};
  const future = ensureFuture(new Promise<void>((settle) => (resolve = settle)), { loop });
  loop.close();
  resolve();
  await new Promise((settle) => setImmediate(settle));
  assert.not.ok(future.done());
});

test("refuses what cannot be awaited, loops that are none, and futures of other loops", (loop) => {
  for (const junk of [undefined, null, 1, "x", {}, () => {}, [Promise.resolve()]]) {
    const error = thrownBy(() => ensureFuture(junk as never, { loop }));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_AWAITABLE");
  }
  for (const junk of [null, 1, {}]) {
    const error = thrownBy(() => ensureFuture(Promise.resolve(), { loop: junk as never }));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_LOOP");
  }
  const other = new VirtualEventLoop();
  const error = thrownBy(() => ensureFuture(other.createFuture(), { loop }));
  assert.instance(error, RangeError);
  assert.is(error.code, "ERR_FOREIGN_FUTURE");
  other.close();
});

test("uses the loop that was set when none is given", async (loop) => {
  setEventLoop(loop);
  const future = ensureFuture(Promise.resolve(1));
  setEventLoop(null);
  assert.is(future.getLoop(), loop);
  await loop.runUntilComplete(future);
});

test.run();

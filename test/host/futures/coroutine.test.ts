/** What can be awaited, and how to tell. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isAwaitable, isCoroutine, isPromiseLike } from "../../../host/futures/coroutine.js";
import { VirtualEventLoop } from "../../../host/testing.js";

function* generator(): Generator<undefined, void, unknown> {
  yield;
}
async function* asyncGenerator(): AsyncGenerator<undefined, void, unknown> {
  yield;
}

test("a generator is a coroutine; its function, other iterators and async generators are none", () => {
  assert.ok(isCoroutine(generator()));
  for (const other of [generator, asyncGenerator(), [].values(), new Map().entries(), null, undefined, {}, 1]) {
    assert.not.ok(isCoroutine(other));
  }
});

test("what has a then is like a promise", () => {
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  for (const like of [Promise.resolve(), { then() {} }, Object.assign(() => {}, { then() {} })]) {
    assert.ok(isPromiseLike(like));
    assert.ok(isAwaitable(like));
  }
  // biome-ignore lint/suspicious/noThenProperty: that is what is tested
  for (const other of [null, undefined, 1, "then", {}, { then: 1 }, () => {}]) assert.not.ok(isPromiseLike(other));
});

test("futures, coroutines and promises can be awaited, functions cannot", () => {
  const loop = new VirtualEventLoop();
  for (const one of [loop.createFuture(), generator(), Promise.resolve()]) assert.ok(isAwaitable(one));
  for (const other of [generator, async () => {}, null, 1]) assert.not.ok(isAwaitable(other));
  loop.close();
});

test.run();

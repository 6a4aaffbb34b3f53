import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VirtualEventLoop } from "../../../host/testing.js";

const test = suite("the promise methods of a future");

test("catch sees the exception, and lets a result through", async () => {
  const loop = new VirtualEventLoop();
  const [good, bad] = [loop.createFuture<number>(), loop.createFuture<number>()];
  loop.callSoon(() => good.setResult(1));
  loop.callSoon(() => bad.setException(new Error("no")));
  const answers = Promise.all([good.catch(() => 0), bad.catch((error) => (error as Error).message)]);
  assert.equal(await loop.runUntilComplete(answers), [1, "no"]);
  loop.close();
});

test("finally runs either way and passes the outcome on", async () => {
  const loop = new VirtualEventLoop();
  const [good, bad] = [loop.createFuture<number>(), loop.createFuture<number>()];
  let calls = 0;
  const count = (): void => {
    calls++;
  };
  loop.callSoon(() => good.setResult(1));
  loop.callSoon(() => bad.cancel());
  const answers = Promise.all([good.finally(count), bad.finally(count).catch((error) => (error as Error).name)]);
  assert.equal(await loop.runUntilComplete(answers), [1, "CancelledError"]);
  assert.is(calls, 2);
  loop.close();
});

test.run();

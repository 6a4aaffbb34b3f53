/** callLater and callAt: when timers fire, in which order, and when not at all. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, TimerHandle } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, runFor, runOnce } from "./both-loops.js";

const test = bothLoops(suite("timers"));

/** Sets a timer for each delay, and returns the order in which they fire. */
async function orderOf(loop: EventLoop, delays: number[]): Promise<number[]> {
  const order: number[] = [];
  const now = loop.time();
  for (const [index, delay] of delays.entries()) loop.callAt(now + delay, () => order.push(index));
  while (order.length < delays.length) await runFor(loop, 0.002);
  return order;
}

test("fire by deadline", async (loop) => {
  const delays = [0.0005, 0.0001, 0.0009, 0.0003, 0.0007, 0.0002];
  assert.equal(await orderOf(loop, delays), [1, 5, 3, 0, 4, 2]);
});

test("of equal deadlines fire in the order in which they were set", async (loop) => {
  const delays = Array.from({ length: 1000 }, (_, index) => (index % 2) / 1000);
  const expected = [...delays.keys()].sort((a, b) => (a % 2) - (b % 2) || a - b);
  assert.equal(await orderOf(loop, delays), expected);
});

test("are never early", async (loop) => {
  const early: number[] = [];
  for (let index = 0; index < 300; index++) {
    const delay = (index % 100) * 0.0000317;
    const handle = loop.callLater(delay, () => {
      const left = handle.when() - loop.time();
      if (left > 0) early.push(left);
    });
  }
  await runFor(loop, 0.005);
  assert.equal(early, []);
});

test("with a negative or a past time fire in the next iteration", async (loop) => {
  const trace: string[] = [];
  loop.callLater(-1, () => trace.push("later -1"));
  loop.callAt(loop.time() - 5, () => trace.push("at -5"));
  loop.callAt(Number.NEGATIVE_INFINITY, () => trace.push("at -Infinity"));
  await runOnce(loop);
  assert.equal(trace, ["at -Infinity", "at -5", "later -1"]);
});

test("at Infinity never fire", async (loop) => {
  let fired = false;
  const handles = [
    loop.callLater(Number.POSITIVE_INFINITY, () => (fired = true)),
    loop.callAt(Number.POSITIVE_INFINITY, () => (fired = true)),
    loop.callLater(Number.MAX_VALUE, () => (fired = true)),
  ];
  await runFor(loop, 0.001);
  assert.not.ok(fired);
  for (const handle of handles) handle.cancel();
});

test("need a number that is a number", (loop) => {
  for (const method of ["callLater", "callAt"] as const) {
    const nan = thrownBy(() => loop[method](Number.NaN, () => {}));
    assert.instance(nan, RangeError);
    assert.is(nan.code, "ERR_BAD_TIME");
    for (const junk of [null, undefined, "1", true, {}, 1n, () => {}]) {
      const error = thrownBy(() => loop[method](junk as never, () => {}));
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_NOT_A_NUMBER");
    }
    for (const junk of [null, undefined, "x", {}, 1]) {
      const error = thrownBy(() => loop[method](0, junk as never));
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_NOT_CALLABLE");
    }
  }
});

test("know when they are due, before and after", async (loop) => {
  const before = loop.time();
  const later = loop.callLater(0.001, () => {});
  const at = loop.callAt(before + 0.0005, () => {});
  const soon = loop.callLater(0, () => {});
  for (const handle of [later, at, soon]) assert.instance(handle, TimerHandle);
  const times = [later.when(), at.when(), soon.when()];
  assert.ok(later.when() >= before + 0.001 && soon.when() >= before);
  assert.is(at.when(), before + 0.0005);
  await runFor(loop, 0.002);
  assert.equal([later.when(), at.when(), soon.when()], times);
  later.cancel();
  assert.is(later.when(), times[0]);
});

test("that are cancelled do not fire, and cancelling twice is cancelling once", async (loop) => {
  let fired = 0;
  const handles = Array.from({ length: 400 }, (_, index) => loop.callLater(0.0001 * (index % 7), () => fired++));
  for (const [index, handle] of handles.entries()) {
    if (index % 4 === 0) continue;
    handle.cancel();
    handle.cancel();
  }
  await runFor(loop, 0.002);
  assert.is(fired, 100);
  assert.is(handles.filter((handle) => handle.cancelled()).length, 300);
});

test("that are cancelled keep no loop waiting", async (loop) => {
  const far = loop.callLater(3600, () => assert.unreachable());
  loop.callLater(0.001, () => far.cancel());
  await runFor(loop, 0.002);
  await runOnce(loop);
  assert.is(loop._scheduler.core.timerCount(), 0);
});

test("can be set and cancelled by timers", async (loop) => {
  const trace: string[] = [];
  const doomed = loop.callLater(1, () => trace.push("doomed"));
  loop.callLater(0.001, () => {
    trace.push("first");
    doomed.cancel();
    loop.callLater(0.001, () => {
      trace.push("second");
      loop.stop();
    });
    loop.callLater(-1, () => trace.push("at once"));
  });
  await loop.runForever();
  assert.equal(trace, ["first", "at once", "second"]);
});

test("that are set for an earlier time than the rest are not late for it", async (loop) => {
  const trace: string[] = [];
  const far = loop.callLater(3600, () => trace.push("far"));
  loop.callLater(0.001, () => loop.callLater(0.001, () => loop.stop()));
  await loop.runForever();
  assert.equal(trace, []);
  far.cancel();
});

test.onReal("that Node's own callbacks set wake an idle loop in time", async (loop) => {
  const far = loop.callLater(3600, () => {});
  setTimeout(() => loop.callLater(0.002, () => loop.stop()), 5);
  await loop.runForever();
  far.cancel();
});

test("time does not go back", async (loop) => {
  let last = loop.time();
  for (let round = 0; round < 100; round++) {
    await runOnce(loop);
    const now = loop.time();
    assert.ok(now >= last);
    last = now;
  }
});

test("a hundred thousand of them leave nothing behind", async (loop) => {
  loop.setDebug(false);
  let fired = 0;
  for (let round = 0; round < 10; round++) {
    for (let index = 0; index < 10_000; index++) {
      const handle = loop.callLater(0.0001, () => fired++);
      if (index % 10 !== 0) handle.cancel();
    }
    await runFor(loop, 0.001);
  }
  assert.is(fired, 10_000);
});

test.run();

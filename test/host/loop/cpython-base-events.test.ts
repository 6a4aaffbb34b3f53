/**
 * Runs, timers and watches, held against the checks of CPython's own: Lib/test/test_asyncio/test_base_events.py and test_events.py of
 * 3.11, and of uvloop's: tests/test_base.py; and what varies them.
 *
 * Does not own: what event-loop-run.test.ts, event-loop-timers.test.ts and event-loop-watch.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, type EventLoop, KeyboardInterrupt, SystemExit, sleep } from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { closeAll } from "../../support/sockets.js";
import { collectUntil } from "../futures/collect-garbage.js";
import { bothLoops, contextsOf, rejection, runFor, runOnce, within } from "./both-loops.js";

const runs = bothLoops(suite("runs, as CPython tests them"));
const timers = bothLoops(suite("timers, as CPython tests them"));
const watches = bothLoops(suite("watches, as CPython tests them"));

function exits(): never {
  throw new SystemExit("enough");
}

runs("that a fatal error ends leave no stop behind, neither the caller's nor their own", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => {
    loop.stop();
    throw new KeyboardInterrupt();
  });
  assert.instance(await rejection(loop.runForever()), KeyboardInterrupt);
  loop.callSoon(() => {
    trace.push("first");
    loop.callSoon(() => {
      trace.push("second");
      loop.stop();
    });
  });
  await loop.runForever();
  assert.equal(trace, ["first", "second"]);

  // The future of the run that has ended is done during the next one, and is nothing to that.
  const orphan = loop.createTask(() => sleep(0.001));
  loop.callSoon(exits);
  assert.instance(await rejection(loop.runUntilComplete(orphan)), SystemExit);
  await within(loop, () => sleep(0.003));
  assert.ok(orphan.done());
});

runs("go on behind a done callback or a timer with a fatal error", async (loop) => {
  const trace: string[] = [];
  const future = loop.createFuture<void>();
  future.addDoneCallback(exits);
  future.addDoneCallback(() => trace.push("next done callback"));
  future.setResult();
  assert.instance(await rejection(loop.runForever()), SystemExit);
  await runOnce(loop);
  assert.equal(trace, ["next done callback"]);

  loop.callLater(-2, exits);
  loop.callLater(-1, () => trace.push("next timer"));
  assert.instance(await rejection(loop.runForever()), SystemExit);
  await runOnce(loop);
  assert.equal(trace, ["next done callback", "next timer"]);
});

runs("of a future that was cancelled or stopped beforehand tell so", async (loop) => {
  const cancelled = loop.createFuture();
  cancelled.cancel();
  assert.instance(await rejection(loop.runUntilComplete(cancelled)), CancelledError);
  loop.stop();
  const slow = loop.createTask(() => sleep(0));
  assert.is((await rejection(loop.runUntilComplete(slow))).code, "ERR_LOOP_STOPPED");
  await loop.runUntilComplete(slow);
});

runs("within the loop's own run are refused, and a coroutine that was meant for one may run later", async (loop) => {
  let ran = 0;
  function* inner() {
    ran++;
    yield;
  }
  const coroutine = inner();
  await within(loop, async () => {
    assert.ok(loop.isRunning());
    assert.is((await rejection(loop.runUntilComplete(coroutine))).code, "ERR_LOOP_RUNNING");
  });
  assert.is(ran, 0);
  await loop.runUntilComplete(coroutine);
  assert.is(ran, 1);
});

runs("hold on to nothing that a callback was called with", async (loop) => {
  const lost: WeakRef<object>[] = [];
  const lose = (give: (future: ReturnType<EventLoop["createFuture"]>) => void): Promise<unknown> => {
    const future = loop.createFuture();
    lost.push(new WeakRef(future));
    give(future);
    return loop.runUntilComplete(future);
  };
  await lose((future) => loop.callSoon((given: typeof future) => given.setResult(null), future));
  await lose((future) => loop.callSoon(() => future.setResult(null)));
  await lose((future) => loop.callLater(0.001, (given: typeof future) => given.setResult(null), future));
  await lose((future) => loop.callLater(0.001, () => future.setResult(null)));
  await collectUntil(() => lost.every((ref) => ref.deref() === undefined), "the futures are let go");
});

timers("for times that no clock will show wait, and can be cancelled", async (loop) => {
  const delays = [
    2 ** 31 / 1000,
    2 ** 31,
    2 ** 32,
    2 ** 33,
    2 ** 53,
    2 ** 54,
    2 ** 63,
    1e18,
    1e300,
    Number.POSITIVE_INFINITY,
  ];
  const handles = delays.map((delay) => loop.callLater(delay, () => assert.unreachable()));
  const sleepers = delays.map((delay) => loop.createTask(() => sleep(delay)));
  await runFor(loop, 0.002);
  for (const handle of handles) handle.cancel();
  for (const sleeper of sleepers) sleeper.cancel();
  for (const sleeper of sleepers) assert.instance(await rejection(loop.runUntilComplete(sleeper)), CancelledError);
});

timers("may cancel themselves and throw, and are told of as cancelled", async (loop) => {
  loop.setDebug(false);
  const contexts = contextsOf(loop);
  const handle = loop.callAt(0, () => {
    handle.cancel();
    throw new Error("mine");
  });
  await runOnce(loop);
  assert.is(contexts[0]?.handle, handle);
  assert.match(contexts[0]?.message ?? "", "Exception in callback <TimerHandle cancelled when=0");
});

watches.onReal("stay when a fatal error of theirs has ended the run", async (loop) => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  let calls = 0;
  loop.addReader(left, () => {
    if (++calls === 1) exits();
    loop.stop();
  });
  assert.instance(await rejection(loop.runForever()), SystemExit);
  await loop.runForever();
  assert.is(calls, 2);
  assert.ok(loop.removeReader(left));
  closeAll(left, right);
});

watches.onReal(
  "do not hear what was meant for a descriptor that had their number in the same iteration",
  async (loop) => {
    const pairs = [socketpair(), socketpair()] as const;
    const [[first], [second]] = pairs;
    const made = new Set<ReturnType<typeof socketpair>[0]>();
    let calls = 0;
    const replaceBy = (own: typeof first, other: typeof first) => {
      calls++;
      const fd = other.fileno();
      other.close();
      for (const socket of socketpair()) made.add(socket);
      assert.ok([...made].some((socket) => socket.fileno() === fd));
      for (const socket of made) loop.addReader(socket, () => assert.unreachable());
      loop.removeReader(own);
    };
    // Whichever of the two the kernel names first closes the other one.
    loop.addReader(first, replaceBy, first, second);
    loop.addReader(second, replaceBy, second, first);
    const contexts = contextsOf(loop);
    for (const [, peer] of pairs) peer.send(Buffer.from("x"));
    await runOnce(loop);
    await runOnce(loop);
    assert.is(calls, 1);
    assert.equal(contexts, []);
    for (const socket of made) loop.removeReader(socket);
    closeAll(...made, ...pairs.flat());
  },
);

watches.onReal("may be taken away and made again by their own callback", async (loop) => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  let calls = 0;
  const read = (): void => {
    assert.ok(loop.removeReader(left));
    if (++calls < 3) loop.addReader(left, read);
  };
  loop.addReader(left, read);
  for (let round = 0; round < 5; round++) await runOnce(loop);
  assert.is(calls, 3);
  closeAll(left, right);
});

runs.run();
timers.run();
watches.run();

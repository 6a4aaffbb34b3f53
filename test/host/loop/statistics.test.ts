/** What a loop counts of itself. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, gather, type LoopStatistics, sleep, socketpair, waitFor } from "../../../host/index.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { bothLoops } from "./both-loops.js";

const test = bothLoops(suite("statistics"));

/** All but the memory. */
function counts(loop: EventLoop): Omit<LoopStatistics, "coreBytes"> {
  const { coreBytes, ...rest } = loop.statistics();
  assert.ok(coreBytes > 0);
  return rest;
}

const nothing = { tasks: 0, timers: 0, calls: 0, watches: 0, slots: 0 };

test("of a new loop are nothing", (loop) => {
  assert.equal(counts(loop), nothing);
});

test("count calls and timers until they run or are cancelled", async (loop) => {
  const ignore = (): void => {};
  const calls = [loop.callSoon(ignore), loop.callSoon(ignore), loop.callSoon(ignore)];
  const timers = [loop.callLater(0.001, ignore), loop.callLater(3600, ignore)];
  calls[0]?.cancel();
  assert.equal(counts(loop), { ...nothing, calls: 2, timers: 2, slots: 2 });
  await loop.runUntilComplete(loop.createTask(() => sleep(0.01)));
  assert.equal(counts(loop), { ...nothing, timers: 1, slots: 1 });
  timers[1]?.cancel();
  assert.is(counts(loop).timers, 0);
});

test("count tasks, and what they wait for", async (loop) => {
  const seen: unknown[] = [];
  const main = loop.createTask(async () => {
    loop.callLater(0.001, () => seen.push(counts(loop)));
    await gather([sleep(0.01), waitFor(sleep(0.02), 1)]);
  });
  await loop.runUntilComplete(main);
  const [during] = seen as LoopStatistics[];
  assert.is(during?.tasks, 2);
  assert.is(during?.timers, 3);
  assert.equal(counts(loop), nothing);
});

test.onReal("count both sides of a watched descriptor", (loop) => {
  const [first, second] = socketpair();
  loop.addReader(first, () => {});
  loop.addWriter(first, () => {});
  assert.is(counts(loop).watches, 2);
  loop.removeReader(first);
  assert.is(counts(loop).watches, 1);
  loop.removeWriter(first);
  assert.equal(counts(loop), nothing);
  closeAll(first, second);
});

test("are not to be had of a closed loop", (loop) => {
  loop.close();
  assert.is(thrownBy(() => loop.statistics()).code, "ERR_LOOP_CLOSED");
});

test.run();

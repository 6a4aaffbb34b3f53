/** The guest driver: when it asks the kernel, when it sets a deadline, and what it leaves when it ends. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventKind } from "../../../assembly/abi.js";
import { EventLoop } from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { GuestDriver } from "../../../host/scheduler/guest-driver.js";
import { EpollSelector } from "../../../host/selector/epoll-selector.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { countIterations, rejection, runOnce } from "../loop/both-loops.js";

const test = leakChecked(suite("the guest driver"));

/** A selector that counts what it is asked, and may be told to fail. */
class CountingSelector extends EpollSelector {
  polls = 0;
  deadlines: number[] = [];
  failure: Error | null = null;

  override pollNow(events: Int32Array): number {
    this.polls++;
    if (this.failure !== null) throw this.failure;
    return super.pollNow(events);
  }

  override setDeadline(secondsFromNow: number): void {
    this.deadlines.push(secondsFromNow);
    super.setDeadline(secondsFromNow);
  }
}

function countingLoop(): { loop: EventLoop; selector: CountingSelector } {
  const selector = new CountingSelector();
  return { loop: new EventLoop(new GuestDriver(selector)), selector };
}

test("a loop that is idle asks the kernel for nothing", async () => {
  const { loop, selector } = countingLoop();
  const far = loop.callLater(3600, () => {});
  const run = loop.runForever();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { polls } = selector;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(selector.polls, polls);
  far.cancel();
  loop.stop();
  await run;
  loop.close();
});

test("sets a deadline for the first timer, and none for one that is later than what is set", async () => {
  const { loop, selector } = countingLoop();
  const timers = [3600, 3601, 3602].map((delay) => loop.callLater(delay, () => {}));
  const run = loop.runForever();
  const becomeIdle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
  await becomeIdle();
  assert.ok(selector.deadlines.length > 0);
  timers.push(loop.callLater(4000, () => {}));
  await becomeIdle();
  assert.ok(selector.deadlines.every((seconds) => seconds > 3500 && seconds <= 3600));
  timers.push(loop.callLater(1800, () => {}));
  await becomeIdle();
  assert.ok((selector.deadlines.at(-1) as number) <= 1800);
  for (const handle of timers) handle.cancel();
  loop.stop();
  await run;
  loop.close();
});

test("a busy loop skips polls that can find nothing, and does not skip them all", async () => {
  const { loop, selector } = countingLoop();
  loop.setDebug(false);
  const iterations = countIterations(loop);
  const stopWhenMany = (): void => {
    if (iterations.count < 20_000) loop.callSoon(stopWhenMany);
    else loop.stop();
  };
  stopWhenMany();
  await loop.runForever();
  assert.ok(iterations.count > 2 * selector.polls, `${selector.polls} polls in ${iterations.count} iterations`);
  assert.ok(selector.polls > 10);
  iterations.stop();
  loop.close();
});

test("a selector that fails ends the run with its error, and the loop may run again", async () => {
  const { loop, selector } = countingLoop();
  selector.failure = new Error("the selector is broken");
  assert.is(await rejection(loop.runForever()), selector.failure);
  assert.not.ok(loop.isRunning());
  selector.failure = null;
  let ran = false;
  loop.callSoon(() => (ran = true));
  await runOnce(loop);
  assert.ok(ran);
  loop.close();
});

test("a loop may be closed without ever having run, at once or later", async () => {
  for (let round = 0; round < 20; round++) new EventLoop().close();
  const loops = Array.from({ length: 20 }, () => new EventLoop());
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (const loop of loops) loop.close();
});

test("a loop may be closed as soon as its run has ended", async () => {
  for (let round = 0; round < 20; round++) {
    const loop = new EventLoop();
    const [left, right] = socketpair();
    loop.addReader(left, () => loop.stop());
    right.send(Buffer.from("x"));
    await loop.runForever();
    loop.close();
    closeAll(left, right);
  }
});

test("loops of one thread take turns", async () => {
  const loops = Array.from({ length: 5 }, () => new EventLoop());
  const trace: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const [index, loop] of loops.entries()) {
      loop.callSoon(() => trace.push(index));
      loop.callLater(0.0001, () => loop.stop());
      await loop.runForever();
    }
  }
  assert.equal(trace, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  for (const loop of loops) loop.close();
});

test("iterates at once when a callback of Node's asks for it, and gives Node its turn every so often", async () => {
  const loop = new EventLoop();
  const scheduler = loop._scheduler;
  let calls = 0;
  const arrival = scheduler.listen(EventKind.ThreadCall, () => calls++);
  const arrive = (): number => {
    scheduler.arrivedNow(EventKind.ThreadCall, arrival);
    return calls;
  };
  assert.is(arrive(), 0, "the loop does not run yet");
  const run = loop.runForever();
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.is(calls, 1);
  let atOnce = 0;
  while (arrive() === atOnce + 2) atOnce++;
  assert.ok(atOnce > 10 && atOnce < 50, `${atOnce} at once`);
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.is(calls, atOnce + 2);
  arrival.cancel();
  loop.stop();
  await run;
  loop.close();
});

test("a call that is made right after a run has ended waits for the next", async () => {
  const loop = new EventLoop();
  const trace: string[] = [];
  loop.callSoon(() => {
    loop.stop();
    void Promise.resolve().then(() => loop.callSoon(() => trace.push("next run")));
    setImmediate(() => loop.callSoon(() => trace.push("next run too")));
  });
  await loop.runForever();
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(trace, []);
  await runOnce(loop);
  assert.equal(trace, ["next run", "next run too"]);
  loop.close();
});

test.run();

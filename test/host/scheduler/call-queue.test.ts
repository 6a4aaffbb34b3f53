/** The queue of calls: order, growth, and what the core is told. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type CoreExports, instantiate } from "../../../host/core.js";
import { CallQueue } from "../../../host/scheduler/call-queue.js";
import { Handle, QUEUED } from "../../../host/scheduler/handle.js";
import type { Scheduler } from "../../../host/scheduler/scheduler.js";

const test = suite("the queue of calls");

const scheduler = { debug: false } as Scheduler;

/** A core that nobody iterates. */
function idleCore(): CoreExports {
  const nothing = (): number => 0;
  return instantiate({
    now: nothing,
    select: nothing,
    watch: nothing,
    dispatch: nothing,
    runSeries: nothing,
    resume: nothing,
    taskDone: nothing,
    cancelWaiter: nothing,
    report: nothing,
  });
}

function handlesOf(count: number): Handle[] {
  return Array.from({ length: count }, () => new Handle(scheduler, () => {}, QUEUED));
}

test("the first in is the first out, also while it grows and goes round", () => {
  const queue = new CallQueue(idleCore());
  const handles = handlesOf(1000);
  const taken: (Handle | null)[] = [];
  for (const [index, handle] of handles.entries()) {
    queue.push(handle);
    if (index % 3 === 0) taken.push(queue.take());
  }
  assert.is([...queue].length, 1000 - taken.length);
  while (taken.length < 1000) taken.push(queue.take());
  assert.ok(taken.every((handle, index) => handle === handles[index]));
  assert.is(queue.take(), null);
});

test("tells the core of each call once, also after its memory has grown", () => {
  const core = idleCore();
  const queue = new CallQueue(core);
  const lengthOf = (): number | undefined => new Int32Array(core.memory.buffer, core.openSeries(), 1)[0];
  for (const handle of handlesOf(200)) queue.push(handle);
  assert.is(core.readyCount(), 1);
  assert.is(lengthOf(), 200);
  const before = core.memory.buffer;
  while (core.memory.buffer === before) core.createFuture();
  for (const handle of handlesOf(3)) queue.push(handle);
  assert.is(core.readyCount(), 1);
  assert.is(lengthOf(), 203);
});

test("begins another series behind what the core has queued", () => {
  const core = idleCore();
  const queue = new CallQueue(core);
  const [first, second] = handlesOf(2) as [Handle, Handle];
  queue.push(first);
  core.callSoon();
  queue.push(second);
  assert.is(core.readyCount(), 3);
});

test("lets go of what it is to forget", () => {
  const queue = new CallQueue(idleCore());
  const handles = handlesOf(3);
  for (const handle of handles) queue.push(handle);
  queue.clear();
  assert.equal([...queue], []);
  assert.is(queue.take(), null);
  assert.ok(handles.every((handle) => handle._call === null && !handle.cancelled()));
});

test.run();

/** Arrivals: which record wakes which, once or again, and dropping them in every state. */
import { EventKind, INDEX_BITS, NO_ID, Readiness, Status } from "../../assembly/abi";
import { expect, forget, listen } from "../../assembly/arrivals";
import { cancel } from "../../assembly/calls";
import { beginBatch, clear, takeEvents, takeReady } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import {
  arrival,
  begin,
  event,
  fdEvent,
  heard,
  iterate,
  once,
  raise,
  reader,
  script,
  soon,
  writeEvents,
} from "./script";
import { done, eq, test } from "./tap";

const KINDS: i32[] = [EventKind.SignalArrived, EventKind.ChildExited, EventKind.WorkFinished, EventKind.ThreadCall];

let target: i32 = 0;
let status: i32 = 0;

function forgetTarget(): void {
  status = forget(target);
}

/** Hands out a batch, as for hosts that use `takeReady`. */
function handOut(): i32 {
  takeEvents(writeEvents());
  beginBatch();
  return takeReady();
}

test("what is expected runs once, and its id names nothing then", () => {
  for (let index = 0; index < KINDS.length; index++) {
    begin();
    const id = once(KINDS[index], "a");
    event(KINDS[index], id);
    event(KINDS[index], id);
    iterate();
    eq(heard(), "a");
    eq(isAlive(id), false);
    event(KINDS[index], id);
    iterate();
    eq(heard(), "");
    eq(forget(id), Status.BadId);
    eq(liveSlots(), 0);
  }
});

test("what is listened for runs each time, and those that come while it is queued count as one", () => {
  for (let index = 0; index < KINDS.length; index++) {
    begin();
    const id = arrival(KINDS[index], "a");
    event(KINDS[index], id);
    event(KINDS[index], id);
    iterate();
    eq(heard(), "a");
    event(KINDS[index], id);
    iterate();
    eq(heard(), "a");
    eq(forget(id), 1);
    eq(liveSlots(), 0);
  }
});

test("events run in the order of their records, whatever their kinds, after what was queued", () => {
  begin();
  soon("call");
  const signal = arrival(EventKind.SignalArrived, "signal");
  const child = once(EventKind.ChildExited, "child");
  const work = once(EventKind.WorkFinished, "work");
  reader(3, "fd");
  const generation = script.watchGeneration;
  event(EventKind.WorkFinished, work);
  fdEvent(3, Readiness.Read, generation);
  event(EventKind.ChildExited, child);
  event(EventKind.SignalArrived, signal);
  iterate();
  eq(heard(), "call work fd child signal");
});

test("a record of another kind, of no id, of a former one or of a call wakes nobody", () => {
  begin();
  const id = arrival(EventKind.SignalArrived, "a");
  for (let index = 1; index < KINDS.length; index++) event(KINDS[index], id);
  const bad: i32[] = [NO_ID, -1, id + 1, id + (1 << INDEX_BITS), i32.MAX_VALUE, i32.MIN_VALUE];
  for (let index = 0; index < bad.length; index++) event(EventKind.SignalArrived, bad[index]);
  const call = soon("call");
  event(EventKind.SignalArrived, call);
  iterate();
  eq(heard(), "call");
  eq(cancel(id), Status.BadId);
  eq(forget(soon("b")), Status.BadId);
});

test("only kinds whose source is an id can be waited for", () => {
  begin();
  const bad: i32[] = [0, -1, EventKind.FdReady, EventKind.ThreadCall + 1, i32.MAX_VALUE];
  for (let index = 0; index < bad.length; index++) {
    eq(expect(bad[index]), Status.BadKind);
    eq(listen(bad[index]), Status.BadKind);
  }
  eq(liveSlots(), 0);
});

test("one that is dropped while it is queued does not run, and can be dropped once", () => {
  for (let repeats = 0; repeats < 2; repeats++) {
    begin();
    target = repeats ? arrival(EventKind.ThreadCall, "a") : once(EventKind.ThreadCall, "a");
    soon("drops", forgetTarget);
    event(EventKind.ThreadCall, target);
    iterate();
    eq(heard(), "drops");
    eq(status, 1);
    eq(liveSlots(), 0);
    target = repeats ? arrival(EventKind.ThreadCall, "b") : once(EventKind.ThreadCall, "b");
    event(EventKind.ThreadCall, target);
    takeEvents(writeEvents());
    eq(forget(target), 1);
    eq(forget(target), 0);
    event(EventKind.ThreadCall, target);
    takeEvents(writeEvents());
    eq(readyCount(), 1);
    iterate();
    eq(heard(), "");
    eq(liveSlots(), 0);
  }
});

test("one may drop itself while it runs, and raise", () => {
  begin();
  target = arrival(EventKind.SignalArrived, "a", () => {
    forgetTarget();
    raise();
  });
  event(EventKind.SignalArrived, target);
  iterate();
  eq(heard(), "a a:raised");
  eq(status, 1);
  eq(liveSlots(), 0);
});

test("what was handed out lives until the batch ends, and an event meanwhile reaches only what repeats", () => {
  begin();
  const first = once(EventKind.ChildExited, "once");
  const again = arrival(EventKind.SignalArrived, "again");
  event(EventKind.ChildExited, first);
  event(EventKind.SignalArrived, again);
  eq(handOut(), 2);
  event(EventKind.ChildExited, first);
  event(EventKind.SignalArrived, again);
  eq(handOut(), 1);
  eq(isAlive(first), false);
  eq(isAlive(again), true);
  eq(forget(again), 1);
  eq(forget(again), 0);
  event(EventKind.SignalArrived, again);
  eq(handOut(), 0);
  eq(liveSlots(), 0);
});

test("one that repeats and is dropped while it is handed out and queued again is released by the queue", () => {
  begin();
  const id = arrival(EventKind.SignalArrived, "a");
  event(EventKind.SignalArrived, id);
  eq(handOut(), 1);
  event(EventKind.SignalArrived, id);
  takeEvents(writeEvents());
  eq(forget(id), 1);
  beginBatch();
  eq(takeReady(), 0);
  eq(liveSlots(), 0);
});

test("after a clear nothing waits, and an event of before wakes nobody", () => {
  begin();
  const id = arrival(EventKind.SignalArrived, "old");
  clear();
  event(EventKind.SignalArrived, id);
  soon("new");
  iterate();
  eq(heard(), "new");
  eq(forget(id), Status.BadId);
});

done();

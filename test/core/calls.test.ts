/** Calls and timers: running once, in order, and cancelling in every state. */
import { NO_ID, Status } from "../../assembly/abi";
import { callAt, cancel } from "../../assembly/calls";
import { pollTimeout } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import { cancelledTimerCount, timerCount } from "../../assembly/timer-heap";
import { at, begin, futures, heard, iterate, RESOLUTION, reader, script, soon, task, whenDone } from "./script";
import { done, eq, test } from "./tap";

let target: i32 = 0;
let status: i32 = 0;

function cancelTarget(): void {
  status = cancel(target);
}

test("calls run once each, first in first out, and not before the iteration", () => {
  begin();
  soon("a");
  soon("b");
  soon("c");
  eq(heard(), "");
  iterate(3);
  eq(heard(), "a b c forever");
  eq(liveSlots(), 0);
});

test("a call that a call makes runs in the next iteration", () => {
  begin();
  soon("a", () => {
    soon("child");
  });
  soon("b");
  iterate();
  eq(heard(), "a b");
  iterate();
  eq(heard(), "child");
});

test("a timer waits for its deadline and runs once", () => {
  begin();
  at(2.5, "t");
  iterate();
  eq(script.timeout, 2.5);
  eq(script.clock, 2.5);
  iterate();
  eq(heard(), "t forever");
  eq(liveSlots(), 0);
});

test("a timer is due within the clock's resolution, and not at it", () => {
  begin();
  at(1 + RESOLUTION, "late");
  at(1 + RESOLUTION / 2, "due");
  at(1, "exact");
  script.clock = 1;
  iterate();
  eq(heard(), "exact due");
  eq(timerCount(), 1);
});

test("a deadline that has passed, however long ago, is due in the next iteration, after the calls", () => {
  begin();
  at(0, "now");
  at(-5, "past");
  at(-Infinity, "long past");
  soon("call");
  iterate();
  eq(heard(), "call long past past now");
});

test("timers that are due come by deadline, equal ones in arming order", () => {
  begin();
  at(2, "b1");
  at(1, "a1");
  at(2, "b2");
  at(1, "a2");
  at(2, "b3");
  script.clock = 3;
  iterate();
  eq(heard(), "a1 a2 b1 b2 b3");
});

test("a timer at Infinity never runs", () => {
  begin();
  const id = at(Infinity, "never");
  script.clock = f64.MAX_VALUE;
  iterate();
  eq(heard(), "forever");
  eq(isAlive(id), true);
});

test("NaN is no time, and takes no slot", () => {
  begin();
  eq(callAt(NaN), Status.BadTime);
  eq(callAt(-NaN), Status.BadTime);
  eq(liveSlots(), 0);
  eq(timerCount(), 0);
});

test("a timer that a timer sets for now runs in the next iteration", () => {
  begin();
  at(1, "t", () => {
    at(1, "u");
  });
  iterate();
  eq(heard(), "t");
  iterate();
  eq(heard(), "u");
});

test("cancelled while it is queued, a call does not run", () => {
  begin();
  soon("a");
  target = soon("b");
  soon("c");
  eq(cancel(target), 1);
  eq(cancel(target), 0);
  eq(isAlive(target), true);
  iterate();
  eq(heard(), "a c");
  eq(cancel(target), Status.BadId);
  eq(liveSlots(), 0);
});

test("cancelled by an earlier call of the same batch, a call does not run", () => {
  begin();
  soon("a", cancelTarget);
  target = soon("b");
  iterate();
  eq(status, 1);
  eq(heard(), "a");
  eq(liveSlots(), 0);
});

test("in its own callback, and once it has run, a call is not there to be cancelled", () => {
  begin();
  target = soon("a", cancelTarget);
  iterate();
  eq(status, <i32>Status.BadId);
  eq(cancel(target), Status.BadId);
  eq(heard(), "a");
});

test("an id of a call that has run does not cancel the next to use its slot", () => {
  begin();
  target = soon("a");
  iterate();
  soon("b");
  eq(cancel(target), Status.BadId);
  iterate();
  eq(heard(), "a b");
});

test("cancelled while it is scheduled, a timer does not run, and leaves the heap when it comes to the top", () => {
  begin();
  target = at(1, "a");
  at(2, "b");
  eq(cancel(target), 1);
  eq(cancel(target), 0);
  eq(cancelledTimerCount(), 1);
  eq(timerCount(), 2);
  eq(pollTimeout(), 2.0);
  eq(cancelledTimerCount(), 0);
  eq(timerCount(), 1);
  eq(cancel(target), Status.BadId);
  iterate();
  eq(heard(), "b");
});

test("cancelled when it is queued already, a timer does not run, and the heap counts nothing", () => {
  begin();
  soon("a", cancelTarget);
  target = at(0, "b");
  at(0, "c");
  at(9, "d");
  iterate();
  eq(status, 1);
  eq(heard(), "a c");
  eq(cancelledTimerCount(), 0);
  eq(timerCount(), 1);
  eq(liveSlots(), 1);
});

test("cancelled by an earlier timer of the same batch, a timer does not run", () => {
  begin();
  at(1, "a", cancelTarget);
  target = at(1, "b");
  iterate();
  eq(status, 1);
  eq(heard(), "a");
  eq(liveSlots(), 0);
});

test("in its own callback, and once it has run, a timer is not there to be cancelled", () => {
  begin();
  target = at(0, "a", cancelTarget);
  iterate();
  eq(status, <i32>Status.BadId);
  eq(cancel(target), Status.BadId);
  eq(cancelledTimerCount(), 0);
});

test("a cancelled call still makes the iteration poll, as in CPython", () => {
  begin();
  at(5, "t");
  cancel(soon("a"));
  eq(readyCount(), 1);
  eq(pollTimeout(), 0.0);
  iterate();
  eq(pollTimeout(), 5.0);
});

test("only calls and timers can be cancelled", () => {
  begin();
  const future = futures(1);
  const ids: i32[] = [NO_ID, -1, i32.MAX_VALUE, future, whenDone(future, "done"), task("t", () => -1), reader(3, "r")];
  for (let index = 0; index < ids.length; index++) eq(cancel(ids[index]), Status.BadId);
  eq(liveSlots(), 4);
});

test("a hundred thousand timers of which most are cancelled give everything back", () => {
  begin();
  for (let index = 0; index < 100_000; index++) {
    const id = callAt(<f64>((index * 7919) % 100_003));
    if (index % 10 != 0) cancel(id);
  }
  eq(pollTimeout(), 0.0);
  eq(timerCount(), 10_000);
  eq(liveSlots(), 10_000);
});

done();

/** The timer heap: order, what is due, and the removal of cancelled entries. */
import { NO_ID, TIMER_SWEEP_MIN } from "../../assembly/abi";
import { allocate, Flag, isAlive, Kind, liveSlots, release, releaseAll, slotOf } from "../../assembly/slots";
import {
  cancelledTimerCount,
  clearTimers,
  firstDeadline,
  noteCancelled,
  purgeCancelled,
  schedule,
  takeDue,
  timerCount,
} from "../../assembly/timer-heap";
import { done, eq, test } from "./tap";

const NEVER: f64 = Infinity;

function begin(): void {
  clearTimers();
  releaseAll();
}

function arm(when: f64): i32 {
  const id = allocate(Kind.Timer);
  slotOf(id).when = when;
  schedule(id);
  return id;
}

function armMany(count: i32, when: f64): i32[] {
  const ids: i32[] = [];
  for (let index = 0; index < count; index++) ids.push(arm(when));
  return ids;
}

function cancelOne(id: i32): void {
  slotOf(id).flags |= <u8>Flag.Cancelled;
  noteCancelled();
}

function cancelMany(ids: i32[], count: i32): void {
  for (let index = 0; index < count; index++) cancelOne(ids[index]);
}

/** Takes the first timer that is due before `end`, by a clock that has reached no deadline yet. */
function takeBefore(end: f64): i32 {
  return takeDue(-Infinity, end);
}

/** Takes everything that is due before `end`; answers the deadlines. */
function deadlinesBefore(end: f64): f64[] {
  const deadlines: f64[] = [];
  for (let id = takeBefore(end); id != NO_ID; id = takeBefore(end)) {
    deadlines.push(slotOf(id).when);
    release(id);
  }
  return deadlines;
}

/** Whether everything due before `end` comes in exactly this order. */
function comesAs(ids: i32[], end: f64): bool {
  for (let index = 0; index < ids.length; index++) if (takeBefore(end) != ids[index]) return false;
  return takeBefore(end) == NO_ID;
}

test("an empty heap is never due", () => {
  begin();
  eq(firstDeadline(), NEVER);
  eq(takeBefore(NEVER), NO_ID);
  eq(timerCount(), 0);
});

test("timers come by deadline", () => {
  begin();
  const b = arm(2);
  const d = arm(4);
  const a = arm(1);
  const c = arm(3);
  eq(firstDeadline(), 1.0);
  eq(comesAs([a, b, c, d], 10), true);
});

test("a thousand deadlines in a scrambled order come in ascending order", () => {
  begin();
  for (let index = 0; index < 1000; index++) arm(<f64>((index * 619) % 1000));
  const deadlines = deadlinesBefore(NEVER);
  eq(deadlines.length, 1000);
  let ascending = 0;
  for (let index = 0; index < deadlines.length; index++) if (deadlines[index] == <f64>index) ascending++;
  eq(ascending, 1000);
});

test("equal deadlines come in arming order", () => {
  begin();
  const ids = armMany(300, 5);
  eq(comesAs(ids, 6), true);
});

test("equal deadlines come in arming order among earlier and later ones", () => {
  begin();
  const first = arm(5);
  const late = arm(9);
  const second = arm(5);
  const early = arm(1);
  const third = arm(5);
  eq(comesAs([early, first, second, third, late], 10), true);
});

test("0 and -0 are the same deadline", () => {
  begin();
  const first = arm(0);
  const second = arm(-0.0);
  const third = arm(0);
  eq(comesAs([first, second, third], 1), true);
});

test("due means before the end, not at it", () => {
  begin();
  const early = arm(1);
  const exact = arm(2);
  eq(takeBefore(2), early);
  eq(takeBefore(2), NO_ID);
  eq(takeBefore(2.0000000001), exact);
});

test("a deadline that the clock has reached is due, even where adding the resolution changes nothing", () => {
  begin();
  const days: f64 = 400 * 86400;
  const resolution: f64 = 1e-9;
  eq(days + resolution, days);
  const exact = arm(days);
  const later = arm(days + 1);
  eq(takeDue(days, days + resolution), exact);
  eq(takeDue(days, days + resolution), NO_ID);
  eq(takeDue(days + 1, days + 1 + resolution), later);
});

test("-Infinity comes first, and Infinity never", () => {
  begin();
  const never = arm(Infinity);
  const negative = arm(-1e300);
  const first = arm(-Infinity);
  const last = arm(f64.MAX_VALUE);
  eq(comesAs([first, negative, last], Infinity), true);
  eq(timerCount(), 1);
  eq(isAlive(never), true);
});

test("a timer that is taken is no longer scheduled", () => {
  begin();
  const id = arm(1);
  eq(slotOf(id).flags, <u8>Flag.Scheduled);
  eq(takeBefore(2), id);
  eq(slotOf(id).flags, <u8>0);
  eq(isAlive(id), true);
});

test("a cancelled timer at the top counts until it is purged", () => {
  begin();
  const id = arm(1);
  arm(2);
  cancelOne(id);
  eq(firstDeadline(), 1.0);
  purgeCancelled();
  eq(firstDeadline(), 2.0);
  eq(isAlive(id), false);
});

test("a purge drops cancelled timers at the top, and none behind a live one", () => {
  begin();
  const first = arm(1);
  const second = arm(2);
  arm(3);
  const behind = arm(4);
  cancelOne(behind);
  cancelOne(first);
  cancelOne(second);
  purgeCancelled();
  eq(timerCount(), 2);
  eq(cancelledTimerCount(), 1);
  eq(isAlive(behind), true);
});

test("a cancelled timer that comes due is released on the way", () => {
  begin();
  const first = arm(1);
  const cancelled = arm(2);
  const last = arm(3);
  cancelOne(cancelled);
  eq(comesAs([first, last], 10), true);
  eq(cancelledTimerCount(), 0);
  eq(isAlive(cancelled), false);
});

test("a heap of nothing but cancelled timers empties", () => {
  begin();
  cancelMany(armMany(50, 7), 50);
  purgeCancelled();
  eq(timerCount(), 0);
  eq(cancelledTimerCount(), 0);
  eq(liveSlots(), 0);
});

test("a heap of the size limit is not swept", () => {
  begin();
  arm(0);
  cancelMany(armMany(TIMER_SWEEP_MIN - 1, 5), 60);
  purgeCancelled();
  eq(timerCount(), TIMER_SWEEP_MIN);
  eq(cancelledTimerCount(), 60);
});

test("a heap past the size limit is swept when more than half of it is cancelled", () => {
  begin();
  arm(0);
  cancelMany(armMany(TIMER_SWEEP_MIN, 5), 51);
  purgeCancelled();
  eq(timerCount(), 50);
  eq(cancelledTimerCount(), 0);
  eq(liveSlots(), 50);
});

test("exactly half is not enough for a sweep", () => {
  begin();
  arm(0);
  cancelMany(armMany(101, 5), 51);
  purgeCancelled();
  eq(timerCount(), 102);
  eq(cancelledTimerCount(), 51);
});

test("the sizes are CPython's, as its own test of the clean-up asserts them", () => {
  begin();
  // One far timer stays, so that no cancelled one behind it reaches the top.
  arm(3000);
  cancelMany(armMany(2, 3600), 2);
  cancelMany(armMany(2, 100), 2);
  eq(cancelledTimerCount(), 4);
  purgeCancelled();
  eq(cancelledTimerCount(), 2);
  eq(timerCount(), 3);

  armMany(49, 3600);
  cancelMany(armMany(51, 3600), 51);
  eq(cancelledTimerCount(), 53);
  eq(timerCount(), 103);
  purgeCancelled();
  eq(timerCount(), 50);
  eq(cancelledTimerCount(), 0);
});

test("order survives a sweep, among equal deadlines too", () => {
  begin();
  const kept: i32[] = [];
  arm(0);
  for (let index = 0; index < 400; index++) {
    const id = arm(<f64>(1 + index / 100));
    if (index % 3 == 0) kept.push(id);
    else cancelOne(id);
  }
  purgeCancelled();
  eq(timerCount(), kept.length + 1);
  takeBefore(1);
  eq(comesAs(kept, NEVER), true);
});

test("a sweep may leave nothing", () => {
  begin();
  cancelMany(armMany(500, 5), 500);
  purgeCancelled();
  eq(timerCount(), 0);
  eq(liveSlots(), 0);
  const id = arm(1);
  eq(takeBefore(2), id);
});

test("a cleared heap is empty and works on", () => {
  begin();
  cancelMany(armMany(200, 5), 20);
  clearTimers();
  releaseAll();
  eq(timerCount(), 0);
  eq(cancelledTimerCount(), 0);
  eq(firstDeadline(), NEVER);
  const id = arm(3);
  eq(comesAs([id], 4), true);
});

done();

/** The loop: the order of an iteration, how long it may wait, its events, and clearing. */
import {
  EVENT_CAPACITY,
  FutureState,
  Readiness,
  RunResult,
  SELECT_TIMEOUT_MAX_SECONDS,
  Status,
} from "../../assembly/abi";
import { callSoon, cancel } from "../../assembly/calls";
import { createFuture, settle } from "../../assembly/futures";
import { beginBatch, clear, init, pollTimeout, stop, takeEvents } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import { timerCount } from "../../assembly/timer-heap";
import {
  at,
  begin,
  fdEvent,
  futures,
  heard,
  iterate,
  rawEvent,
  reader,
  script,
  series,
  soon,
  task,
  whenDone,
  writeEvents,
  writer,
} from "./script";
import { done, eq, test } from "./tap";

let rounds: i32 = 0;
let future: i32 = 0;

test("an iteration runs what was ready, then I/O, then timers by deadline", () => {
  begin();
  reader(3, "reader");
  writer(3, "writer");
  fdEvent(3, Readiness.Read | Readiness.Write, script.watchGeneration);
  at(0, "timer 0");
  at(-5, "timer -5");
  soon("call");
  iterate();
  eq(heard(), "call reader writer timer -5 timer 0");
});

test("an iteration runs exactly what was queued when it began", () => {
  begin();
  future = futures(1);
  whenDone(future, "done");
  soon("a", () => {
    soon("child");
    at(-1, "timer");
    settle(future, FutureState.Finished);
  });
  soon("b");
  iterate();
  eq(heard(), "a b");
  iterate();
  eq(heard(), "child done timer");
});

test("a series runs in one go, at its place in the order", () => {
  begin();
  soon("a");
  series(3);
  soon("b");
  series(1);
  eq(pollTimeout(), 0.0);
  iterate();
  eq(heard(), "a +3 b +1");
  eq(liveSlots(), 0);
});

test("calls that are made while an iteration runs are a series of the next one", () => {
  begin();
  series(2);
  soon("a", () => series(2));
  iterate();
  eq(heard(), "+2 a");
  series(1);
  iterate();
  eq(heard(), "+3");
});

test("what a fatal call leaves of its series runs first in the next iteration", () => {
  begin();
  series(5);
  soon("a");
  script.seriesLeft = 4;
  eq(iterate(), RunResult.Fatal);
  soon("b");
  script.seriesLeft = 0;
  eq(iterate(), RunResult.Done);
  eq(heard(), "+5 +3 a b");
});

test("a series whose last call is fatal leaves nothing", () => {
  begin();
  series(2);
  soon("a");
  script.seriesLeft = 1;
  eq(iterate(), RunResult.Fatal);
  script.seriesLeft = 0;
  iterate();
  eq(heard(), "+2 a");
});

test("a callback that queues itself anew cannot keep an iteration alive", () => {
  begin();
  rounds = 0;
  soon("a", () => again());
  iterate(5);
  eq(rounds, 5);
});

function again(): void {
  rounds++;
  soon("a", () => again());
}

test("with nothing to do the host may wait for ever", () => {
  begin();
  eq(pollTimeout(), Infinity);
});

test("with something ready the host may not wait", () => {
  begin();
  at(5, "t");
  soon("a");
  eq(pollTimeout(), 0.0);
});

test("with a timer set the host may wait until it is due, and not at all when it is", () => {
  begin();
  at(5, "t");
  script.clock = 3;
  eq(pollTimeout(), 2.0);
  script.clock = 7;
  eq(pollTimeout(), 0.0);
  at(-Infinity, "u");
  eq(pollTimeout(), 0.0);
});

test("no wait is longer than a day, and a longer timer is waited for in several", () => {
  begin();
  at(200_000, "t");
  iterate();
  eq(script.timeout, <f64>SELECT_TIMEOUT_MAX_SECONDS);
  iterate();
  eq(script.timeout, <f64>SELECT_TIMEOUT_MAX_SECONDS);
  eq(heard(), "");
  iterate();
  eq(script.timeout, 27_200.0);
  eq(heard(), "t");
});

test("a timer that is never due is none to wait for", () => {
  begin();
  at(Infinity, "never");
  eq(pollTimeout(), Infinity);
  eq(script.clockReads, 0);
  at(3, "t");
  eq(pollTimeout(), 3.0);
});

test("the clock is asked only while a timer is set", () => {
  begin();
  soon("a");
  iterate();
  eq(script.clockReads, 0);
  at(1, "t");
  iterate();
  eq(script.clockReads, 2);
  soon("b");
  iterate();
  eq(script.clockReads, 2);
});

test("an iteration asks the clock once after waiting, however many timers are due", () => {
  begin();
  for (let index = 0; index < 50; index++) at(0, "t");
  beginBatch();
  eq(script.clockReads, 1);
});

test("the resolution is a number from 0 on", () => {
  begin();
  eq(init(NaN), Status.BadTime);
  eq(init(-1e-9), Status.BadTime);
  eq(init(-Infinity), Status.BadTime);
  eq(init(0.5), Status.Ok);
  at(0.25, "within");
  beginBatch();
  eq(readyCount(), 1);
});

test("without a resolution a deadline that is reached is due", () => {
  begin();
  eq(init(0), Status.Ok);
  at(1, "t");
  iterate();
  eq(heard(), "t");
});

test("a clock so high that its resolution vanishes still reaches its deadlines", () => {
  begin();
  eq(init(1e-9), Status.Ok);
  script.clock = 34_560_000;
  at(34_560_001, "t");
  iterate();
  eq(heard(), "t");
});

test("an event of unknown kind is reported by its number, and the others count", () => {
  begin();
  reader(3, "reader");
  rawEvent(77);
  fdEvent(3, Readiness.Read, script.watchGeneration);
  rawEvent(0);
  iterate();
  eq(heard(), "0:badEvent 2:badEvent reader");
});

test("more events than the buffer holds are not read, and a negative count is none", () => {
  begin();
  for (let index = 0; index < EVENT_CAPACITY; index++) rawEvent(9);
  writeEvents();
  takeEvents(-1);
  eq(heard(), "");
  takeEvents(EVENT_CAPACITY + 1);
  eq(heard().split(" ").length, EVENT_CAPACITY);
});

test("a full buffer of events wakes a watch each", () => {
  begin();
  for (let fd = 0; fd < EVENT_CAPACITY; fd++) {
    reader(fd, "r");
    fdEvent(fd, Readiness.Read, script.watchGeneration);
  }
  iterate();
  eq(heard().length, 2 * EVENT_CAPACITY - 1);
});

test("a clear loses everything, and the loop works on", () => {
  begin();
  future = createFuture();
  const ids: i32[] = [
    future,
    soon("a"),
    at(0, "b"),
    at(9, "c"),
    reader(3, "r"),
    whenDone(future, "d"),
    task("t", () => 0),
  ];
  cancel(ids[1]);
  cancel(ids[3]);
  iterate(0);
  stop();
  clear();
  let alive = 0;
  for (let index = 0; index < ids.length; index++) if (isAlive(ids[index])) alive++;
  eq(alive, 0);
  eq(liveSlots(), 0);
  eq(readyCount(), 0);
  eq(timerCount(), 0);
  eq(pollTimeout(), Infinity);
  soon("fresh");
  iterate();
  eq(heard(), "fresh");
});

test("a callback may clear the core", () => {
  begin();
  soon("a", () => {
    clear();
    soon("after");
  });
  soon("lost");
  at(0, "lost");
  iterate();
  eq(heard(), "a");
  iterate();
  eq(heard(), "after");
});

test("a million calls in chains and batches leave nothing behind", () => {
  begin();
  const before = memory.size();
  rounds = 0;
  for (let index = 0; index < 100; index++) chain();
  while (readyCount() > 0) iterate();
  eq(rounds, 100_000);
  eq(liveSlots(), 0);
  for (let batch = 0; batch < 900; batch++) {
    for (let index = 0; index < 1000; index++) cancel(callSoon());
    iterate();
  }
  eq(liveSlots(), 0);
  eq(memory.size() - before < 64, true);
});

function chain(): void {
  if (++rounds <= 99_900) soon("", () => chain());
}

test("the host is never told to wait for what is no time, whatever its clock says", () => {
  begin();
  at(5, "t");
  const clocks: f64[] = [NaN, Infinity, -Infinity, f64.MAX_VALUE, -f64.MAX_VALUE];
  const waits: f64[] = [0, 0, SELECT_TIMEOUT_MAX_SECONDS, 0, SELECT_TIMEOUT_MAX_SECONDS];
  for (let index = 0; index < clocks.length; index++) {
    script.clock = clocks[index];
    eq(pollTimeout(), waits[index]);
  }
});

done();

/**
 * The scheduler workloads on a wasyncio loop.
 *
 * Owns: the programs. Each takes a loop and a number of operations, prepares what is not measured, and answers a function that
 * starts the work; the work ends by stopping the loop.
 *
 * Does not own: timing. `peers/scheduler.py` is the twin of this file, statement for statement, with the same numbers from
 * the same generator; only the `…Async` programs have no twin there, since Python's coroutines are of one kind.
 */
import { sleep } from "wasyncio";

const BATCH = 1000;
const TASKS = 100;
const EARLIEST_SECONDS = 0.001;
/** Deadlines spread so that arming takes longer than waiting: all are due before the first can fire. */
const SPREAD_SECONDS_PER_TIMER = 50e-9;

/** One callback pending at a time: each schedules itself again. */
function callSoonChain(loop, operations) {
  let left = operations;
  const step = () => {
    left--;
    if (left > 0) loop.callSoon(step);
    else loop.stop();
  };
  return () => loop.callSoon(step);
}

/** A thousand callbacks pending at a time; the last one of each round schedules the next round. */
function callSoonBatch(loop, operations) {
  let left = operations;
  const step = () => {
    left--;
  };
  const refill = () => {
    if (left <= 0) {
      loop.stop();
      return;
    }
    for (let index = 0; index < BATCH - 1; index++) loop.callSoon(step);
    loop.callSoon(last);
  };
  const last = () => {
    step();
    refill();
  };
  return refill;
}

/** Every timer is armed, nine of ten are cancelled, the rest fire. One operation is one timer. */
function timers(loop, operations) {
  const delays = [];
  const dropped = [];
  let random = 1;
  let left = 0;
  for (let index = 0; index < operations; index++) {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    delays.push(EARLIEST_SECONDS + (operations * SPREAD_SECONDS_PER_TIMER * random) / 0x7fffffff);
    dropped.push((random >> 16) % 10 !== 0);
    if (!dropped[index]) left++;
  }
  const fire = () => {
    left--;
    if (left === 0) loop.stop();
  };
  const arm = () => {
    const now = loop.time();
    const handles = delays.map((delay) => loop.callAt(now + delay, fire));
    handles.forEach((handle, index) => {
      if (dropped[index]) handle.cancel();
    });
  };
  return () => loop.callSoon(arm);
}

/** A hundred generator coroutines that do nothing but give up their turn. */
function taskSwitches(loop, operations) {
  const each = Math.floor(operations / TASKS);
  let left = TASKS;
  function* worker() {
    for (let index = 0; index < each; index++) yield;
    left--;
    if (left === 0) loop.stop();
  }
  return () => {
    for (let index = 0; index < TASKS; index++) loop.createTask(worker());
  };
}

/** The same with async functions. */
function taskSwitchesAsync(loop, operations) {
  const each = Math.floor(operations / TASKS);
  let left = TASKS;
  const worker = async () => {
    for (let index = 0; index < each; index++) await sleep(0);
    left--;
    if (left === 0) loop.stop();
  };
  return () => {
    for (let index = 0; index < TASKS; index++) loop.createTask(worker);
  };
}

/** One generator coroutine that waits for futures, each resolved by a callback. */
function futureRoundTrips(loop, operations) {
  function* worker() {
    for (let number = 0; number < operations; number++) {
      const future = loop.createFuture();
      loop.callSoon((value) => future.setResult(value), number);
      if ((yield* future) !== number) throw new Error("a future gave another result than it was given");
    }
    loop.stop();
  }
  return () => loop.createTask(worker());
}

/** The same with an async function. */
function futureRoundTripsAsync(loop, operations) {
  const worker = async () => {
    for (let number = 0; number < operations; number++) {
      const future = loop.createFuture();
      loop.callSoon((value) => future.setResult(value), number);
      if ((await future) !== number) throw new Error("a future gave another result than it was given");
    }
    loop.stop();
  };
  return () => loop.createTask(worker);
}

/** Every program by its name. */
export const WORKLOADS = {
  callSoonChain,
  callSoonBatch,
  timers,
  taskSwitches,
  taskSwitchesAsync,
  futureRoundTrips,
  futureRoundTripsAsync,
};

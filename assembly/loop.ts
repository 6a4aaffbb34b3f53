/**
 * The loop: one iteration, whole and in phases.
 *
 * Owns: the order of things. One iteration is
 *   1. `pollTimeout`  drop cancelled timers; say how long the host may wait
 *   2. `takeEvents`   queue what the events wake, each fd's reader before its writer
 *   3. `beginBatch`   queue the timers that are due, by deadline; fix which entries of the queue this iteration runs
 *   4. `runReady`     run exactly those, or let `takeReady` hand them out in chunks
 *
 * Does not own: waiting (the host), and whose turn it is (the queue, the heap, the watches).
 *
 * From: CPython 3.13, base_events `_run_once` and `run_forever`.
 */
import {
  BATCH_CAPACITY,
  BatchAction,
  EVENT_CAPACITY,
  EVENT_DETAIL,
  EVENT_KIND,
  EVENT_RECORD_BYTES,
  EVENT_SOURCE,
  EVENT_TAG,
  EventKind,
  NO_ID,
  Outcome,
  Report,
  RunResult,
  SELECT_TIMEOUT_MAX_SECONDS,
  Status,
} from "./abi";
import { arrived, isArrivalKind } from "./arrivals";
import { addCallback, addSeries, addTask, batchSize, dropBatch, endBatch } from "./batch";
import * as host from "./host";
import { clearReady, closeSeries, peek, pop, push, putBack, readyCount } from "./ready-queue";
import { Flag, Kind, release, releaseAll, slotOf, staysAfterRun } from "./slots";
import { step, takeMustCancel } from "./tasks";
import { clearTimers, firstDeadline, purgeCancelled, takeDue, timerCount } from "./timer-heap";
import { clearWatches, fdReady } from "./watches";

const events: usize = memory.data(<i32>EVENT_CAPACITY * <i32>EVENT_RECORD_BYTES, 8);

/** The clock's resolution, in seconds: a timer that is due within it is due. */
let resolutionSeconds: f64 = 0;
let stopping = false;
let running = false;
/** Entries of the queue that the current iteration has still to run. */
let batchLeft: i32 = 0;

/** Sets the clock's resolution, in seconds; without this it is 0. Returns Status.Ok, or Status.BadTime for NaN and negative numbers. */
export function init(resolution: f64): i32 {
  if (!(resolution >= 0)) return Status.BadTime;
  resolutionSeconds = resolution;
  return Status.Ok;
}

/** Where the host writes event records: see `abi.ts`, also for how long they are valid. The address stays. */
export function eventBuffer(): usize {
  return events;
}

/**
 * Lets the loop end after the batch that runs now, or after one iteration when none runs. It wakes no `select` that waits: a host that
 * calls it from elsewhere sees to that itself, as after anything that makes something ready.
 */
export function stop(): void {
  stopping = true;
}

/** Forgets that `stop` was called: the run has ended. `runForever` does it itself; a host that iterates on its own calls this. */
export function clearStop(): void {
  stopping = false;
}

/** Phase 1: drops cancelled timers. Returns how long the host may wait, in seconds: 0 not at all, Infinity for ever. */
export function pollTimeout(): f64 {
  purgeCancelled();
  if (readyCount() > 0 || stopping) return 0;
  const deadline = firstDeadline();
  if (deadline == Infinity) return Infinity;
  const left = deadline - host.now();
  // Whatever the clock says, the host is told a time that it can wait.
  return left > 0 ? min(left, <f64>SELECT_TIMEOUT_MAX_SECONDS) : 0;
}

/** Phase 2: queues what the first `count` event records wake: none below 0, and never more than EVENT_CAPACITY. */
export function takeEvents(count: i32): void {
  if (count > EVENT_CAPACITY) count = EVENT_CAPACITY;
  for (let index = 0; index < count; index++) {
    const record = events + <usize>index * EVENT_RECORD_BYTES;
    if (word(record, EVENT_KIND) == EventKind.FdReady) {
      fdReady(word(record, EVENT_SOURCE), word(record, EVENT_DETAIL), word(record, EVENT_TAG));
    } else if (isArrivalKind(word(record, EVENT_KIND))) {
      arrived(word(record, EVENT_SOURCE), word(record, EVENT_KIND));
    } else host.report(Report.BadEvent, index);
  }
}

/**
 * Phase 3: queues the timers that are due. Returns how many entries of the ready queue this iteration runs.
 *
 * The number is taken before the first callback runs, so a callback that schedules another cannot keep the iteration alive.
 */
export function beginBatch(): i32 {
  if (timerCount() > 0) {
    const now = host.now();
    const end = now + resolutionSeconds;
    for (let id = takeDue(now, end); id != NO_ID; id = takeDue(now, end)) push(id);
  }
  closeSeries();
  batchLeft = readyCount();
  return batchLeft;
}

/** Phases 3 and 4: runs what is ready. Returns a RunResult. What `takeReady` handed out before is over. */
export function runReady(): i32 {
  endBatch();
  beginBatch();
  while (batchLeft > 0) {
    batchLeft--;
    if (run(pop()) == Outcome.Fatal) {
      batchLeft = 0;
      return RunResult.Fatal;
    }
  }
  return stopping ? RunResult.Stopped : RunResult.Done;
}

/**
 * Phase 4 for hosts whose calls into Wasm are slow: after `beginBatch`, writes the next ids to run at `batchBuffer()`. Returns
 * their number; 0 ends the iteration. A task's step comes alone, because what runs before it decides how it is resumed.
 *
 * What a fatal callback leaves of them is the host's to run, in its next iteration, before it calls this again and without a wait.
 */
export function takeReady(): i32 {
  endBatch();
  while (batchLeft > 0 && batchSize() < BATCH_CAPACITY) {
    const isSeries = peek() < 0;
    const isTask = !isSeries && slotOf(peek()).kind == Kind.Task;
    if (isTask && batchSize() > 0) break;
    batchLeft--;
    const id = pop();
    if (isSeries) {
      addSeries(-id);
      continue;
    }
    if (isTask) {
      addTask(id, takeMustCancel(id) ? BatchAction.ResumeCancelled : BatchAction.Resume);
      break;
    }
    if (slotOf(id).flags & <u8>Flag.Cancelled) release(id);
    else addCallback(id);
  }
  return batchSize();
}

/** One whole iteration; `select` may block. Returns a RunResult. */
export function runOnce(): i32 {
  takeEvents(host.select(pollTimeout()));
  return runReady();
}

/** Iterates until `stop` or a fatal error. Returns why it ended: RunResult.Stopped, RunResult.Fatal, or Status.Running on re-entry. */
export function runForever(): i32 {
  if (running) return Status.Running;
  running = true;
  let result: i32 = RunResult.Done;
  while (result == RunResult.Done) result = runOnce();
  stopping = false;
  running = false;
  return result;
}

/**
 * Loses everything that is pending: calls, timers, watches, futures and tasks. Their ids name nothing afterwards, no import tells of
 * them, and the host forgets its objects and what its selector watches itself. So an iteration that is under way runs nothing more, and
 * what is left of a batch turns into NO_ID. The resolution stays, and so does a `runForever` that runs.
 */
export function clear(): void {
  dropBatch();
  batchLeft = 0;
  clearReady();
  clearTimers();
  clearWatches();
  releaseAll();
  stopping = false;
}

function run(id: i32): Outcome {
  if (id < 0) return runSeries(-id);
  const slot = slotOf(id);
  if (slot.kind == Kind.Task) return step(id);
  if (slot.flags & <u8>Flag.Cancelled) {
    release(id);
    return Outcome.Ok;
  }
  if (!staysAfterRun(id)) release(id);
  const outcome = host.dispatch(id);
  return outcome == Outcome.Raised ? host.report(Report.CallbackRaised, id) : outcome;
}

function runSeries(length: i32): Outcome {
  const left = host.runSeries(length);
  if (left == 0) return Outcome.Ok;
  if (left > 1) putBack(1 - left);
  return Outcome.Fatal;
}

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + ((<usize>index) << 2));
}

/** The batch in memory: its records, what is withdrawn from it, and when its slots come back. */
import {
  Answer,
  BATCH_CAPACITY,
  BATCH_RECORD_BYTES,
  BatchAction,
  FutureState,
  NO_ID,
  Outcome,
  Readiness,
  RunResult,
  Status,
} from "../../assembly/abi";
import { batchBuffer } from "../../assembly/batch";
import { callSoon, cancel } from "../../assembly/calls";
import { removeCallback, settle } from "../../assembly/futures";
import { answer } from "../../assembly/index";
import { beginBatch, clear, runReady, takeEvents, takeReady } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import { cancelTask } from "../../assembly/tasks";
import { readerOf, removeReader } from "../../assembly/watches";
import {
  at,
  begin,
  fdEvent,
  futures,
  heard,
  iterate,
  raiseFatal,
  reader,
  script,
  series,
  soon,
  task,
  whenDone,
  writeEvents,
} from "./script";
import { done, eq, test } from "./tap";

function idAt(index: i32): i32 {
  return load<i32>(batchBuffer() + <usize>index * <usize>BATCH_RECORD_BYTES);
}

function actionAt(index: i32): i32 {
  return load<i32>(batchBuffer() + <usize>index * <usize>BATCH_RECORD_BYTES, 4);
}

test("a batch holds calls, watches, timers and done callbacks in their order", () => {
  begin();
  const watch = reader(3, "r");
  const future = futures(1);
  const callback = whenDone(future, "done");
  const call = soon("call");
  settle(future, FutureState.Finished);
  const timer = at(0, "timer");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  eq(beginBatch(), 4);
  eq(takeReady(), 4);
  const expected: i32[] = [call, callback, watch, timer];
  for (let index = 0; index < 4; index++) {
    eq(idAt(index), expected[index]);
    eq(actionAt(index), BatchAction.Dispatch);
  }
  eq(takeReady(), 0);
  eq(liveSlots(), 1);
});

test("nothing is handed out before the batch has begun, nor after it has ended", () => {
  begin();
  soon("a");
  eq(takeReady(), 0);
  beginBatch();
  eq(takeReady(), 1);
  soon("b");
  eq(takeReady(), 0);
  eq(takeReady(), 0);
  eq(readyCount(), 1);
});

test("a long batch is handed out in parts", () => {
  begin();
  const ids: i32[] = [];
  for (let index = 0; index < 2 * BATCH_CAPACITY + 5; index++) ids.push(callSoon());
  eq(beginBatch(), 2 * BATCH_CAPACITY + 5);
  eq(takeReady(), BATCH_CAPACITY);
  eq(idAt(0), ids[0]);
  eq(idAt(BATCH_CAPACITY - 1), ids[BATCH_CAPACITY - 1]);
  eq(takeReady(), BATCH_CAPACITY);
  eq(idAt(0), ids[BATCH_CAPACITY]);
  eq(takeReady(), 5);
  eq(idAt(4), ids[ids.length - 1]);
  eq(takeReady(), 0);
  eq(liveSlots(), 0);
});

test("a series is one record, which says how many calls it is", () => {
  begin();
  const first = soon("a");
  series(7);
  const last = soon("b");
  eq(beginBatch(), 3);
  eq(takeReady(), 3);
  eq(idAt(0), first);
  eq(idAt(1), 7);
  eq(actionAt(1), BatchAction.RunSeries);
  eq(idAt(2), last);
  eq(takeReady(), 0);
  eq(liveSlots(), 0);
});

test("what was cancelled before is not handed out", () => {
  begin();
  cancel(soon("a"));
  const kept = soon("b");
  cancel(soon("c"));
  eq(beginBatch(), 3);
  eq(takeReady(), 1);
  eq(idAt(0), kept);
});

test("what is cancelled after it was handed out turns into NO_ID", () => {
  begin();
  const first = soon("a");
  const second = soon("b");
  const timer = at(0, "t");
  beginBatch();
  takeReady();
  eq(cancel(second), 1);
  eq(cancel(second), 0);
  eq(cancel(timer), 1);
  eq(idAt(0), first);
  eq(idAt(1), NO_ID);
  eq(idAt(2), NO_ID);
  takeReady();
  eq(liveSlots(), 0);
});

test("no id of a batch is used again before the batch has ended", () => {
  begin();
  const ids: i32[] = [soon("a"), soon("b")];
  beginBatch();
  takeReady();
  const fresh = callSoon();
  eq(isAlive(ids[0]) && isAlive(ids[1]), true);
  eq(fresh != ids[0] && fresh != ids[1], true);
  takeReady();
  eq(isAlive(ids[0]) || isAlive(ids[1]), false);
});

test("a watch stays when its batch has ended", () => {
  begin();
  const id = reader(3, "r");
  for (let round = 0; round < 3; round++) {
    fdEvent(3, Readiness.Read, script.watchGeneration);
    takeEvents(writeEvents());
    beginBatch();
    eq(takeReady(), 1);
    eq(idAt(0), id);
    eq(takeReady(), 0);
  }
  eq(readerOf(3), id);
});

test("a watch that is removed after it was handed out turns into NO_ID, and is gone when the batch has ended", () => {
  begin();
  const id = reader(3, "r");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  beginBatch();
  takeReady();
  removeReader(3);
  eq(idAt(0), NO_ID);
  eq(isAlive(id), true);
  takeReady();
  eq(liveSlots(), 0);
});

test("a watch that became ready again before its batch has ended, and was then removed, is released once", () => {
  begin();
  reader(3, "r");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  beginBatch();
  takeReady();
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  removeReader(3);
  beginBatch();
  eq(takeReady(), 0);
  eq(liveSlots(), 0);
  eq(callSoon() != callSoon(), true);
});

test("a host may go from taking to running", () => {
  begin();
  reader(3, "r");
  soon("taken");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  beginBatch();
  eq(takeReady(), 2);
  fdEvent(3, Readiness.Read, script.watchGeneration);
  takeEvents(writeEvents());
  removeReader(3);
  soon("run");
  eq(runReady(), RunResult.Done);
  eq(heard(), "run");
  eq(liveSlots(), 0);
});

test("a queued done callback cannot be taken back from a batch", () => {
  begin();
  const future = futures(1);
  const callback = whenDone(future, "done");
  settle(future, FutureState.Finished);
  beginBatch();
  takeReady();
  eq(removeCallback(callback), Status.BadId);
  eq(idAt(0), callback);
});

test("a task's step comes alone, between the callbacks before and after it", () => {
  begin();
  soon("a");
  soon("b");
  const first = task("t", () => Answer.Returned);
  const second = task("u", () => Answer.Returned);
  soon("c");
  eq(beginBatch(), 5);
  eq(takeReady(), 2);
  eq(takeReady(), 1);
  eq(idAt(0), first);
  eq(actionAt(0), BatchAction.Resume);
  eq(answer(first, Answer.Returned), Outcome.Ok);
  eq(takeReady(), 1);
  eq(idAt(0), second);
  eq(answer(second, Answer.Yielded), Outcome.Ok);
  eq(takeReady(), 1);
  eq(actionAt(0), BatchAction.Dispatch);
  eq(takeReady(), 0);
  eq(heard(), "t=finished");
  eq(readyCount(), 1);
});

test("what runs before a task decides how it is resumed", () => {
  begin();
  soon("a");
  const id = task("t", () => Answer.Returned);
  beginBatch();
  takeReady();
  cancelTask(id);
  takeReady();
  eq(actionAt(0), BatchAction.ResumeCancelled);
  eq(answer(id, Answer.Cancelled), Outcome.Ok);
  eq(heard(), "t=cancelled");
});

test("a step is answered once", () => {
  begin();
  const id = task("t", () => Answer.Returned);
  eq(answer(id, Answer.Yielded), Status.InvalidState);
  beginBatch();
  takeReady();
  eq(answer(id, Answer.Yielded), Outcome.Ok);
  eq(answer(id, Answer.Yielded), Status.InvalidState);
  eq(readyCount(), 1);
  beginBatch();
  eq(takeReady(), 1);
  eq(answer(id, Answer.Returned), Outcome.Ok);
  eq(answer(id, Answer.Returned), Status.BadId);
  eq(liveSlots(), 0);
});

test("a fatal answer says so, and what was not handed out is still queued", () => {
  begin();
  const id = task("t", () => Answer.Returned);
  soon("x");
  beginBatch();
  takeReady();
  eq(answer(id, Answer.Fatal), Outcome.Fatal);
  eq(readyCount(), 1);
  iterate();
  eq(heard(), "t=finished x");
});

test("what a fatal callback left in the queue is not handed out before the next batch begins", () => {
  begin();
  soon("a", () => raiseFatal());
  const left = soon("b");
  eq(runReady(), RunResult.Fatal);
  eq(takeReady(), 0);
  eq(beginBatch(), 1);
  eq(takeReady(), 1);
  eq(idAt(0), left);
});

test("the core may be cleared while a batch is out", () => {
  begin();
  soon("a");
  series(1);
  reader(3, "r");
  const id = task("t", () => Answer.Returned);
  beginBatch();
  eq(takeReady(), 2);
  clear();
  eq(idAt(0), NO_ID);
  eq(idAt(1), NO_ID);
  eq(liveSlots(), 0);
  eq(takeReady(), 0);
  eq(answer(id, Answer.Returned), Status.BadId);
  eq(callSoon() != callSoon(), true);
});

done();

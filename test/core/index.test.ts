/** The exports: the version, and the guards on ids from outside. */
import * as abi from "../../assembly/abi";
import * as core from "../../assembly/index";
import { begin, heard, iterate, script, task } from "./script";
import { done, eq, test } from "./tap";

let id: i32 = 0;

test("the core tells the version of its ABI", () => {
  eq(core.abiVersion(), abi.ABI_VERSION);
});

test("the records are where the buffers say, and do not overlap", () => {
  const events = core.eventBuffer();
  const batch = core.batchBuffer();
  eq(<i32>events % 8, 0);
  eq(<i32>batch % 8, 0);
  const eventsEnd = events + abi.EVENT_CAPACITY * abi.EVENT_RECORD_BYTES;
  const batchEnd = batch + abi.BATCH_CAPACITY * abi.BATCH_RECORD_BYTES;
  eq(eventsEnd <= batch || batchEnd <= events, true);
  eq(abi.EVENT_RECORD_BYTES, 4 * abi.EVENT_RECORD_WORDS);
});

test("a cancellation that is due can be taken from a live task alone, once", () => {
  begin();
  id = task("t", () => abi.Answer.Detached);
  core.cancelTask(id);
  eq(core.takeMustCancel(id), 1);
  eq(core.takeMustCancel(id), 0);
  eq(core.takeMustCancel(abi.NO_ID), abi.Status.BadId);
  iterate();
  eq(core.settle(id, abi.FutureState.Finished), abi.Status.Ok);
  eq(core.takeMustCancel(id), abi.Status.BadId);
  eq(heard(), "t");
});

test("every export that takes an id survives every id", () => {
  begin();
  const ids: i32[] = [0, -1, 1, 2, abi.INDEX_MASK, abi.INDEX_MASK + 1, i32.MAX_VALUE, i32.MIN_VALUE];
  for (let index = 0; index < ids.length; index++) {
    const bad = ids[index];
    eq(core.cancel(bad), abi.Status.BadId);
    eq(core.addCallback(bad), abi.Status.BadId);
    eq(core.removeCallback(bad), abi.Status.BadId);
    eq(core.settle(bad, abi.FutureState.Finished), abi.Status.BadId);
    eq(core.dropFuture(bad), abi.Status.BadId);
    eq(core.cancelTask(bad), abi.Status.BadId);
    eq(core.cancelling(bad), abi.Status.BadId);
    eq(core.uncancel(bad), abi.Status.BadId);
    eq(core.answer(bad, 0), abi.Status.BadId);
    eq(core.takeMustCancel(bad), abi.Status.BadId);
    eq(core.forget(bad), abi.Status.BadId);
  }
  eq(core.liveSlots(), 0);
  eq(script.clockReads, 0);
});

done();

/** The loop: running until it is stopped, and errors that end a run. */
import { FutureState, Readiness, RunResult, Status } from "../../assembly/abi";
import { createFuture, settle } from "../../assembly/futures";
import { clearStop, pollTimeout, runForever, runOnce, runReady, stop } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import {
  at,
  begin,
  fdEvent,
  heard,
  iterate,
  raise,
  raiseFatal,
  reader,
  reportFatal,
  script,
  soon,
  whenDone,
} from "./script";
import { done, eq, test } from "./tap";

let status: i32 = 0;
let future: i32 = 0;

test("stopped before it runs, the loop polls once, runs what is ready, and ends", () => {
  begin();
  reader(3, "reader");
  fdEvent(3, Readiness.Read, script.watchGeneration);
  soon("a", () => {
    soon("child");
  });
  at(10, "timer");
  stop();
  eq(runForever(), RunResult.Stopped);
  eq(script.timeout, 0.0);
  eq(heard(), "a reader");
  soon("b", () => stop());
  runForever();
  eq(heard(), "child b");
});

test("stopped before it runs and with nothing ready, the loop ends at once", () => {
  begin();
  stop();
  eq(runForever(), RunResult.Stopped);
  eq(heard(), "");
  eq(script.timeout, 0.0);
});

test("stopped while it runs, the loop ends the batch first", () => {
  begin();
  soon("a", () => {
    stop();
    soon("child");
  });
  soon("b");
  at(0, "timer");
  eq(runForever(), RunResult.Stopped);
  eq(heard(), "a b timer");
  eq(readyCount(), 1);
});

test("stopping twice is stopping once", () => {
  begin();
  stop();
  stop();
  eq(runForever(), RunResult.Stopped);
  soon("a", () => {
    soon("child", () => stop());
  });
  eq(runForever(), RunResult.Stopped);
  eq(heard(), "a child");
});

test("in phases, the stop lasts until it is cleared", () => {
  begin();
  soon("a", () => stop());
  eq(runReady(), RunResult.Stopped);
  eq(runReady(), RunResult.Stopped);
  eq(pollTimeout(), 0.0);
  clearStop();
  eq(runReady(), RunResult.Done);
  eq(pollTimeout(), Infinity);
});

test("a loop that runs cannot be run", () => {
  begin();
  soon("a", () => {
    status = runForever();
    stop();
  });
  eq(runForever(), RunResult.Stopped);
  eq(status, <i32>Status.Running);
  soon("b", () => stop());
  eq(runForever(), RunResult.Stopped);
  eq(heard(), "a b");
});

test("an iteration within a callback runs the rest, and the outer one ends with it", () => {
  begin();
  soon("a", () => {
    soon("child");
    runOnce();
    soon("late");
  });
  soon("b");
  iterate();
  eq(heard(), "a b child");
  iterate();
  eq(heard(), "late");
});

test("a callback that raises is reported, and the batch goes on", () => {
  begin();
  soon("a", () => raise());
  at(0, "b", () => raise());
  future = createFuture();
  whenDone(future, "c", () => raise());
  settle(future, FutureState.Finished);
  eq(iterate(), RunResult.Done);
  eq(heard(), "a a:raised c c:raised b b:raised");
});

test("a fatal callback ends the iteration, and the rest of the batch is still queued", () => {
  begin();
  soon("a");
  soon("b", () => raiseFatal());
  soon("c");
  at(0, "timer");
  eq(iterate(), RunResult.Fatal);
  eq(heard(), "a b");
  eq(readyCount(), 2);
  soon("d");
  iterate();
  eq(heard(), "c timer d");
});

test("what a fatal callback left comes before what happens next", () => {
  begin();
  reader(3, "reader");
  soon("a", () => raiseFatal());
  soon("b");
  iterate();
  fdEvent(3, Readiness.Read, script.watchGeneration);
  iterate();
  eq(heard(), "a b reader");
});

test("a fatal callback ends a run, which can be run again and has forgotten that it was stopped", () => {
  begin();
  soon("a", () => {
    stop();
    raiseFatal();
  });
  soon("b", () => {
    soon("child", () => stop());
  });
  eq(runForever(), RunResult.Fatal);
  eq(heard(), "a");
  eq(runForever(), RunResult.Stopped);
  eq(heard(), "b child");
});

test("an error whose handler is fatal ends the iteration too", () => {
  begin();
  soon("a", () => raise());
  soon("b");
  reportFatal();
  eq(iterate(), RunResult.Fatal);
  eq(heard(), "a a:raised");
  iterate();
  eq(heard(), "b");
});

done();

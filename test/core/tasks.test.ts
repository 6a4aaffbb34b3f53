/** Tasks: their steps, and what each answer leads to. Cancellation has a file of its own. */
import { Answer, FutureState, GENERATION_MASK, NO_ID, Outcome, ResumeHow, RunResult, Status } from "../../assembly/abi";
import { removeCallback, settle } from "../../assembly/futures";
import { answer, takeMustCancel } from "../../assembly/index";
import { clear } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { liveSlots } from "../../assembly/slots";
import { cancelling, cancelTask, createTask, uncancel } from "../../assembly/tasks";
import { begin, eagerTask, futures, heard, iterate, reportFatal, soon, task, whenDone, whenTold } from "./script";
import { done, eq, test } from "./tap";

let a: i32 = 0;
let b: i32 = 0;
let future: i32 = 0;

/** Returns at its first step. */
function returns(_step: i32, _how: ResumeHow): i32 {
  return Answer.Returned;
}

/** Lets a cancellation out, waits for `future` otherwise, and returns when it has come. */
function waitsForFuture(step: i32, how: ResumeHow): i32 {
  if (how == ResumeHow.Cancel) return Answer.Cancelled;
  return step == 0 ? future : Answer.Returned;
}

/** The same for task a. */
function waitsForA(step: i32, how: ResumeHow): i32 {
  if (how == ResumeHow.Cancel) return Answer.Cancelled;
  return step == 0 ? a : Answer.Returned;
}

test("the first step is queued like a call", () => {
  begin();
  soon("before");
  task("t", returns);
  soon("after");
  eq(heard(), "");
  iterate();
  eq(heard(), "before t t=finished after");
  eq(liveSlots(), 0);
});

test("giving up an iteration lets the others go first", () => {
  begin();
  task("t", (step) => (step < 2 ? Answer.Yielded : Answer.Returned));
  soon("x", () => {
    soon("y");
  });
  iterate();
  eq(heard(), "t x");
  iterate();
  eq(heard(), "t y");
  iterate();
  eq(heard(), "t t=finished");
});

test("a task that waits goes on in the iteration after its future is done", () => {
  begin();
  future = futures(1);
  task("t", waitsForFuture);
  iterate();
  eq(heard(), "t");
  eq(readyCount(), 0);
  eq(settle(future, FutureState.Finished), Status.Ok);
  eq(readyCount(), 1);
  iterate();
  eq(heard(), "t t=finished");
  eq(liveSlots(), 0);
});

test("tasks and done callbacks wake in the order in which they began to wait", () => {
  begin();
  future = futures(1);
  whenDone(future, "first");
  task("t", waitsForFuture);
  task("u", waitsForFuture);
  iterate();
  whenDone(future, "last");
  settle(future, FutureState.Finished);
  heard();
  iterate();
  eq(heard(), "first t t=finished u u=finished last");
});

test("a task may wait for another, and its done callbacks run in the next iteration", () => {
  begin();
  a = task("a", (step) => (step == 0 ? Answer.Yielded : Answer.Returned));
  task("b", waitsForA);
  whenDone(a, "done");
  iterate();
  eq(heard(), "a b");
  iterate();
  eq(heard(), "a a=finished");
  iterate();
  eq(heard(), "done b b=finished");
});

test("a task that raises has finished", () => {
  begin();
  a = task("a", () => Answer.Raised);
  whenDone(a, "done");
  iterate(2);
  eq(heard(), "a a=finished done");
});

test("a task that lets a cancellation out of its own has been cancelled", () => {
  begin();
  task("t", () => Answer.Cancelled);
  iterate();
  eq(heard(), "t t=cancelled");
});

test("a done callback may be added while the end is being told, and not after it", () => {
  begin();
  a = task("a", returns);
  whenDone(a, "first");
  whenTold(() => {
    whenDone(a, "second");
  });
  iterate();
  eq(whenDone(a, "late"), Status.BadId);
  iterate();
  eq(heard(), "a a=finished first second");
  eq(liveSlots(), 0);
});

test("a task cannot wait for itself", () => {
  begin();
  a = task("a", (step) => (step == 0 ? a : Answer.Returned));
  iterate();
  eq(heard(), "a a:badAnswer");
  iterate();
  eq(heard(), "a a=finished");
});

test("an answer that is neither one nor a pending future is reported, and the task goes on", () => {
  begin();
  future = futures(1);
  settle(future, FutureState.Finished);
  b = soon("call");
  a = task("a", (step) => {
    switch (step) {
      case 0:
        return future;
      case 1:
        return b;
      case 2:
        return i32.MAX_VALUE;
      case 3:
        return -6;
      case 4:
        return i32.MIN_VALUE;
      default:
        return Answer.Returned;
    }
  });
  iterate(6);
  eq(heard(), "call a a:badAnswer a a:badAnswer a a:badAnswer a a:badAnswer a a:badAnswer a a=finished");
  eq(liveSlots(), 0);
});

test("a bad answer whose report is fatal ends the iteration, and the task goes on in the next", () => {
  begin();
  task("a", (step) => (step == 0 ? -6 : Answer.Returned));
  soon("x");
  reportFatal();
  eq(iterate(), RunResult.Fatal);
  eq(heard(), "a a:badAnswer");
  iterate();
  eq(heard(), "x a a=finished");
});

test("a fatal end leaves the rest of the batch queued, and the task's done callbacks behind it", () => {
  begin();
  a = task("a", () => Answer.Fatal);
  whenDone(a, "done");
  soon("x");
  eq(iterate(), RunResult.Fatal);
  eq(heard(), "a a=finished");
  iterate();
  eq(heard(), "x done");
});

test("a detached task is settled by its host", () => {
  begin();
  a = task("a", () => Answer.Detached);
  whenDone(a, "done");
  eq(settle(a, FutureState.Finished), Status.InvalidState);
  iterate();
  eq(readyCount(), 0);
  eq(settle(a, FutureState.Finished), Status.Ok);
  eq(settle(a, FutureState.Finished), Status.BadId);
  iterate();
  eq(heard(), "a done");
  eq(liveSlots(), 0);
});

test("a task may wait for a detached one", () => {
  begin();
  a = task("a", () => Answer.Detached);
  b = task("b", waitsForA);
  iterate();
  settle(a, FutureState.Cancelled);
  iterate();
  eq(heard(), "a b b b=finished");
});

test("an id that is no task's is refused", () => {
  begin();
  future = futures(1);
  b = soon("call");
  const callback = whenDone(future, "done");
  const ids: i32[] = [NO_ID, -1, future, b, callback, i32.MAX_VALUE];
  for (let index = 0; index < ids.length; index++) {
    eq(cancelTask(ids[index]), Status.BadId);
    eq(cancelling(ids[index]), Status.BadId);
    eq(uncancel(ids[index]), Status.BadId);
    eq(takeMustCancel(ids[index]), Status.BadId);
    eq(answer(ids[index], Answer.Returned), Status.BadId);
  }
});

test("an ended task's id is refused", () => {
  begin();
  a = task("a", returns);
  iterate();
  eq(cancelTask(a), Status.BadId);
  eq(cancelling(a), Status.BadId);
  eq(uncancel(a), Status.BadId);
  eq(settle(a, FutureState.Finished), Status.BadId);
});

test("an answer for a step that was not handed out is refused", () => {
  begin();
  a = task("a", (step) => {
    eq(answer(a, Answer.Returned), Status.InvalidState);
    return step == 0 ? Answer.Yielded : Answer.Returned;
  });
  eq(answer(a, Answer.Yielded), Status.InvalidState);
  iterate();
  eq(readyCount(), 1);
  iterate();
  eq(heard(), "a a a=finished");
  eq(liveSlots(), 0);
});

test("the first step of an eager task is the host's, and is answered once", () => {
  begin();
  future = futures(1);
  a = eagerTask("a", returns);
  eq(readyCount(), 0);
  eq(answer(a, future), Outcome.Ok);
  eq(answer(a, Answer.Returned), Status.InvalidState);
  eq(settle(future, FutureState.Finished), Status.Ok);
  iterate();
  eq(heard(), "a a=finished");
  b = eagerTask("b", returns);
  eq(answer(b, Answer.Returned), Outcome.Ok);
  eq(heard(), "b=finished");
  eq(answer(b, Answer.Returned), Status.BadId);
  eq(liveSlots(), 0);
});

test("an eager task that is cancelled in its first step ends so, or cancels what it comes to wait for", () => {
  begin();
  a = eagerTask("a", returns);
  eq(cancelTask(a), a);
  eq(answer(a, Answer.Returned), Outcome.Ok);
  eq(heard(), "a=cancelled");
  b = eagerTask("b", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Returned));
  eq(cancelTask(b), b);
  eq(answer(b, Answer.Yielded), Outcome.Ok);
  iterate();
  eq(heard(), "b! b=cancelled");
  eq(liveSlots(), 0);
});

test("a done callback of a task can be taken back", () => {
  begin();
  a = task("a", returns);
  const kept = whenDone(a, "kept");
  const removed = whenDone(a, "removed");
  eq(removeCallback(removed), Status.Ok);
  iterate(2);
  eq(heard(), "a a=finished kept");
  eq(removeCallback(kept), Status.BadId);
});

test("a step may clear the core", () => {
  begin();
  const answers: i32[] = [Answer.Yielded, Answer.Returned, Answer.Raised, Answer.Detached, Answer.Fatal, -6];
  for (let index = 0; index < answers.length; index++) {
    future = answers[index];
    task("a", () => {
      clear();
      return future;
    });
    soon("lost");
    eq(iterate(), RunResult.Done);
    eq(heard(), "a");
    eq(liveSlots(), 0);
    eq(readyCount(), 0);
  }
});

test("a step may clear the core so often that its id comes back, and does not answer for another", () => {
  begin();
  a = task("a", () => {
    for (let left: i32 = GENERATION_MASK; left > 0; left--) {
      clear();
      createTask();
    }
    clear();
    b = createTask();
    return Answer.Yielded;
  });
  iterate();
  eq(b, a);
  eq(readyCount(), 1);
});

test("the core may be cleared while the end of a task is told", () => {
  begin();
  a = task("a", returns);
  whenDone(a, "lost");
  whenTold(() => {
    clear();
    soon("next");
  });
  iterate();
  eq(liveSlots(), 1);
  iterate();
  eq(heard(), "a a=finished next");
});

done();

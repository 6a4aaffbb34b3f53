/** Tasks: cancellation in every state. */
import { Answer, FutureState, NO_ID, ResumeHow, Status } from "../../assembly/abi";
import { settle } from "../../assembly/futures";
import { takeMustCancel } from "../../assembly/index";
import { clear } from "../../assembly/loop";
import { readyCount } from "../../assembly/ready-queue";
import { liveSlots } from "../../assembly/slots";
import { cancelling, cancelTask, uncancel } from "../../assembly/tasks";
import { begin, futures, heard, iterate, refuseCancel, task, whenAsked, whenDone } from "./script";
import { done, eq, test } from "./tap";

let a: i32 = 0;
let b: i32 = 0;
let c: i32 = 0;
let future: i32 = 0;

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

/** The same for task b. */
function waitsForB(step: i32, how: ResumeHow): i32 {
  if (how == ResumeHow.Cancel) return Answer.Cancelled;
  return step == 0 ? b : Answer.Returned;
}

test("cancelled before its first step, a task is thrown into at that step", () => {
  begin();
  a = task("a", waitsForFuture);
  eq(cancelTask(a), a);
  iterate();
  eq(heard(), "a! a=cancelled");
});

test("cancelled while it waits, a task has its future cancelled and takes the step that follows", () => {
  begin();
  future = futures(1);
  a = task("a", (step) => (step == 0 ? future : Answer.Cancelled));
  iterate();
  eq(cancelTask(a), NO_ID);
  eq(settle(future, FutureState.Finished), Status.BadId);
  eq(heard(), "a a?");
  iterate();
  eq(heard(), "a a=cancelled");
  eq(liveSlots(), 0);
});

test("cancelled while it waits for what refuses, a task is thrown into when that is done", () => {
  begin();
  future = futures(1);
  a = task("a", waitsForFuture);
  refuseCancel(a);
  iterate();
  eq(cancelTask(a), a);
  eq(readyCount(), 0);
  settle(future, FutureState.Finished);
  iterate();
  eq(heard(), "a a? a! a=cancelled");
});

test("cancelled when its future is done already, a task is thrown into", () => {
  begin();
  future = futures(1);
  a = task("a", waitsForFuture);
  iterate();
  settle(future, FutureState.Finished);
  eq(cancelTask(a), a);
  iterate();
  eq(heard(), "a a! a=cancelled");
});

test("cancelled while it only gave up an iteration, a task is thrown into", () => {
  begin();
  a = task("a", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Yielded));
  iterate();
  cancelTask(a);
  iterate();
  eq(heard(), "a a! a=cancelled");
});

test("cancelled in its own step, a task has what it comes to wait for cancelled", () => {
  begin();
  future = futures(1);
  a = task("a", (step) => {
    if (step > 0) return Answer.Cancelled;
    eq(cancelTask(a), a);
    return future;
  });
  iterate();
  eq(heard(), "a a?");
  iterate();
  eq(heard(), "a a=cancelled");
  eq(liveSlots(), 0);
});

test("cancelled in its own step with a future that refuses, a task is thrown into later", () => {
  begin();
  future = futures(1);
  a = task("a", (_step, how) => {
    if (how == ResumeHow.Cancel) return Answer.Cancelled;
    cancelTask(a);
    return future;
  });
  refuseCancel(a);
  iterate();
  eq(readyCount(), 0);
  settle(future, FutureState.Finished);
  iterate();
  eq(heard(), "a a? a! a=cancelled");
});

test("cancelled in the step in which it returns, a task has been cancelled", () => {
  begin();
  a = task("a", () => {
    cancelTask(a);
    return Answer.Returned;
  });
  iterate();
  eq(heard(), "a a=cancelled");
});

test("cancelled in the step in which it raises, a task has finished with what it raised", () => {
  begin();
  a = task("a", () => {
    cancelTask(a);
    return Answer.Raised;
  });
  iterate();
  eq(heard(), "a a=finished");
});

test("a swallowed cancellation leaves the task alive, and is thrown once only", () => {
  begin();
  a = task("a", (step) => (step < 3 ? Answer.Yielded : Answer.Returned));
  iterate();
  cancelTask(a);
  cancelTask(a);
  iterate(3);
  eq(heard(), "a a! a a a=finished");
});

test("a chain of tasks is cancelled at its far end", () => {
  begin();
  future = futures(1);
  a = task("a", (step) => (step == 0 ? future : Answer.Cancelled));
  b = task("b", (step) => (step == 0 ? a : Answer.Cancelled));
  c = task("c", (step) => (step == 0 ? b : Answer.Cancelled));
  iterate();
  heard();
  eq(cancelTask(c), NO_ID);
  eq(heard(), "a?");
  eq(cancelling(a), 1);
  eq(cancelling(b), 1);
  eq(cancelling(c), 1);
  iterate(3);
  eq(heard(), "a a=cancelled b b=cancelled c c=cancelled");
  eq(liveSlots(), 0);
});

test("a chain whose last task is queued has the cancellation thrown into that one", () => {
  begin();
  b = task("b", waitsForA);
  a = task("a", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Yielded));
  iterate();
  heard();
  eq(cancelTask(b), a);
  iterate(2);
  eq(heard(), "a! a=cancelled b b=finished");
});

test("a chain may swallow a cancellation at its far end", () => {
  begin();
  future = futures(1);
  a = task("a", (step) => (step == 0 ? future : Answer.Returned));
  b = task("b", waitsForA);
  iterate();
  cancelTask(b);
  iterate(2);
  eq(heard(), "a b a? a a=finished b b=finished");
});

test("a long chain of tasks is cancelled in one go", () => {
  begin();
  future = futures(1);
  a = task("t", (step) => (step == 0 ? future : Answer.Cancelled));
  for (let index = 0; index < 2000; index++) {
    b = a;
    // Each reads the task before it while it takes its only step, so it must run before the next is made.
    a = task("t", (step) => (step == 0 ? b : Answer.Cancelled));
    iterate();
  }
  eq(cancelTask(a), NO_ID);
  eq(cancelling(a), 1);
  iterate(2001);
  eq(liveSlots(), 0);
});

test("two tasks that wait for each other can be cancelled", () => {
  begin();
  a = task("a", waitsForB);
  b = task("b", waitsForA);
  iterate();
  eq(readyCount(), 0);
  eq(cancelTask(a), a);
  eq(cancelling(a), 1);
  eq(cancelling(b), 0);
  iterate(2);
  eq(heard(), "a b a! a=cancelled b b=finished");
  eq(liveSlots(), 0);
});

test("a task that waits for a ring of tasks can be cancelled, and leaves the ring's waiters in order", () => {
  begin();
  a = task("a", waitsForB);
  b = task("b", waitsForA);
  whenDone(a, "first");
  c = task("c", waitsForA);
  whenDone(a, "second");
  iterate();
  heard();
  eq(cancelTask(c), c);
  iterate();
  eq(heard(), "c! c=cancelled");
  whenDone(a, "third");
  cancelTask(a);
  iterate(2);
  eq(heard(), "a! a=cancelled first second b b=finished third");
  eq(liveSlots(), 0);
});

test("a cancellation survives a bad answer", () => {
  begin();
  a = task("a", (_step, how) => {
    if (how == ResumeHow.Cancel) return Answer.Cancelled;
    cancelTask(a);
    return -6;
  });
  iterate(2);
  eq(heard(), "a a:badAnswer a! a=cancelled");
});

test("cancellations are counted and taken back, never below 0", () => {
  begin();
  a = task("a", (step) => (step < 2 ? Answer.Yielded : Answer.Returned));
  eq(cancelling(a), 0);
  cancelTask(a);
  cancelTask(a);
  eq(cancelling(a), 2);
  eq(uncancel(a), 1);
  eq(uncancel(a), 0);
  eq(uncancel(a), 0);
  iterate();
  eq(heard(), "a");
});

test("a cancellation that is to be thrown goes with the last request that is taken back, and not before", () => {
  begin();
  a = task("a", (step) => (step < 2 ? Answer.Yielded : Answer.Returned));
  cancelTask(a);
  cancelTask(a);
  eq(uncancel(a), 1);
  iterate();
  eq(uncancel(a), 0);
  cancelTask(a);
  eq(uncancel(a), 0);
  eq(takeMustCancel(a), 0);
  iterate();
  eq(heard(), "a! a");
});

test("a detached task is cancelled by its host, or else when the host asks for what is due", () => {
  begin();
  a = task("a", () => Answer.Detached);
  iterate();
  eq(cancelTask(a), NO_ID);
  eq(takeMustCancel(a), 0);
  refuseCancel(a);
  eq(cancelTask(a), a);
  eq(cancelling(a), 2);
  eq(takeMustCancel(a), 1);
  eq(takeMustCancel(a), 0);
  eq(heard(), "a a? a?");
});

test("cancelled in the step that detaches it, a task has its cancellation due", () => {
  begin();
  a = task("a", () => {
    cancelTask(a);
    return Answer.Detached;
  });
  iterate();
  eq(takeMustCancel(a), 1);
});

test("a detached task that its host settles when asked to cancel it leaves its slot, and no cancellation in it", () => {
  begin();
  a = task("a", () => Answer.Detached);
  refuseCancel(a);
  iterate();
  whenAsked(() => {
    settle(a, FutureState.Cancelled);
    b = task("b", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Returned));
  });
  eq(cancelTask(a), NO_ID);
  iterate();
  eq(heard(), "a a? b b=finished");
});

test("the core may be cleared while the host is asked to cancel", () => {
  begin();
  future = futures(1);
  a = task("a", waitsForFuture);
  refuseCancel(a);
  iterate();
  whenAsked(() => {
    clear();
    b = task("b", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Returned));
    task("c", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Returned));
  });
  eq(cancelTask(a), NO_ID);
  iterate();
  eq(heard(), "a a? b b=finished c c=finished");
});

test("a host that clears the core when it is asked to cancel what a step came to wait for keeps the cancellations of others", () => {
  begin();
  future = futures(1);
  a = task("a", () => {
    cancelTask(a);
    return future;
  });
  whenAsked(() => {
    clear();
    for (let count: i32 = 0; count < 2; count++) {
      b = task("b", (_step, how) => (how == ResumeHow.Cancel ? Answer.Cancelled : Answer.Returned));
      cancelTask(b);
    }
  });
  iterate();
  iterate();
  eq(heard(), "a a? b! b=cancelled b! b=cancelled");
});

done();

/** Futures: settling once, and the order of those who wait. */
import { FutureState, NO_ID, Status } from "../../assembly/abi";
import { addCallback, createFuture, dropFuture, removeCallback, settle } from "../../assembly/futures";
import { readyCount } from "../../assembly/ready-queue";
import { isAlive, liveSlots } from "../../assembly/slots";
import { begin, heard, iterate, soon, task, whenDone } from "./script";
import { done, eq, test } from "./tap";

let future: i32 = 0;
let other: i32 = 0;
let callback: i32 = 0;

test("a new future is pending and wakes nobody", () => {
  begin();
  future = createFuture();
  eq(isAlive(future), true);
  eq(readyCount(), 0);
});

test("done callbacks run in the order in which they were added, one iteration after the future was settled", () => {
  begin();
  future = createFuture();
  whenDone(future, "a");
  whenDone(future, "b");
  whenDone(future, "c");
  soon("settle", () => {
    settle(future, FutureState.Finished);
  });
  soon("x");
  iterate();
  eq(heard(), "settle x");
  iterate();
  eq(heard(), "a b c");
  eq(liveSlots(), 0);
});

test("a future is settled once, however it ended", () => {
  begin();
  const states: i32[] = [FutureState.Finished, FutureState.Cancelled];
  for (let index = 0; index < states.length; index++) {
    future = createFuture();
    eq(settle(future, states[index]), Status.Ok);
    eq(settle(future, FutureState.Finished), Status.BadId);
    eq(settle(future, FutureState.Cancelled), Status.BadId);
    eq(liveSlots(), 0);
  }
});

test("a future cannot end in a state that is no end", () => {
  begin();
  future = createFuture();
  const states: i32[] = [FutureState.Pending, 3, -1, 258];
  for (let index = 0; index < states.length; index++) eq(settle(future, states[index]), Status.InvalidState);
  eq(settle(future, FutureState.Finished), Status.Ok);
});

test("a settled future takes no callbacks, and its queued ones cannot be taken back", () => {
  begin();
  future = createFuture();
  callback = whenDone(future, "a");
  settle(future, FutureState.Finished);
  eq(addCallback(future), Status.BadId);
  eq(removeCallback(callback), Status.BadId);
  iterate();
  eq(heard(), "a");
  eq(removeCallback(callback), Status.BadId);
});

test("callbacks can be taken back from the front, the middle and the end", () => {
  begin();
  future = createFuture();
  const ids: i32[] = [];
  for (let index = 0; index < 6; index++) ids.push(whenDone(future, index.toString()));
  eq(removeCallback(ids[0]), Status.Ok);
  eq(removeCallback(ids[3]), Status.Ok);
  eq(removeCallback(ids[5]), Status.Ok);
  eq(removeCallback(ids[3]), Status.BadId);
  whenDone(future, "late");
  settle(future, FutureState.Finished);
  iterate();
  eq(heard(), "1 2 4 late");
  eq(liveSlots(), 0);
});

test("a future whose callbacks were all taken back takes new ones", () => {
  begin();
  future = createFuture();
  const first = whenDone(future, "a");
  const second = whenDone(future, "b");
  removeCallback(first);
  removeCallback(second);
  whenDone(future, "c");
  settle(future, FutureState.Cancelled);
  iterate();
  eq(heard(), "c");
});

test("a callback may settle another future, whose callbacks come an iteration later", () => {
  begin();
  future = createFuture();
  other = createFuture();
  whenDone(future, "first", () => {
    settle(other, FutureState.Finished);
  });
  whenDone(other, "second");
  settle(future, FutureState.Finished);
  iterate();
  eq(heard(), "first");
  iterate();
  eq(heard(), "second");
});

test("a dropped future takes its callbacks along", () => {
  begin();
  future = createFuture();
  callback = whenDone(future, "a");
  whenDone(future, "b");
  eq(dropFuture(future), Status.Ok);
  eq(liveSlots(), 0);
  eq(settle(future, FutureState.Finished), Status.BadId);
  eq(removeCallback(callback), Status.BadId);
  eq(dropFuture(future), Status.BadId);
});

test("a future that a task waits for cannot be dropped", () => {
  begin();
  future = createFuture();
  whenDone(future, "a");
  task("t", (step) => (step == 0 ? future : -1));
  iterate();
  eq(dropFuture(future), Status.InvalidState);
  settle(future, FutureState.Finished);
  iterate();
  eq(heard(), "t a t t=finished");
  eq(liveSlots(), 0);
});

test("an id that is no future's is refused", () => {
  begin();
  const call = soon("call");
  future = createFuture();
  callback = addCallback(future);
  const pending = task("t", () => -1);
  const ids: i32[] = [NO_ID, -1, call, callback, i32.MAX_VALUE];
  for (let index = 0; index < ids.length; index++) {
    eq(addCallback(ids[index]), Status.BadId);
    eq(settle(ids[index], FutureState.Finished), Status.BadId);
    eq(dropFuture(ids[index]), Status.BadId);
    if (ids[index] != callback) eq(removeCallback(ids[index]), Status.BadId);
  }
  eq(dropFuture(pending), Status.BadId);
  eq(removeCallback(future), Status.BadId);
});

test("ten thousand callbacks of one future keep their order", () => {
  begin();
  future = createFuture();
  for (let index = 0; index < 10_000; index++) whenDone(future, (index % 10).toString());
  settle(future, FutureState.Finished);
  eq(readyCount(), 10_000);
  iterate();
  const words = heard();
  let inOrder = 0;
  for (let index = 0; index < 10_000; index++) if (words.charCodeAt(2 * index) == 48 + (index % 10)) inOrder++;
  eq(inOrder, 10_000);
  eq(liveSlots(), 0);
});

done();

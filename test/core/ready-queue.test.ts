/** The ready queue: order, growth, and the mark on what is queued. */
import {
  clearReady,
  closeSeries,
  extendSeries,
  openSeries,
  peek,
  pop,
  push,
  putBack,
  readyCount,
} from "../../assembly/ready-queue";
import { allocate, Flag, Kind, releaseAll, slotOf } from "../../assembly/slots";
import { done, eq, test } from "./tap";

function begin(): void {
  clearReady();
  releaseAll();
}

function pushMany(count: i32): i32[] {
  const ids: i32[] = [];
  for (let index = 0; index < count; index++) {
    const id = allocate(Kind.Call);
    push(id);
    ids.push(id);
  }
  return ids;
}

/** How many of the next ids come in the order given, from number `start` on. */
function popInOrder(ids: i32[], start: i32, count: i32): i32 {
  let inOrder = 0;
  for (let index = start; index < start + count; index++) if (pop() == ids[index]) inOrder++;
  return inOrder;
}

test("the first in is the first out", () => {
  begin();
  const ids = pushMany(10);
  eq(popInOrder(ids, 0, 10), 10);
  eq(readyCount(), 0);
});

test("looking at the oldest leaves it where it is", () => {
  begin();
  const ids = pushMany(2);
  eq(peek(), ids[0]);
  eq(readyCount(), 2);
  eq(pop(), ids[0]);
  eq(peek(), ids[1]);
});

test("a slot is marked as queued while it is in the queue", () => {
  begin();
  const id = allocate(Kind.Watch);
  slotOf(id).flags = <u8>Flag.Cancelled;
  push(id);
  eq(slotOf(id).flags, <u8>(Flag.Cancelled | Flag.Queued));
  pop();
  eq(slotOf(id).flags, <u8>Flag.Cancelled);
});

test("the order survives going round the ring", () => {
  begin();
  let expected: i32[] = [];
  let inOrder = 0;
  for (let round = 0; round < 50; round++) {
    const ids = pushMany(7);
    expected = expected.concat(ids);
    inOrder += popInOrder(expected, round * 5, 5);
  }
  eq(inOrder, 250);
  eq(readyCount(), 100);
  eq(popInOrder(expected, 250, 100), 100);
});

test("the order survives growing while the ring is wrapped around", () => {
  begin();
  const early = pushMany(60);
  eq(popInOrder(early, 0, 50), 50);
  const late = pushMany(5000);
  eq(readyCount(), 5010);
  eq(popInOrder(early, 50, 10), 10);
  eq(popInOrder(late, 0, 5000), 5000);
});

test("an id may come back as soon as it is out", () => {
  begin();
  const ids = pushMany(2);
  push(pop());
  eq(pop(), ids[1]);
  eq(pop(), ids[0]);
  eq(readyCount(), 0);
});

test("calls one right after the other are one entry, which says how many they are", () => {
  begin();
  for (let index = 0; index < 3; index++) extendSeries();
  eq(readyCount(), 1);
  closeSeries();
  eq(peek(), -3);
  eq(pop(), -3);
  eq(readyCount(), 0);
});

test("a host may make the open series longer by itself", () => {
  begin();
  extendSeries();
  eq(load<i32>(openSeries()), 1);
  store<i32>(openSeries(), 5);
  extendSeries();
  eq(load<i32>(openSeries()), 6);
  closeSeries();
  eq(load<i32>(openSeries()), 0);
  eq(pop(), -6);
});

test("what comes after a series closes it, and the next one is another", () => {
  begin();
  extendSeries();
  extendSeries();
  const ids = pushMany(2);
  eq(load<i32>(openSeries()), 0);
  extendSeries();
  closeSeries();
  extendSeries();
  closeSeries();
  eq(readyCount(), 5);
  eq(pop(), -2);
  eq(popInOrder(ids, 0, 2), 2);
  eq(pop(), -1);
  eq(pop(), -1);
});

test("closing without an open series does nothing", () => {
  begin();
  closeSeries();
  const ids = pushMany(1);
  closeSeries();
  eq(readyCount(), 1);
  eq(pop(), ids[0]);
});

test("a series keeps its place and its length while the ring grows and goes round", () => {
  begin();
  const early = pushMany(60);
  eq(popInOrder(early, 0, 50), 50);
  extendSeries();
  const late = pushMany(500);
  eq(popInOrder(early, 50, 10), 10);
  eq(pop(), -1);
  eq(popInOrder(late, 0, 500), 500);
});

test("what a series has left comes first, also in a full ring", () => {
  begin();
  extendSeries();
  store<i32>(openSeries(), 10);
  closeSeries();
  eq(pop(), -10);
  const ids = pushMany(4096);
  putBack(-7);
  eq(readyCount(), 4097);
  eq(pop(), -7);
  eq(popInOrder(ids, 0, 4096), 4096);
});

test("a cleared queue is empty and works on", () => {
  begin();
  pushMany(100);
  extendSeries();
  clearReady();
  eq(readyCount(), 0);
  eq(load<i32>(openSeries()), 0);
  const ids = pushMany(3);
  eq(readyCount(), 3);
  eq(popInOrder(ids, 0, 3), 3);
});

done();

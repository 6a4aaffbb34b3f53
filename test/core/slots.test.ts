/** Slots: ids, generations, reuse and growth. */
import { GENERATION_MASK, INDEX_BITS, INDEX_MASK, NO_ID, SLOTS_MAX, Status } from "../../assembly/abi";
import { allocate, Flag, isAlive, isKind, Kind, liveSlots, release, releaseAll, slotOf } from "../../assembly/slots";
import { done, eq, test } from "./tap";

function allocateMany(count: i32): i32[] {
  const ids: i32[] = [];
  for (let index = 0; index < count; index++) ids.push(allocate(Kind.Future));
  return ids;
}

test("an id is positive, and its generation stands above its index", () => {
  releaseAll();
  const id = allocate(Kind.Call);
  eq(id > 0, true);
  eq((id & INDEX_MASK) > 0, true);
  eq(id >> INDEX_BITS, i32(slotOf(id).generation));
  release(id);
});

test("a released id names nothing, nor does the one that its slot will have next", () => {
  releaseAll();
  const id = allocate(Kind.Call);
  const next = (((id >> INDEX_BITS) + 1) << INDEX_BITS) | (id & INDEX_MASK);
  eq(isAlive(id), true);
  release(id);
  eq(isAlive(id), false);
  eq(isAlive(next), false);
  eq(allocate(Kind.Call), next);
});

test("slots are taken in the order of their indices, a word at a time, whatever order they came back in", () => {
  releaseAll();
  const ids = allocateMany(200);
  for (let index = 0; index < ids.length; index++) release(ids[(index * 77) % 200]);
  const again = allocateMany(200);
  // A word of 64 at a time; the word in use comes before those in front of it.
  let jumps = 0;
  for (let index = 1; index < again.length; index++) {
    if ((again[index] & INDEX_MASK) != (again[index - 1] & INDEX_MASK) + 1) jumps++;
  }
  eq(jumps <= 5, true);
  for (let index = 0; index < ids.length; index++) eq(isAlive(ids[index]), false);
});

test("the slot that just came back is taken again at once, under another id", () => {
  releaseAll();
  allocateMany(100);
  const first = allocate(Kind.Call);
  release(first);
  const second = allocate(Kind.Call);
  eq(second & INDEX_MASK, first & INDEX_MASK);
  eq(second != first, true);
});

test("a slot starts afresh, whatever it held before", () => {
  releaseAll();
  const before = slotOf(allocate(Kind.Task));
  before.flags = 0xff;
  before.next = 1;
  before.head = 2;
  before.tail = 3;
  before.waitsFor = 4;
  before.cancels = 5;
  releaseAll();
  const ids = allocateMany(3);
  for (let index = 0; index < ids.length; index++) {
    const slot = slotOf(ids[index]);
    eq(slot.kind, <u8>Kind.Future);
    eq(slot.flags, 0);
    eq(slot.next, NO_ID);
    eq(slot.head, NO_ID);
    eq(slot.tail, NO_ID);
    eq(slot.waitsFor, NO_ID);
    eq(slot.cancels, 0);
  }
  releaseAll();
});

test("one slot has 256 ids, and then its first again", () => {
  releaseAll();
  const first = allocate(Kind.Call);
  let id = first;
  for (let reuse = 1; reuse <= GENERATION_MASK; reuse++) {
    release(id);
    id = allocate(Kind.Call);
    eq(id & INDEX_MASK, first & INDEX_MASK);
    eq(id > 0, true);
    eq(isAlive(first), false);
  }
  release(id);
  id = allocate(Kind.Call);
  eq(id, first);
  release(id);
});

test("numbers that were never handed out name nothing", () => {
  releaseAll();
  const id = allocate(Kind.Call);
  eq(isAlive(NO_ID), false, "0");
  eq(isAlive(-1), false, "-1");
  eq(isAlive(i32.MIN_VALUE), false, "the least i32");
  eq(isAlive(id | i32.MIN_VALUE), false, "a live id with its sign bit set");
  eq(isAlive(1 << INDEX_BITS), false, "a generation without an index");
  eq(isAlive(INDEX_MASK), false, "an index that was never used");
  eq(isAlive(i32.MAX_VALUE), false, "the greatest i32");
  eq(isAlive(id ^ (1 << INDEX_BITS)), false, "another generation");
  release(id);
});

test("a kind is alive as that kind alone", () => {
  releaseAll();
  const id = allocate(Kind.Timer);
  eq(isKind(id, Kind.Timer), true);
  eq(isKind(id, Kind.Call), false);
  release(id);
  eq(isKind(id, Kind.Timer), false);
  eq(isKind(id, Kind.Free), false);
});

test("slots keep what they hold while the table grows", () => {
  releaseAll();
  const ids: i32[] = [];
  for (let index = 0; index < 5000; index++) {
    const id = allocate(Kind.Timer);
    slotOf(id).when = <f64>index;
    slotOf(id).flags = <u8>Flag.Scheduled;
    ids.push(id);
  }
  let intact = 0;
  for (let index = 0; index < 5000; index++) {
    const slot = slotOf(ids[index]);
    if (isAlive(ids[index]) && slot.when == <f64>index && slot.flags == <u8>Flag.Scheduled) intact++;
  }
  eq(intact, 5000);
  releaseAll();
});

test("slots that are alive are counted", () => {
  releaseAll();
  eq(liveSlots(), 0);
  const ids = allocateMany(10);
  eq(liveSlots(), 10);
  release(ids[3]);
  release(ids[9]);
  eq(liveSlots(), 8);
  releaseAll();
  eq(liveSlots(), 0);
});

test("all slots can be given back at once, and are used again before the memory grows", () => {
  releaseAll();
  const ids = allocateMany(3000);
  release(ids[1000]);
  releaseAll();
  let alive = 0;
  for (let index = 0; index < ids.length; index++) if (isAlive(ids[index])) alive++;
  eq(alive, 0);
  const seen = new Set<i32>();
  for (let index = 0; index < 3000; index++) {
    const id = allocate(Kind.Call);
    eq(seen.has(id & INDEX_MASK), false);
    eq((id & INDEX_MASK) <= 5000, true);
    seen.add(id & INDEX_MASK);
  }
  releaseAll();
});

test("there are SLOTS_MAX slots and no more, and a full table recovers", () => {
  releaseAll();
  let last = NO_ID;
  let count = 0;
  for (;;) {
    const id = allocate(Kind.Future);
    if (id < 0) {
      eq(id, Status.OutOfSlots);
      break;
    }
    last = id;
    count++;
  }
  eq(count, SLOTS_MAX);
  eq(liveSlots(), SLOTS_MAX);
  eq(isAlive(last), true);
  release(last);
  eq(allocate(Kind.Future) & INDEX_MASK, last & INDEX_MASK);
  eq(allocate(Kind.Future), Status.OutOfSlots);
  releaseAll();
  eq(liveSlots(), 0);
});

done();

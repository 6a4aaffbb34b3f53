/** What queues keep their items in. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FirstItems, type Items, LastItems, LowestItems } from "../../../host/sync/items.js";

const byNumber = (a: number, b: number): number => a - b;

/** All of them, in order. */
function drain<T>(items: Items<T>): T[] {
  const out: T[] = [];
  while (items.size > 0) out.push(items.take());
  return out;
}

function filled<I extends Items<number>>(items: I, values: readonly number[]): I {
  for (const value of values) items.add(value);
  return items;
}

test("come out first in first out, last in first out, or lowest first", () => {
  const values = [3, 1, 4, 1, 5];
  assert.equal(drain(filled(new FirstItems<number>(), values)), [3, 1, 4, 1, 5]);
  assert.equal(drain(filled(new LastItems<number>(), values)), [5, 1, 4, 1, 3]);
  assert.equal(drain(filled(new LowestItems<number>(byNumber), values)), [1, 1, 3, 4, 5]);
});

test("that are put back come out next", () => {
  for (const items of [new FirstItems<number>(), new LastItems<number>(), new LowestItems<number>(byNumber)]) {
    filled(items, [1, 2, 3]);
    const next = items.take();
    items.putBack(next);
    assert.is(items.size, 3);
    assert.is(items.take(), next);
  }
  const fresh = new FirstItems<number>();
  fresh.putBack(7);
  fresh.putBack(6);
  assert.equal(drain(fresh), [6, 7]);
});

test("can be taken out, the last of equal ones", () => {
  for (const items of [new FirstItems<number>(), new LastItems<number>(), new LowestItems<number>(byNumber)]) {
    filled(items, [2, 9, 2, 5]);
    assert.not(items.remove(7));
    assert.ok(items.remove(9));
    assert.ok(items.remove(5));
    assert.ok(items.remove(2));
    assert.ok(items.remove(2));
    assert.not(items.remove(2));
    assert.is(items.size, 0);
  }
});

test("of a heap come out as sort would have it, equal ones in the order in which they came", () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 48271) % 0x7fffffff);
  const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key;
  for (let round = 0; round < 50; round++) {
    const all = Array.from({ length: random() % 60 }, (_, number) => ({ key: random() % 9, number }));
    const heap = new LowestItems<{ key: number; number: number }>(compare);
    for (const item of all) heap.add(item);
    const gone = all.filter(() => random() % 4 === 0);
    for (const item of gone) assert.ok(heap.remove(item));
    assert.equal(drain(heap), all.filter((item) => !gone.includes(item)).sort(compare));
  }
});

test("that were taken are not kept, however many there are", () => {
  const items = new FirstItems<number>();
  const out: number[] = [];
  for (let number = 0; number < 10_000; number++) {
    items.add(number);
    items.add(number + 0.5);
    out.push(items.take());
  }
  assert.is(items.size, 10_000);
  assert.equal(
    [...out, ...drain(items)],
    Array.from({ length: 20_000 }, (_, index) => index / 2),
  );
});

test.run();

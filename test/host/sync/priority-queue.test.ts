/** Queues in an order of their own. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Future, PriorityQueue, run } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { rejection } from "../loop/both-loops.js";

const test = leakChecked(suite("PriorityQueue"));

function order<T>(queue: PriorityQueue<T>, items: readonly T[]): T[] {
  for (const item of items) queue.putNowait(item);
  return items.map(() => queue.getNowait());
}

test("gives out the lowest first: numbers, strings, and arrays element by element", () => {
  assert.equal(order(new PriorityQueue<number>(), [3, -1, 20, 2]), [-1, 2, 3, 20]);
  assert.equal(order(new PriorityQueue<string>(), ["b", "c", "a"]), ["a", "b", "c"]);
  const pairs: [number, string][] = [
    [2, "code"],
    [1, "eat"],
    [10, "sleep"],
    [1, "drink"],
  ];
  assert.equal(order(new PriorityQueue<[number, string]>(), pairs), [
    [1, "drink"],
    [1, "eat"],
    [2, "code"],
    [10, "sleep"],
  ]);
});

test("gives out what a function says comes first, and equal ones in the order in which they were put", () => {
  const queue = new PriorityQueue<{ urgent: number; name: string }>(0, (a, b) => b.urgent - a.urgent);
  const items = [
    { urgent: 1, name: "a" },
    { urgent: 5, name: "b" },
    { urgent: 1, name: "c" },
    { urgent: 5, name: "d" },
  ];
  assert.is(
    order(queue, items)
      .map(({ name }) => name)
      .join(""),
    "bdac",
  );
});

test("has a size, and takes no more", () => {
  const queue = new PriorityQueue<number>(1);
  queue.putNowait(1);
  assert.is(thrownBy(() => queue.putNowait(2)).code, "ERR_QUEUE_FULL");
  assert.is(thrownBy(() => new PriorityQueue(0, "asc" as never)).code, "ERR_NOT_CALLABLE");
});

test("refuses what has no order, and keeps what it has", async () => {
  const queue = new PriorityQueue<unknown>();
  for (const good of [1, 2n, new Date(3)]) queue.putNowait(good);
  for (const bad of [{}, Object.create(null), undefined, null, Symbol("s"), () => {}]) {
    assert.is(thrownBy(() => queue.putNowait(bad)).code, "ERR_NOT_ORDERED");
    const pairs = new PriorityQueue<unknown>();
    pairs.putNowait([1, 1]);
    assert.is(thrownBy(() => pairs.putNowait([1, bad])).code, "ERR_NOT_ORDERED");
  }
  assert.is(queue.qsize(), 3);
});

test("an item that has no order fails whoever waits to put it, and nobody else", async () => {
  await run(async () => {
    const queue = new PriorityQueue<unknown>(2);
    for (const item of [1, 3]) queue.putNowait(item);
    const puts = [queue.put({}), queue.put(2)];
    assert.is(await queue.get(), 1);
    assert.is((await rejection(puts[0] as Future<void>)).code, "ERR_NOT_ORDERED");
    await puts[1];
    assert.equal([await queue.get(), await queue.get()], [2, 3]);
    for (let item = 0; item < 3; item++) queue.taskDone();
    assert.is(thrownBy(() => queue.taskDone()).code, "ERR_TASK_DONE_TOO_OFTEN");
  });
});

test.run();

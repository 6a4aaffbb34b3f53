/** Queues in an order of their own. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PriorityQueue } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";

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

test.run();

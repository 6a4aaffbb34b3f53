/**
 * Queues that give out the lowest item first.
 *
 * From: CPython 3.13, queues.py `PriorityQueue`. Differs: takes a function that compares, because tuples do not compare
 * in JavaScript as they do in Python; equal items come out in the order in which they were put; whoever waits gets what
 * is put next.
 */
import { describe, typeError } from "../errors.js";
import { type Compare, LowestItems } from "./items.js";
import { Queue } from "./queue.js";

/** A queue in the order of `compare`. */
export class PriorityQueue<T = unknown> extends Queue<T> {
  /**
   * @param compare answers less than 0 if the first of two items comes first, more if the second does; by default `<`
   *   decides, and arrays are compared element by element
   * @throws as `Queue`; TypeError `ERR_NOT_CALLABLE`
   */
  constructor(maxsize = 0, compare: Compare<T> = compareValues) {
    if (typeof compare !== "function")
      throw typeError("ERR_NOT_CALLABLE", `compare must be a function, not ${describe(compare)}`);
    super(maxsize, new LowestItems(compare));
  }
}

function compareValues(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compareValues(a[index], b[index]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (!isOrdered(a) || !isOrdered(b)) throw notOrdered(isOrdered(a) ? b : a);
  return a < b ? -1 : b < a ? 1 : 0;
}

/** Whether `<` says something about it: an object without a value of its own is neither before nor after any other. */
function isOrdered(item: unknown): item is number {
  const value = typeof item === "object" && item !== null ? Reflect.get(item, "valueOf")?.call(item) : item;
  return ["number", "bigint", "string", "boolean"].includes(typeof value);
}

function notOrdered(item: unknown): TypeError {
  const hint =
    "put numbers, strings, dates or arrays of them, or pass a function that compares: new PriorityQueue(0, (a, b) => …)";
  return typeError("ERR_NOT_ORDERED", `the items have no order, as one of them is ${describe(item)}: ${hint}`);
}

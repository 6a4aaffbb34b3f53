/** Queues that are stacks. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LifoQueue } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";

const test = leakChecked(suite("LifoQueue"));

test("gives out first what came last", () => {
  const queue = new LifoQueue<number>(3);
  for (const item of [1, 2, 3]) queue.putNowait(item);
  assert.is(thrownBy(() => queue.putNowait(4)).code, "ERR_QUEUE_FULL");
  assert.equal([queue.getNowait(), queue.getNowait(), queue.getNowait()], [3, 2, 1]);
});

test.run();

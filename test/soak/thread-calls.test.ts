/** No call of another thread is lost, and each thread's come in order. `thread-calls.ts` is the long form. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { leakChecked } from "../support/leaks.js";
import { callFromThreads, STATES } from "./thread-calls.js";

const test = leakChecked(suite("calls of many threads"));

const THREADS = 4;
const CALLS = 3000;

for (const state of STATES) {
  test(`come in order and are not lost: the loop is ${state}`, async () => {
    const { run, disorder, lost, ends } = await callFromThreads(state, THREADS, CALLS);
    assert.is(disorder, 0);
    assert.is(lost, 0);
    if (state === "closing")
      assert.ok(
        ends.every((end) => end === "" || end === "ERR_LOOP_CLOSED"),
        ends.join(),
      );
    else assert.equal([run, ends], [THREADS * CALLS, Array(THREADS).fill("")]);
  });
}

test.run();

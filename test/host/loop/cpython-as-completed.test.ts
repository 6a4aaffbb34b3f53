/**
 * The cases of CPython's own tests of `as_completed` that the tests of ours do not have.
 *
 * CPython 3.11, test_tasks.py.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asCompleted, ensureFuture, sleep, TimeoutError, wait } from "../../../host/index.js";
import { bothLoops, runOnce, within } from "./both-loops.js";

const test = bothLoops(suite("asCompleted, as CPython tests it"));

test("waits once for what it is given twice, and its futures can be waited for together", async (loop) => {
  const say = (word: string) =>
    (function* () {
      yield;
      return word;
    })();
  const results = await within(loop, function* () {
    const ham = say("ham");
    const nexts = [...asCompleted([ham, ham, say("spam")])];
    const { done } = yield* wait(nexts.map((next) => ensureFuture(next)));
    return [...done].map((next) => next.result());
  });
  assert.equal(results.sort(), ["ham", "spam"]);
});

test.onVirtual("has what came before the time was over, and sets no timer beyond its end", async (loop) => {
  const outcomes: string[] = [];
  await within(loop, function* () {
    const slow = sleep(15, "slow");
    for (const next of asCompleted([slow, sleep(10, "quick")], { timeout: 12 })) {
      try {
        outcomes.push(`${yield* next} at ${loop.time()}`);
      } catch (error) {
        assert.instance(error, TimeoutError);
        outcomes.push(`over at ${loop.time()}`);
      }
    }
    outcomes.push(`${yield* slow} at ${loop.time()}`);
    for (const next of asCompleted([sleep(1, "a")], { timeout: 1000 })) outcomes.push(yield* next);
  });
  assert.equal(outcomes, ["quick at 10", "over at 12", "slow at 15", "a"]);
  await runOnce(loop);
  assert.is(loop._scheduler.core.timerCount(), 0);
});

test.run();

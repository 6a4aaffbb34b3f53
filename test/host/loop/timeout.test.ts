/** Time limits: when they end a function, and whose cancellation was whose. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  currentTask,
  sleep,
  type Timeout,
  TimeoutError,
  timeout,
  timeoutAt,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runOnce, within } from "./both-loops.js";

const test = bothLoops(suite("timeout and timeoutAt"));

/** Sleeps, as each kind of coroutine does. */
const SLEEPERS = {
  generator: (seconds: number) =>
    function* (limit: Timeout) {
      yield* sleep(seconds);
      return limit;
    },
  "async function": (seconds: number) => async (limit: Timeout) => {
    await sleep(seconds);
    return limit;
  },
};

for (const [kind, sleeper] of Object.entries(SLEEPERS)) {
  test(`a ${kind} that ends in time ends as it does`, async (loop) => {
    for (const delay of [3600, null]) {
      const limit = await within(loop, () => timeout(delay, sleeper(0.0001)));
      assert.equal([limit.expired(), String(limit)], [false, "<Timeout [finished]>"]);
    }
    const error = new Error("mine");
    const failing =
      kind === "generator"
        ? function* () {
            yield;
            throw error;
          }
        : async () => {
            throw error;
          };
    assert.is(await rejection(within(loop, () => timeout(3600, failing as () => Promise<void>))), error);
  });

  test(`a ${kind} that takes too long is cancelled`, async (loop) => {
    for (const delay of [0.001, 0, -1]) {
      let limit: Timeout | null = null;
      const start = loop.time();
      const body = (given: Timeout) => {
        limit = given;
        return sleeper(3600)(given) as Promise<Timeout>;
      };
      assert.instance(await rejection(within(loop, () => timeout(delay, body))), TimeoutError);
      assert.ok(loop.time() - start >= delay);
      assert.ok((limit as Timeout | null)?.expired());
    }
    assert.instance(await rejection(within(loop, () => timeoutAt(loop.time() + 0.001, sleeper(3600)))), TimeoutError);
    assert.instance(await rejection(within(loop, () => timeoutAt(0, sleeper(3600)))), TimeoutError);
  });

  test(`a ${kind} that is cancelled by others is cancelled, in the same turn too`, async (loop) => {
    const task = loop.createTask(async () => await timeout(3600, sleeper(3600)));
    loop.callLater(0.0005, () => task.cancel("by others"));
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    const both = loop.createTask(async () => {
      const limit = timeout(3600, (given) => {
        loop.callLater(0.0005, () => {
          given.reschedule(loop.time());
          loop.callSoon(() => limit.cancel("by others"));
        });
        return sleeper(3600)(given) as Promise<Timeout>;
      });
      await limit;
    });
    assert.instance(await rejection(loop.runUntilComplete(both)), CancelledError);
  });

  test.onVirtual(`of two around a ${kind}, the one whose time is over fails`, async (loop) => {
    const outcomes = await within(loop, () =>
      timeout(3600, async () => {
        const inner = await rejection(timeout(0.001, sleeper(3600)));
        return [inner instanceof TimeoutError, currentTask()?.cancelling()];
      }),
    );
    assert.equal(outcomes, [true, 0]);
    let inner: Error | null = null;
    const outer = await rejection(
      within(loop, () =>
        timeout(0.001, async () => {
          inner = await rejection(timeout(3600, sleeper(3600)));
          throw inner;
        }),
      ),
    );
    assert.instance(outer, TimeoutError);
    assert.instance(inner, CancelledError);
  });
}

test("a function that goes on although its time is over ends as it does", async (loop) => {
  const result = await within(loop, () =>
    timeout(0.001, async (limit) => {
      try {
        await sleep(3600);
      } catch {
        return limit.expired();
      }
      return "slept";
    }),
  );
  assert.is(result, true);
});

test("the deadline can be told, moved and taken away", async (loop) => {
  await within(loop, () =>
    timeout(0.0005, async (limit) => {
      const now = loop.time();
      limit.reschedule(now + 3600);
      assert.is(limit.when(), now + 3600);
      await sleep(0.001);
      limit.reschedule(null);
      assert.is(limit.when(), null);
      await sleep(0.001);
      assert.not(limit.expired());
    }),
  );
  const body = async (limit: Timeout) => {
    limit.reschedule(loop.time());
    await sleep(3600);
  };
  assert.instance(await rejection(within(loop, () => timeout(null, body))), TimeoutError);
});

test("the error tells the limit, or the deadline if that was moved", async (loop) => {
  const message = async (start: () => Promise<unknown>): Promise<string> =>
    ((await rejection(within(loop, start))) as Error).message;
  assert.is(await message(() => timeout(0.001, SLEEPERS.generator(3600))), "it took longer than 0.001 seconds");
  const now = loop.time();
  const moved = async (limit: Timeout) => {
    limit.reschedule(now);
    await sleep(3600);
  };
  const over = `the time was over at ${now} s of the loop's clock`;
  assert.is(await message(() => timeout(3600, moved)), over);
  assert.is(await message(() => timeoutAt(now, SLEEPERS.generator(3600))), over);
});

test("the deadline cannot be moved when it is over, or the function is", async (loop) => {
  const limit = await within(loop, () => timeout(3600, SLEEPERS.generator(0)));
  assert.is(thrownBy(() => limit.reschedule(1)).code, "ERR_TIMEOUT_OVER");
});

test("one that is cancelled before it begins never runs, and leaves nothing", async (loop) => {
  const task = await loop.runUntilComplete(
    loop.createTask(async () => [timeout(3600, async () => assert.unreachable())]),
  );
  task[0]?.cancel();
  await runOnce(loop);
  await runOnce(loop);
  assert.ok(task[0]?.cancelled());
});

test("bad input is refused at the call", async (loop) => {
  assert.is(thrownBy(() => timeout(1, async () => {})).code, "ERR_NO_RUNNING_LOOP");
  await loop.runUntilComplete(
    loop.createTask(async () => {
      for (const call of [timeout, timeoutAt]) {
        assert.is(thrownBy(() => call("1" as never, async () => {})).code, "ERR_NOT_A_NUMBER");
        assert.is(thrownBy(() => call(Number.NaN, async () => {})).code, "ERR_BAD_TIME");
        assert.is(thrownBy(() => call(1, sleep(0) as never)).code, "ERR_NOT_CALLABLE");
      }
      await timeout(1, async (limit) => {
        assert.is(thrownBy(() => limit.reschedule("1" as never)).code, "ERR_NOT_A_NUMBER");
      });
    }),
  );
});

test.run();

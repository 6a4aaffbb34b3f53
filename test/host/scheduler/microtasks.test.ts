/** Letting promises go on: after every chain of them, and before anything that takes a turn of Node's loop. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { afterMicrotasks } from "../../../host/scheduler/microtasks.js";

test("the callback comes after promises, what they lead to, and ticks; before immediates", async () => {
  const trace: string[] = [];
  setImmediate(() => trace.push("immediate"));
  void (async () => {
    for (let index = 0; index < 50; index++) await null;
    trace.push("chain");
  })();
  process.nextTick(() => trace.push("tick"));
  await new Promise<void>((resolve) =>
    afterMicrotasks(() => {
      trace.push("after");
      resolve();
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(trace.slice(-2), ["after", "immediate"]);
  assert.equal(trace.slice(0, 2).sort(), ["chain", "tick"]);
});

test("callbacks that ask again do not keep promises waiting", async () => {
  const trace: string[] = [];
  await new Promise<void>((resolve) =>
    afterMicrotasks(() => {
      void Promise.resolve().then(() => trace.push("promise of the first"));
      afterMicrotasks(() => {
        trace.push("second");
        resolve();
      });
    }),
  );
  assert.equal(trace, ["promise of the first", "second"]);
});

test.run();

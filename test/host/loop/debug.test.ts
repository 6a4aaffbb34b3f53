/** Debug mode: what it checks, what it warns of, and what it says of where things were made. */
import { execFileSync } from "node:child_process";
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, partial, sleep } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { collectUntil } from "../futures/collect-garbage.js";
import { bothLoops, contextsOf, runOnce } from "./both-loops.js";
import { captureConsole, captureConsoleDuring } from "./capture-console.js";

const test = bothLoops(suite("debug mode"));

/** Keeps the thread busy until `seconds` have passed by the clock of the loop, and at least so long. */
function block(loop: EventLoop, seconds: number): void {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
  assert.type(loop.time(), "number");
}

test("is turned on and off", (loop) => {
  for (const enabled of [true, false]) {
    loop.setDebug(enabled);
    assert.is(loop.getDebug(), enabled);
  }
  assert.is(loop.slowCallbackDuration, 0.1);
});

test.onReal("is on from the start when the environment says so", () => {
  const index = new URL("../../../host/index.js", import.meta.url).href;
  const code = `import { newEventLoop } from ${JSON.stringify(index)}; const loop = newEventLoop(); console.log(loop.getDebug()); loop.close();`;
  const { PYTHONASYNCIODEBUG: _python, WASYNCIODEBUG: _own, ...env } = process.env;
  const debugWith = (more: Record<string, string>): string =>
    execFileSync(process.execPath, ["--input-type=module", "-e", code], { env: { ...env, ...more } })
      .toString()
      .trim();
  assert.is(debugWith({}), "false");
  assert.is(debugWith({ PYTHONASYNCIODEBUG: "" }), "false");
  assert.is(debugWith({ PYTHONASYNCIODEBUG: "1" }), "true");
  assert.is(debugWith({ WASYNCIODEBUG: "1" }), "true");
});

test.onReal("warns of callbacks and steps that take too long, and of no others", async (loop) => {
  loop.setDebug(true);
  loop.slowCallbackDuration = 0.005;
  function slow(_argument: string): void {
    block(loop, 0.006);
  }
  const warnings = await captureConsoleDuring("warn", async () => {
    loop.callSoon(() => {});
    loop.callSoon(slow, "why");
    loop.createTask(
      function* () {
        block(loop, 0.006);
        yield;
      },
      { name: "slow task" },
    );
    await runOnce(loop);
    await runOnce(loop);
  });
  assert.is(warnings.length, 2);
  assert.match(
    warnings[0] ?? "",
    /^Executing <Handle slow\('why'\) created at .*debug\.test\.[jt]s:\d+:\d+> took \d\.\d{3} seconds$/,
  );
  assert.match(warnings[1] ?? "", /^Executing <Task pending name=slow task.*> took \d\.\d{3} seconds$/);
});

test("shows what ran only when it warns of it", async (loop) => {
  loop.setDebug(true);
  let shown = 0;
  const argument = {
    [inspect.custom]: () => {
      shown++;
      return "argument";
    },
  };
  function callback(_argument: object): void {}
  const warnings = await captureConsoleDuring("warn", async () => {
    for (const duration of [Number.POSITIVE_INFINITY, Number.NaN]) {
      loop.slowCallbackDuration = duration;
      loop.callSoon(callback, argument);
      await runOnce(loop);
      assert.is(shown, 0);
    }
    loop.slowCallbackDuration = 0;
    const handle = loop.callSoon(callback, argument);
    await runOnce(loop);
    assert.not.match(String(handle), "callback");
  });
  assert.is(shown, 1);
  assert.is(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^Executing <Handle callback\(argument\) created at /);
});

test.onReal("warns of nothing while it is off", async (loop) => {
  loop.setDebug(false);
  loop.slowCallbackDuration = 0;
  const warnings = await captureConsoleDuring("warn", async () => {
    loop.callSoon(() => block(loop, 0.002));
    await runOnce(loop);
  });
  assert.equal(warnings, []);
});

test("refuses coroutine functions as callbacks", (loop) => {
  loop.setDebug(true);
  const coroutines = [function* () {}, async () => {}, async function* () {}, (function* () {})()];
  for (const coroutine of coroutines) {
    for (const call of [
      () => loop.callSoon(coroutine as never),
      () => loop.callSoonThreadsafe(coroutine as never),
      () => loop.callLater(1, coroutine as never),
      () => loop.callAt(1, coroutine as never),
      () => loop.addReader(0, coroutine as never),
      () => loop.addWriter(0, coroutine as never),
    ]) {
      const error = thrownBy(call);
      assert.instance(error, TypeError);
      assert.is(error.code, "ERR_COROUTINE_CALLBACK");
      assert.match(error.message, "coroutines cannot be used with ");
    }
  }
});

test("says where a handle was made, also once it was cancelled", (loop) => {
  loop.setDebug(true);
  function tick(): void {}
  const handle = loop.callSoon(tick);
  assert.match(String(handle), /^<Handle tick\(\) created at file:.*debug\.test\.[jt]s:\d+:\d+>$/);
  handle.cancel();
  assert.match(String(handle), /^<Handle cancelled tick\(\) created at .*>$/);
  const timer = loop.callLater(1, tick);
  assert.match(String(timer), /^<TimerHandle when=\d\S* tick\(\) created at .*>$/);
  timer.cancel();
  loop.setDebug(false);
  const plain = loop.callSoon(tick);
  assert.is(String(plain), "<Handle tick()>");
  plain.cancel();
  assert.is(String(plain), "<Handle cancelled>");
});

test("tells the exception handler where the callback came from", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(true);
  loop.callSoon(
    partial(
      (..._args: unknown[]) => {
        throw new Error("mine");
      },
      1,
      "two",
    ),
    3,
  );
  await runOnce(loop);
  assert.match(
    contexts[0]?.message ?? "",
    /^Exception in callback <Handle \(anonymous\)\(1, 'two', 3\) created at .*debug\.test/,
  );
});

test("says where futures and tasks were made", (loop) => {
  loop.setDebug(true);
  const future = loop.createFuture();
  assert.match(String(future), /^<Future pending created at file:.*debug\.test\.[jt]s:\d+:\d+>$/);
  loop.setDebug(false);
  assert.is(String(loop.createFuture()), "<Future pending>");
});

test("tells the exception handler where things were made, the innermost frame first", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(true);
  function makeIt(): void {
    loop.callSoon(() => {
      throw new Error("mine");
    });
  }
  makeIt();
  loop.callSoon(() => loop.callExceptionHandler({ message: "from a callback" }));
  const future = loop.createFuture();
  loop.callExceptionHandler({ message: "of a future", future });
  loop.callExceptionHandler({ message: "given", future, sourceTraceback: "mine" });
  loop.callExceptionHandler({ message: "of nothing" });
  await runOnce(loop);
  const [ofFuture, given, ofNothing, ofHandle, fromCallback] = contexts;
  assert.match(ofFuture?.sourceTraceback ?? "", /^ {4}at .*debug\.test\.[jt]s:\d+:\d+\)?(\n|$)/);
  assert.is(ofFuture?.handleTraceback, undefined);
  assert.is(given?.sourceTraceback, "mine");
  assert.equal(ofNothing, { message: "of nothing" });
  assert.match(ofHandle?.sourceTraceback ?? "", /^ {4}at makeIt \(.*debug\.test/);
  assert.is(fromCallback?.sourceTraceback, undefined);
  assert.match(fromCallback?.handleTraceback ?? "", /^ {4}at .*debug\.test/);
});

test("tells nobody of it while it is off", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(true);
  const future = loop.createFuture();
  loop.setDebug(false);
  loop.callExceptionHandler({ message: "of a future", future });
  assert.equal(Object.keys(contexts[0] ?? {}), ["message", "future"]);
});

test("writes both stacks to stderr", (loop) => {
  const [text] = captureConsole("error", () => {
    loop.defaultExceptionHandler({ message: "m", sourceTraceback: "    at one", handleTraceback: "    at two" });
  });
  assert.is(text, "m\nHandle created at:\n    at two\nObject created at:\n    at one");
});

test("tells what a future was whose exception nobody looked at, and where it was made", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(true);
  const lose = (): void => loop.createFuture().setException(new Error("unseen"));
  lose();
  await collectUntil(() => contexts.length > 0, "the exception is reported");
  assert.is(contexts[0]?.message, "Future exception was never retrieved");
  assert.match(String(contexts[0]?.future), /^<Future finished exception=Error: unseen created at .*debug\.test/);
  assert.match(contexts[0]?.sourceTraceback ?? "", /^ {4}at lose \(.*debug\.test/);
});

test("changes nothing about what runs when", async (loop) => {
  loop.setDebug(true);
  const trace: string[] = [];
  loop.callLater(0, () => trace.push("timer"));
  loop.callSoon(() => trace.push("call"));
  const task = loop.createTask(async () => {
    trace.push("task");
    await sleep(0);
    trace.push("task again");
  });
  await loop.runUntilComplete(task);
  assert.equal(trace, ["call", "task", "timer", "task again"]);
});

test.run();

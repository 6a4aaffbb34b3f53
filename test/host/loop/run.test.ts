/** `run`: a program on a loop of its own, and what it leaves behind, which is nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  allTasks,
  CancelledError,
  type Coroutine,
  currentTask,
  type EventLoop,
  getEventLoop,
  getRunningLoop,
  newEventLoop,
  run,
  SystemExit,
  setEventLoop,
  sleep,
} from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { rejection } from "./both-loops.js";
import { captureConsoleDuring } from "./capture-console.js";

const test = leakChecked(suite("run"));

test("gives back what the program comes to, whatever kind of program it is", async () => {
  function* coroutine(): Coroutine<string> {
    yield* sleep(0.0005);
    return "generator";
  }
  assert.is(await run(coroutine), "generator");
  assert.is(await run(coroutine()), "generator");
  assert.is(await run(async () => "async"), "async");
  assert.is(await run(Promise.resolve("promise")), "promise");
  assert.is(await run(() => sleep(0.0005, "future")), "future");
});

test("fails as the program does", async () => {
  const error = new Error("mine");
  assert.is(
    await rejection(
      run(async () => {
        throw error;
      }),
    ),
    error,
  );
  const exit = new SystemExit("enough");
  assert.is(
    await rejection(
      run(function* () {
        yield;
        throw exit;
      }),
    ),
    exit,
  );
});

test("calls the program on the running loop, which is closed afterwards", async () => {
  const before = newEventLoop();
  setEventLoop(before);
  const loop = await run(async () => {
    assert.is(getRunningLoop(), getEventLoop());
    assert.is.not(getRunningLoop(), before);
    assert.ok(currentTask());
    return getRunningLoop();
  });
  assert.ok(loop.isClosed());
  assert.is(getEventLoop(), before);
  setEventLoop(null);
  before.close();
});

test("cancels the tasks that are left, and waits for them", async () => {
  const trace: string[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    loop.createTask(function* () {
      try {
        yield* sleep(3600);
      } finally {
        yield* sleep(0.001);
        trace.push("generator cleaned up");
      }
    });
    loop.createTask(async () => {
      try {
        await sleep(3600);
      } catch (error) {
        trace.push((error as Error).name);
      }
      await sleep(0.002);
      trace.push("async function went on");
    });
    loop.createTask(async () => trace.push("never begun"));
    await sleep(0);
  });
  assert.equal(trace, ["never begun", "CancelledError", "generator cleaned up", "async function went on"]);
});

test("cancels what is left also when the program fails", async () => {
  let cleaned = false;
  await rejection(
    run(async () => {
      getRunningLoop().createTask(async () => {
        try {
          await sleep(3600);
        } finally {
          cleaned = true;
        }
      });
      await sleep(0);
      throw new Error("mine");
    }),
  );
  assert.ok(cleaned);
});

test("reports what goes wrong in the tasks that it cancels", async () => {
  for (const [thrown, told] of [
    [new Error("while cleaning up"), /\n[\s\S]*while cleaning up/],
    [null, /\n[\s\S]*\nnull$/],
  ] as const) {
    const written = await captureConsoleDuring("error", async () => {
      await run(async () => {
        getRunningLoop().createTask(async () => {
          try {
            await sleep(3600);
          } finally {
            // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
            throw thrown;
          }
        });
        await sleep(0);
      });
    });
    assert.is(written.length, 1);
    assert.match(written[0] ?? "", "unhandled exception during run() shutdown\n");
    assert.match(written[0] ?? "", told);
  }
});

test("is cancelled by its signal", async () => {
  for (const body of [async () => sleep(3600), () => sleep(3600)]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort("by the test"), 2);
    const error = await rejection(run(body, { signal: controller.signal }));
    assert.instance(error, CancelledError);
    assert.is(error.message, "by the test");
  }
  let ran = false;
  const error = await rejection(
    run(
      async () => {
        ran = true;
      },
      { signal: AbortSignal.abort() },
    ),
  );
  assert.instance(error, CancelledError);
  assert.not.ok(ran);
});

test("lets the program swallow its signal", async () => {
  const controller = new AbortController();
  const result = await run(
    async () => {
      setTimeout(() => controller.abort(), 1);
      try {
        await sleep(3600);
      } catch {
        return "swallowed";
      }
      return "slept";
    },
    { signal: controller.signal },
  );
  assert.is(result, "swallowed");
});

test("takes its hands off the signal afterwards", async () => {
  const controller = new AbortController();
  await run(async () => {}, { signal: controller.signal });
  controller.abort();
});

test("turns debug mode on or off", async () => {
  assert.is(await run(async () => getRunningLoop().getDebug(), { debug: true }), true);
  assert.is(await run(async () => getRunningLoop().getDebug(), { debug: false }), false);
});

test("refuses what is no program", async () => {
  for (const junk of [undefined, null, 1, "x", {}]) {
    const error = await rejection(run(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_AWAITABLE");
  }
  assert.is((await rejection(run(() => 1 as never))).code, "ERR_NOT_A_COROUTINE");
  for (const junk of [null, 1, {}]) {
    const error = await rejection(run(async () => {}, { signal: junk as never }));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_SIGNAL");
  }
});

test("does not run within a loop that runs", async () => {
  let inner: (Error & { code?: string }) | undefined;
  await run(async () => {
    inner = await rejection(run(async () => {}));
  });
  assert.is(inner?.code, "ERR_ANOTHER_LOOP_RUNNING");
});

test("says so when the program stops the loop", async () => {
  const error = await rejection(
    run(async () => {
      getRunningLoop().stop();
      await sleep(3600);
    }),
  );
  assert.is(error.code, "ERR_LOOP_STOPPED");
});

test("many runs one after another leave nothing behind", async () => {
  let loop: EventLoop | undefined;
  for (let round = 0; round < 30; round++) {
    await run(async () => {
      assert.is.not(getRunningLoop(), loop);
      loop = getRunningLoop();
      assert.is(allTasks().size, 1);
      await sleep(0);
    });
  }
});

test("a task that goes on in the turn in which the program ends is cancelled like the others", async () => {
  const seen: string[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    const [first, second] = [loop.createFuture<void>(), loop.createFuture<void>()];
    loop.createTask(async () => {
      try {
        await second;
        await sleep(3600);
      } catch (error) {
        seen.push((error as Error).name);
      }
    });
    loop.callLater(0.001, () => {
      first.setResult();
      loop.callSoon(() => second.setResult());
    });
    await first;
  });
  assert.equal(seen, ["CancelledError"]);
});

test.run();

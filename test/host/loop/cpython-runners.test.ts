/**
 * `run` and `Runner`, held against the checks of CPython's own: Lib/test/test_asyncio/test_runners.py of 3.11, and what varies them.
 *
 * Does not own: what run.test.ts, runner.test.ts and signals.test.ts say already.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  createTask,
  currentTask,
  type EventLoop,
  type Future,
  getRunningLoop,
  KeyboardInterrupt,
  newEventLoop,
  Runner,
  run,
  SystemExit,
  sleep,
  type Task,
  type TaskBody,
} from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { rejection } from "./both-loops.js";

const test = leakChecked(suite("run and Runner, as CPython tests them"));

/** As if Node had just been told of Ctrl-C. */
function interrupt(): void {
  process.emit("SIGINT", "SIGINT");
}

test("SIGINT ends a program that never waits for long", async () => {
  const seen: string[] = [];
  const program = async () => {
    interrupt();
    try {
      for (;;) await sleep(0);
    } catch (error) {
      seen.push((error as Error).name);
      throw error;
    }
  };
  assert.instance(await rejection(run(program)), KeyboardInterrupt);
  assert.equal(seen, ["CancelledError"]);
});

test("SIGINT cancels the future that the program waits for", async () => {
  await using runner = new Runner();
  const future = runner.getLoop().createFuture();
  const program = function* () {
    interrupt();
    yield* future;
  };
  assert.instance(await rejection(runner.run(program)), KeyboardInterrupt);
  assert.ok(future.cancelled());
});

test("SIGINT that the program has swallowed is told all the same when it ends cancelled", async () => {
  for (const takenBack of [false, true]) {
    const program = function* () {
      interrupt();
      try {
        yield* sleep(3600);
      } catch {
        if (takenBack) currentTask()?.uncancel();
      }
      throw new CancelledError();
    };
    assert.instance(await rejection(run(program)), KeyboardInterrupt);
  }
});

test("SIGINT is not told when the program ends with an error of its own, or well", async () => {
  const fails = async () => {
    interrupt();
    await sleep(3600).catch(() => {
      throw new RangeError("mine");
    });
  };
  assert.instance(await rejection(run(fails)), RangeError);
  const ends = async () => {
    interrupt();
    return await sleep(3600).catch(() => "well");
  };
  assert.is(await run(ends), "well");
});

for (const order of ["before", "after"]) {
  test(`a program that others have cancelled ${order} SIGINT is cancelled, and not interrupted`, async () => {
    const program = function* (): Coroutine<void> {
      const main = currentTask() as Task<unknown>;
      const cancelled = getRunningLoop().createFuture<void>();
      createTask(function* (): Coroutine<void> {
        if (order === "before") main.cancel("by others");
        interrupt();
        if (order === "after") yield* cancelled;
        if (order === "after") main.cancel("by others");
      });
      try {
        yield* sleep(3600);
      } finally {
        cancelled.setResult();
        // The signal comes within an iteration.
        for (let n = order === "before" ? 3 : Number.POSITIVE_INFINITY; n > 0; n--) yield* sleep(0);
      }
    };
    assert.instance(await rejection(run(program)), CancelledError);
  });
}

test("a program whose task cannot tell who cancelled it is cancelled by SIGINT", async () => {
  const loopFactory = () => {
    const loop = newEventLoop();
    loop.setTaskFactory(<T>(own: EventLoop, body: TaskBody<T>): Future<T> => {
      own.callSoon(() => void (body as () => unknown)());
      return own.createFuture<T>();
    });
    return loop;
  };
  const loop = loopFactory();
  const runner = new Runner({ loopFactory: () => loop });
  assert.instance(await rejection(runner.run(async () => interrupt())), CancelledError);
  loop.setTaskFactory(null);
  await runner.close();
});

test("SIGINT that comes when the program has ended, and is not yet over, ends the process", async () => {
  const index = new URL("../../../host/index.js", import.meta.url).href;
  const code = `
    import { run } from ${JSON.stringify(index)};
    await run(function* () { process.emit("SIGINT", "SIGINT"); });
    console.log("went on");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  const [, signal] = await once(child, "close");
  assert.equal([printed, signal], ["", "SIGINT"]);
});

test("whatever its signal is aborted with, and whatever a task is cancelled with, ends the program", async () => {
  for (const reason of [Symbol("mine"), Object.create(null), 5, new Error("mine")]) {
    const aborted = new AbortController();
    const waits = () => {
      setImmediate(() => aborted.abort(reason));
      return sleep(3600);
    };
    assert.instance(await rejection(run(waits, { signal: aborted.signal })), CancelledError);
    for (const body of [async () => await sleep(3600), () => sleep(3600)]) {
      const program = async () => {
        const task = createTask(body);
        await sleep(0);
        task.cancel(reason);
        await task;
      };
      assert.instance(await rejection(run(program)), CancelledError);
    }
  }
});

test("generators that a task iterates are closed although the task fails when it is cancelled", async () => {
  const trace: string[] = [];
  async function* fidget() {
    try {
      for (;;) {
        yield 1;
        await sleep(1);
      }
    } finally {
      trace.push("closed");
    }
  }
  let lazy: Task<void> | undefined;
  const program = async () => {
    const loop = getRunningLoop();
    loop.setExceptionHandler((_loop, { exception }) => trace.push(String(exception)));
    lazy = loop.createTask(async () => {
      try {
        for await (const _one of loop.trackAsyncgen(fidget()));
      } catch {
        throw new RangeError("while cleaning up");
      }
    });
    await sleep(0);
    throw new TypeError("fancy exit");
  };
  assert.instance(await rejection(run(program)), TypeError);
  assert.ok(lazy?.done());
  assert.equal(trace.sort(), ["RangeError: while cleaning up", "closed"]);
});

test("a task that ends the process while it is cancelled closes the loop all the same", async () => {
  let loop = newEventLoop();
  loop.close();
  const program = function* (): Coroutine<string> {
    loop = getRunningLoop();
    loop.setExceptionHandler(() => {});
    createTask(function* (): Coroutine<void> {
      try {
        yield* sleep(3600);
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw new SystemExit("enough");
      }
    });
    yield* sleep(0);
    return "result";
  };
  assert.instance(await rejection(run(program)), SystemExit);
  assert.ok(loop.isClosed());
  assert.is(await run(async () => "next"), "next");
});

test("a factory that fails, or gives a loop that is closed, fails the run and leaves nothing set", async () => {
  const failing = new Runner({
    loopFactory: () => {
      throw new RangeError("mine");
    },
  });
  assert.instance(await rejection(failing.run(async () => {})), RangeError);
  await failing.close();
  const closed = () => {
    const loop = newEventLoop();
    loop.close();
    return loop;
  };
  assert.is((await rejection(run(async () => {}, { loopFactory: closed }))).code, "ERR_LOOP_CLOSED");
  assert.is(process.listenerCount("SIGINT"), 0);
  assert.is(await run(async () => "next"), "next");
});

test.run();

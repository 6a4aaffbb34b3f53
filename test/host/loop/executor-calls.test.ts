/** `runInExecutor` and its like: futures of work elsewhere, the default executor, and what a loop does with it at its end. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  EventLoop,
  type Executor,
  type Future,
  gather,
  ProcessPoolExecutor,
  run,
  SystemExit,
  ThreadPoolExecutor,
  TimeoutError,
  toThread,
  waitFor,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { EchoExecutor } from "../executors/echo-executor.js";
import { bothLoops, contextsOf, rejection, runOnce } from "./both-loops.js";
import { captureConsoleDuring } from "./capture-console.js";

const test = bothLoops(suite("executors of a loop"));
const plain = leakChecked(suite("executors of a run"));

test("runInExecutor runs a function in a thread, for both kinds of coroutine", async (loop) => {
  function* generator(): Coroutine<number> {
    return yield* loop.runInExecutor(null, (a: number, b: number) => a * b, 6, 7);
  }
  assert.is(await loop.runUntilComplete(generator()), 42);
  const task = loop.createTask(async () => await loop.runInExecutor(null, async () => "async"));
  assert.is(await loop.runUntilComplete(task), "async");
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
});

test("the executor that is given is the one that is used", async (loop) => {
  const executor = new ProcessPoolExecutor({ maxWorkers: 1 });
  const pid = await loop.runUntilComplete(loop.runInExecutor(executor, () => process.pid));
  assert.is.not(pid, process.pid);
  await executor.shutdown();
});

test("what the function throws is the future's exception", async (loop) => {
  const future = loop.runInExecutor(null, () => {
    throw new RangeError("there");
  });
  assert.instance(await rejection(loop.runUntilComplete(future)), RangeError);
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
});

test("any executor may be the default, and the loop shuts it down when it is closed", async (loop) => {
  const executor = new EchoExecutor();
  loop.setDefaultExecutor(executor);
  const good = loop.runInExecutor(null, (value: number) => value + 1, 1);
  const bad = loop.runInExecutor(null, () => {
    throw "no error";
  });
  executor.work();
  assert.is(await loop.runUntilComplete(good), 2);
  assert.match((await rejection(loop.runUntilComplete(bad))).message, "no error");
  loop.close();
  assert.equal(executor.shutdowns, [{ wait: false }]);
});

test("an executor's shutdown may return nothing", async (loop) => {
  const executor = new EchoExecutor();
  executor.shutdown = () => {};
  loop.setDefaultExecutor(executor);
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
  loop.close();
  assert.ok(loop.isClosed());
});

test("what an executor's shutdown throws fails the future, and goes to the exception handler on close", async (loop) => {
  for (const shutdown of [
    () => {
      throw new RangeError("mine");
    },
    async () => {
      throw new RangeError("mine");
    },
  ]) {
    const executor = new EchoExecutor();
    executor.shutdown = shutdown;
    loop.setDefaultExecutor(executor);
    assert.instance(await rejection(loop.runUntilComplete(loop.shutdownDefaultExecutor())), RangeError);
  }
  const contexts = contextsOf(loop);
  loop.close();
  while (contexts.length === 0) await Promise.resolve();
  assert.equal(
    contexts.map(({ message, exception }) => [message, String(exception)]),
    [["Exception in the shutdown of the default executor", "RangeError: mine"]],
  );
});

test("an executor that throws keeps no loop from being closed, even if the handler throws too", (loop) => {
  const executor = new EchoExecutor();
  executor.shutdown = () => {
    throw new RangeError("mine");
  };
  loop.setDefaultExecutor(executor);
  let abandoned = 0;
  loop._unfinished.add({ _abandon: () => abandoned++ });
  loop.setExceptionHandler(() => {
    throw new SystemExit("enough");
  });
  assert.instance(
    thrownBy(() => loop.close()),
    SystemExit,
  );
  assert.is(abandoned, 1);
  assert.is(loop._unfinished.size, 0);
});

test("cancelling takes back what has not begun, and the rest is dropped", async (loop) => {
  const executor = new EchoExecutor();
  const future = loop.runInExecutor(executor, (name: string) => name, "mine");
  assert.ok(future.cancel());
  assert.equal(executor.cancelled, ["mine"]);
  assert.not.ok(future.cancel());
  executor.work();
  assert.instance(await rejection(loop.runUntilComplete(future)), CancelledError);
});

test("cancelling a task that waits for work cancels the work", async (loop) => {
  const executor = new EchoExecutor();
  const task = loop.createTask(function* (): Coroutine<void> {
    yield* loop.runInExecutor(executor, (_name: string) => {}, "waited for");
  });
  await runOnce(loop);
  task.cancel();
  assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
  assert.equal(executor.cancelled, ["waited for"]);
  executor.work();
});

test("an executor that throws when work is cancelled is reported, and the cancellation goes on", async (loop) => {
  const contexts = contextsOf(loop);
  const executor = new EchoExecutor();
  const cancel = () => {
    throw new RangeError("mine");
  };
  executor.submit = () => Object.assign(new Promise<never>(() => {}), { cancel });
  const late = loop.createTask(() =>
    waitFor(
      loop.runInExecutor(executor, () => {}),
      0.001,
    ),
  );
  assert.instance(await rejection(loop.runUntilComplete(late)), TimeoutError);
  const several = [loop.runInExecutor(executor, () => {}), loop.createFuture()];
  const gathered = gather(several);
  assert.ok(gathered.cancel());
  assert.instance(await rejection(loop.runUntilComplete(gathered)), CancelledError);
  assert.ok(several.every((future) => future.cancelled()));
  assert.equal(
    contexts.map(({ message, exception }) => [message, String(exception)]),
    Array(2).fill(["Exception in cancelling an executor's work", "RangeError: mine"]),
  );
});

test("what comes after the loop was closed is dropped", async (loop) => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = loop.runInExecutor(executor, () => 1);
  const failing = loop.runInExecutor(executor, () => {
    throw new Error("nobody hears of it");
  });
  loop.close();
  await executor.shutdown();
  assert.not.ok(future.done());
  assert.not.ok(failing.done());
});

test("a loop that is closed ends the default executor after its work, without waiting", async (loop) => {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  void loop.runInExecutor(
    null,
    (cell: Int32Array) => {
      Atomics.store(cell, 0, 1);
    },
    shared,
  );
  loop.close();
  while (Atomics.load(shared, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
});

test("after shutdownDefaultExecutor only the default executor is gone", async (loop) => {
  const work = loop.runInExecutor(null, () => 1);
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
  assert.is(work.result(), 1);
  assert.is(thrownBy(() => loop.runInExecutor(null, () => 1)).code, "ERR_EXECUTOR_SHUTDOWN");
  const executor = new EchoExecutor();
  const other = loop.runInExecutor(executor, () => 2);
  executor.work();
  assert.is(await loop.runUntilComplete(other), 2);
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
});

test("shutdownDefaultExecutor gives up after its timeout, with a warning", async (loop) => {
  const executor = new EchoExecutor();
  executor.shutdown = () => new Promise<void>(() => {});
  loop.setDefaultExecutor(executor);
  const written = await captureConsoleDuring("warn", () =>
    loop.runUntilComplete(loop.shutdownDefaultExecutor({ timeout: 0.001 })),
  );
  assert.match(written.join("\n"), "did not finish its work within 0.001 seconds");
});

test("an executor that replaces the loop's own one ends it", async (loop) => {
  assert.is(await loop.runUntilComplete(loop.runInExecutor(null, () => 1)), 1);
  loop.setDefaultExecutor(new EchoExecutor());
});

test("bad input is refused at the call", async (loop) => {
  for (const executor of [undefined, 1, {}, { submit() {} }]) {
    assert.is(thrownBy(() => loop.runInExecutor(executor as never, () => {})).code, "ERR_NOT_AN_EXECUTOR");
    assert.is(thrownBy(() => loop.setDefaultExecutor(executor as never)).code, "ERR_NOT_AN_EXECUTOR");
  }
  assert.match(thrownBy(() => loop.runInExecutor((() => 1) as never, () => {})).message, "null for the default one");
  assert.is(thrownBy(() => loop.setDefaultExecutor(null as never)).code, "ERR_NOT_AN_EXECUTOR");
  assert.is(thrownBy(() => loop.runInExecutor(null, 1 as never)).code, "ERR_NOT_CALLABLE");
  assert.is(thrownBy(() => loop.shutdownDefaultExecutor({ timeout: Number.NaN })).code, "ERR_BAD_TIME");
  assert.is(thrownBy(() => loop.shutdownDefaultExecutor({ timeout: "1" as never })).code, "ERR_NOT_A_NUMBER");
  assert.is(thrownBy(() => loop.shutdownDefaultExecutor({ time: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  await loop.runUntilComplete(loop.shutdownDefaultExecutor());
  loop.close();
  assert.is(thrownBy(() => loop.runInExecutor(null, () => {})).code, "ERR_LOOP_CLOSED");
});

test("a loop that blocks its thread refuses work, which could not end", (loop) => {
  function* body(): Coroutine<void> {
    yield* loop.runInExecutor(null, () => {});
  }
  assert.is(thrownBy(() => loop.runUntilCompleteSync(body())).code, "ERR_BLOCKING_RUN");
});

plain("a run waits five minutes for the work of the default executor, then warns and closes the loop", async () => {
  const asked: unknown[] = [];
  class Impatient extends EventLoop {
    override shutdownDefaultExecutor(options?: { timeout?: number }): Future<void> {
      asked.push(options);
      return super.shutdownDefaultExecutor({ timeout: 0 });
    }
  }
  const loop = new Impatient();
  const main = async (): Promise<void> => loop.setDefaultExecutor(endsAfter(new Promise(() => {})));
  const written = await captureConsoleDuring("warn", () => run(main, { loopFactory: () => loop }));
  assert.match(written.join("\n"), "did not finish its work within 0 seconds");
  assert.equal([asked, loop.isClosed()], [[{ timeout: 300 }], true]);
});

plain("a run on a clock that jumps waits until the work is done", async () => {
  const loop = new VirtualEventLoop();
  const main = async (): Promise<void> => loop.setDefaultExecutor(endsAfter(new Promise(setImmediate)));
  const written = await captureConsoleDuring("warn", () => run(main, { loopFactory: () => loop }));
  assert.equal([written, loop.time(), loop.isClosed()], [[], 0, true]);
});

test.run();

plain("toThread runs in a thread, and run waits for what is left there", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const answer = await run(async () => {
    void toThread((cell: Int32Array) => {
      Atomics.add(cell, 0, 1);
    }, shared);
    return await toThread((a: number) => a + 1, 1);
  });
  assert.is(answer, 2);
  assert.is(Atomics.load(shared, 0), 1);
});

plain.run();

function endsAfter(end: Promise<void>): Executor {
  return Object.assign(new EchoExecutor(), {
    shutdown: ({ wait }: { wait?: boolean } = {}) => (wait === false ? undefined : end),
  });
}

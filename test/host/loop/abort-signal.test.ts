/** Signals that cancel tasks. */
import { getEventListeners } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  createTask,
  type Future,
  gather,
  sleep,
  Task,
  type TaskOptions,
  taskGroup,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "./both-loops.js";

const test = bothLoops(suite("abort signals"));

function* wait(): Coroutine<void> {
  yield* sleep(3600);
}

const bodies = { "a generator": () => wait(), "an async function": () => async () => await sleep(3600) };

for (const [kind, make] of Object.entries(bodies)) {
  test(`cancel ${kind} that waits, with their reason as the message`, async (loop) => {
    const controller = new AbortController();
    const task = loop.createTask(make(), { signal: controller.signal, name: "mine" });
    loop.callLater(0.01, () => controller.abort("enough"));
    const error = await loop.runUntilComplete(rejection(task));
    assert.instance(error, CancelledError);
    assert.is(error.message, "enough");
    assert.ok(task.cancelled());
    assert.is(task.getName(), "mine");
  });
}

test("that are aborted already let no task begin", async (loop) => {
  let begun = false;
  const begin = async (): Promise<void> => {
    begun = true;
  };
  const task = loop.createTask(begin, { signal: AbortSignal.abort() });
  assert.instance(await loop.runUntilComplete(rejection(task)), CancelledError);
  assert.not(begun);
});

test("pass over the tasks of a loop that was closed", async (loop) => {
  const controller = new AbortController();
  const { signal } = controller;
  const closed = new VirtualEventLoop();
  closed.setExceptionHandler(() => {});
  closed.createTask(wait(), { signal });
  closed.close();
  const task = loop.createTask(wait(), { signal });
  controller.abort();
  assert.instance(await loop.runUntilComplete(rejection(task)), CancelledError);
});

test("without a reason leave the message empty", async (loop) => {
  const task = loop.createTask(wait(), { signal: AbortSignal.abort(null) });
  assert.is((await loop.runUntilComplete(rejection(task))).message, "");
});

test("reach a task that starts at once while it waits", async (loop) => {
  const steps: string[] = [];
  function* body(): Coroutine<void> {
    steps.push("begun");
    yield* wait();
  }
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const task = createTask(body(), { eagerStart: true, signal: AbortSignal.abort() });
      assert.instance(await rejection(task), CancelledError);
    }),
  );
  assert.equal(steps, ["begun"]);
});

test("cancel once, and the task may go on", async (loop) => {
  const controller = new AbortController();
  function* stubborn(): Coroutine<string> {
    try {
      yield* wait();
    } catch {
      controller.abort();
    }
    yield* sleep(0.01);
    return "done";
  }
  const task = loop.createTask(stubborn(), { signal: controller.signal });
  loop.callLater(0.01, () => controller.abort());
  assert.is(await loop.runUntilComplete(task), "done");
  assert.is(task.cancelling(), 1);
});

test("are listened to once for all of their tasks, and not when these have ended", async (loop) => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = (): number => getEventListeners(signal, "abort").length;
  for (let round = 0; round < 2; round++) {
    const tasks = Array.from({ length: 100 }, (_, index) => loop.createTask(() => sleep(0.001, index), { signal }));
    assert.is(listeners(), 1);
    await loop.runUntilComplete(loop.createTask(async () => await gather(tasks)));
    assert.is(listeners(), 0);
    assert.not(tasks.some((task) => task.cancelled()));
  }
  const tasks = Array.from({ length: 100 }, () => loop.createTask(wait(), { signal }));
  loop.callLater(0.01, () => controller.abort());
  await loop.runUntilComplete(loop.createTask(async () => await gather(tasks, { returnExceptions: true })));
  assert.ok(tasks.every((task) => task.cancelled()));
  assert.is(listeners(), 0);
});

test("concern what a task factory makes, and not the factory", async (loop) => {
  const seen: TaskOptions[] = [];
  loop.setTaskFactory(<T>(own: typeof loop, _body: unknown, options: TaskOptions): Future<T> => {
    seen.push(options);
    return own.createFuture<T>();
  });
  const controller = new AbortController();
  const future: Future = loop.createTask(wait(), { signal: controller.signal });
  controller.abort();
  assert.ok(future.cancelled());
  assert.equal(seen, [{}]);
});

test("cancel one task of a group, and not the others", async (loop) => {
  const controller = new AbortController();
  const group = async () =>
    await taskGroup(async (tasks) => {
      const first = tasks.createTask(wait(), { signal: controller.signal });
      const second = tasks.createTask(() => sleep(0.02, "second"));
      await sleep(0.01);
      controller.abort();
      return [await rejection(first), await second];
    });
  const [first, second] = await loop.runUntilComplete(loop.createTask(group));
  assert.instance(first, CancelledError);
  assert.is(second, "second");
});

test("must be AbortSignals, and go to createTask", (loop) => {
  for (const signal of [null, 1, "SIGINT", {}]) {
    const error = thrownBy(() => loop.createTask(wait(), { signal: signal as never }));
    assert.is(error.code, "ERR_NOT_A_SIGNAL");
  }
  const options = { signal: AbortSignal.abort() };
  const refused = thrownBy(() => new Task(loop, wait(), options as never));
  assert.is(refused.code, "ERR_UNKNOWN_OPTION");
  assert.match(refused.message, /^new Task\(\) has no option "signal"/);
});

test.run();

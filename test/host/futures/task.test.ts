/** Tasks: how a coroutine is stepped, and what it comes to. Each test takes generators and async functions. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  allTasks,
  type Coroutine,
  currentTask,
  type Future,
  gather,
  RuntimeError,
  sleep,
  Task,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, countIterations, rejection, runFor, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("tasks"));

test("take their first step in the next iteration, and not before", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => trace.push("before"));
  const generator = loop.createTask(function* () {
    trace.push("generator");
    yield;
  });
  const asyncFunction = loop.createTask(async () => {
    trace.push("async");
  });
  loop.callSoon(() => trace.push("after"));
  assert.equal(trace, []);
  assert.not.ok(generator.done() || asyncFunction.done());
  await runOnce(loop);
  assert.equal(trace, ["before", "generator", "async", "after"]);
  await runOnce(loop);
  assert.ok(generator.done() && asyncFunction.done());
});

test("come to what their coroutine returns, or throws", async (loop) => {
  const error = new Error("mine");
  const bodies: [() => Coroutine<string> | Promise<string>, () => Coroutine<never> | Promise<never>][] = [
    [
      function* () {
        yield;
        return "value";
      },
      function* () {
        yield;
        throw error;
      },
    ],
    [
      async () => "value",
      async () => {
        throw error;
      },
    ],
  ];
  for (const [returning, throwing] of bodies) {
    const task = loop.createTask(returning);
    assert.instance(task, Task);
    assert.is(await loop.runUntilComplete(task), "value");
    const failed = loop.createTask(throwing);
    assert.is(await rejection(loop.runUntilComplete(failed)), error);
    assert.is(failed.exception(), error);
    assert.is(failed.cancelled(), false);
  }
});

test("take generators, generator functions, async functions, and functions that return a future", async (loop) => {
  function* body(): Coroutine<number> {
    yield;
    return 1;
  }
  const future = loop.createFuture<number>();
  loop.callLater(0.0005, () => future.setResult(4));
  const tasks = [
    loop.createTask(body()),
    loop.createTask(body),
    loop.createTask(async () => 2),
    loop.createTask(() => Promise.resolve(3)),
    loop.createTask(() => future),
    // biome-ignore lint/suspicious/noThenProperty: a thenable that answers at once
    loop.createTask(() => ({ then: (resolve: (value: number) => void) => resolve(5) }) as PromiseLike<number>),
  ];
  const results = [];
  for (const task of tasks) results.push(await loop.runUntilComplete(task));
  assert.equal(results, [1, 1, 2, 3, 4, 5]);
});

test("refuse everything else", async (loop) => {
  for (const junk of [undefined, null, 1, "x", {}, [], Promise.resolve(), loop.createFuture(), new Map().values()]) {
    const error = thrownBy(() => loop.createTask(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_COROUTINE");
  }
  for (const body of [() => 1, () => undefined, () => null, () => [], async function* () {}]) {
    const task = loop.createTask(body as never);
    const error = await rejection(loop.runUntilComplete(task));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_A_COROUTINE");
  }
});

test("that end wake who waits for them in the next iteration", async (loop) => {
  const iterations = countIterations(loop);
  let ended = 0;
  const inner = loop.createTask(function* () {
    yield;
    yield;
    ended = iterations.count;
  });
  const outer = loop.createTask(function* () {
    yield* inner;
    return iterations.count - ended;
  });
  assert.is(await loop.runUntilComplete(outer), 1);
  iterations.stop();
});

test("a bare yield is one iteration", async (loop) => {
  const iterations = countIterations(loop);
  const task = loop.createTask(function* () {
    const before = iterations.count;
    for (let time = 0; time < 7; time++) yield;
    return iterations.count - before;
  });
  assert.is(await loop.runUntilComplete(task), 7);
  iterations.stop();
});

test("get the value of what they yield, done or not", async (loop) => {
  const done = loop.createFuture<string>();
  done.setResult("done");
  const pending = loop.createFuture<string>();
  loop.callLater(0.0005, () => pending.setResult("pending"));
  const task = loop.createTask(function* () {
    const star = [yield* done, yield* pending];
    const plain: unknown[] = [yield done as Future, yield pending as Future];
    return [...star, ...plain];
  });
  assert.equal(await loop.runUntilComplete(task), ["done", "pending", "done", "pending"]);
});

test("have the exception of what they wait for thrown at that point", async (loop) => {
  const error = new Error("mine");
  const failing = (): Future<never> => {
    const future = loop.createFuture<never>();
    loop.callSoon(() => future.setException(error));
    return future;
  };
  const caught: unknown[] = [];
  await loop.runUntilComplete(
    loop.createTask(function* () {
      try {
        yield* failing();
      } catch (thrown) {
        caught.push(thrown);
      }
      yield;
    }),
  );
  await loop.runUntilComplete(
    loop.createTask(async () => {
      try {
        await failing();
      } catch (thrown) {
        caught.push(thrown);
      }
    }),
  );
  assert.equal(caught, [error, error]);
});

test("what no coroutine may yield is thrown into it, and it may go on", async (loop) => {
  const other = new VirtualEventLoop();
  const self: { task?: Task } = {};
  const codes: (string | undefined)[] = [];
  const junk: (() => unknown)[] = [
    () => 1,
    () => null,
    () => "text",
    () => ({}),
    () => Promise.resolve(),
    () => other.createFuture(),
    () => self.task,
  ];
  self.task = loop.createTask(function* (): Coroutine<void> {
    for (const make of junk) {
      try {
        yield make() as never;
      } catch (error) {
        assert.instance(error, RuntimeError);
        codes.push((error as RuntimeError).code);
      }
    }
  });
  await loop.runUntilComplete(self.task);
  assert.equal(codes, [...Array(5).fill("ERR_BAD_YIELD"), "ERR_FOREIGN_FUTURE", "ERR_AWAITS_ITSELF"]);
  other.close();
});

test("an async function that awaits its own task is told so", async (loop) => {
  const self: { task?: Task } = {};
  self.task = loop.createTask(async () => {
    await self.task;
  });
  const error = await rejection(loop.runUntilComplete(self.task));
  assert.is(error.code, "ERR_AWAITS_ITSELF");
});

test("an async function that awaits a future of another loop is told so", async (loop) => {
  const other = new VirtualEventLoop();
  const foreign = other.createFuture<number>();
  const error = await rejection(loop.runUntilComplete(loop.createTask(async () => await foreign)));
  assert.instance(error, RuntimeError);
  assert.is(error.code, "ERR_FOREIGN_FUTURE");
  other.close();
});

test("what is no task's may await futures of any loop, as any promise", async (loop) => {
  const other = new VirtualEventLoop();
  const foreign = other.createFuture<number>();
  const awaited = (async () => await foreign)();
  foreign.setResult(1);
  loop.callSoon(() => void loop.createFuture());
  await runOnce(loop);
  await runOnce(other);
  assert.is(await awaited, 1);
  other.close();
});

test("a loop that is made within a task of another awaits its own futures", async (loop) => {
  const made: { inner?: VirtualEventLoop } = {};
  const outer = loop.createTask(async () => {
    made.inner = new VirtualEventLoop();
    await loop.createFuture();
  });
  await runOnce(loop);
  const inner = made.inner as VirtualEventLoop;
  let value = 0;
  inner.callSoon(() => {
    const future = inner.createFuture<number>();
    void future.then((result) => (value = result));
    future.setResult(1);
    inner.callLater(1, () => inner.stop());
  });
  await inner.runForever();
  assert.is(value, 1);
  inner.close();
  outer.cancel();
  await rejection(loop.runUntilComplete(outer));
});

test(
  "have names",
  (loop) => {
    const named = loop.createTask(async () => {}, { name: "mine" });
    const [first, second] = [loop.createTask(async () => {}), loop.createTask(async () => {})];
    assert.is(named.getName(), "mine");
    assert.match(second.getName(), /^Task-\d+$/);
    const number = (task: Task<unknown>): number => Number(task.getName().slice("Task-".length));
    assert.is(number(second) - number(first), 1);
    named.setName("yours");
    assert.is(named.getName(), "yours");
    for (const junk of [undefined, null, 7, {}]) {
      assert.is(thrownBy(() => named.setName(junk as never)).code, "ERR_INVALID_ARG_TYPE");
    }
    const body = async (): Promise<void> => {};
    assert.is(loop.createTask(body).getCoro(), body);
    assert.match(
      String(loop.createTask(body, { name: "n" })),
      /^<Task pending name=n coroutine=body( created at .*)?>$/,
    );
  },
  { leavesPending: true },
);

test("have results and exceptions that nobody else sets", async (loop) => {
  const task = loop.createTask(async () => 1);
  assert.is(thrownBy(() => task.setResult(2 as never)).code, "ERR_TASK_RESULT");
  assert.is(thrownBy(() => task.setException(new Error())).code, "ERR_TASK_RESULT");
  assert.is(await loop.runUntilComplete(task), 1);
});

test("know which of them runs, in every part of a generator and across the awaits of an async function", async (loop) => {
  const seen: unknown[] = [];
  loop.callSoon(() => seen.push(currentTask()));
  const generator: Task<void> = loop.createTask(function* () {
    seen.push(currentTask() === generator);
    yield;
    seen.push(currentTask() === generator);
    yield* sleep(0.0001);
    seen.push(currentTask() === generator);
  });
  const asyncFunction: Task<void> = loop.createTask(async () => {
    seen.push(currentTask() === asyncFunction);
    await sleep(0);
    seen.push(currentTask() === asyncFunction);
    await Promise.resolve();
    seen.push(currentTask() === asyncFunction);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(currentTask() === asyncFunction);
    await (async () => {
      await sleep(0.0001);
      seen.push(currentTask() === asyncFunction);
    })();
  });
  loop.callSoon(() => seen.push(currentTask()));
  // In one run: what Node resolves between two would go on while no loop runs.
  await loop.runUntilComplete(gather([generator, asyncFunction]));
  loop.callSoon(() => seen.push(currentTask()));
  await runOnce(loop);
  assert.equal(
    seen.filter((value) => value !== null),
    Array(8).fill(true),
  );
  assert.is(seen.filter((value) => value === null).length, 3);
  assert.is(currentTask(loop), null);
  assert.is(thrownBy(() => currentTask()).code, "ERR_NO_RUNNING_LOOP");
});

test("that call functions of each other keep their own turn", async (loop) => {
  const seen: string[] = [];
  const note = (): void => void seen.push(currentTask()?.getName() ?? "none");
  const inner = loop.createTask(
    async () => {
      note();
      await sleep(0.0002);
      note();
    },
    { name: "inner" },
  );
  const outer = loop.createTask(
    async () => {
      note();
      await inner;
      note();
      loop.createTask(async () => note(), { name: "child" });
      loop.callSoon(note);
      note();
      await sleep(0);
      note();
    },
    { name: "outer" },
  );
  await loop.runUntilComplete(outer);
  assert.equal(seen, ["inner", "outer", "inner", "outer", "outer", "child", "none", "outer"]);
});

test("are listed while they have not ended", async (loop) => {
  assert.is(thrownBy(() => allTasks()).code, "ERR_NO_RUNNING_LOOP");
  const short = loop.createTask(async () => {});
  const end = loop.createFuture();
  const long = loop.createTask(function* () {
    yield* end;
  });
  assert.equal(allTasks(loop), new Set([short, long]));
  await runOnce(loop);
  await runOnce(loop);
  let during: Set<Task> = new Set();
  loop.callSoon(() => {
    during = allTasks();
    end.setResult(null);
  });
  await loop.runUntilComplete(long);
  assert.equal(during, new Set([long]));
  assert.is(allTasks(loop).size, 0);
});

test("are kept alive by the loop while they wait", async (loop) => {
  let ended = 0;
  for (let index = 0; index < 100; index++) {
    loop.createTask(function* () {
      yield* sleep(0.0003);
      ended++;
    });
    loop.createTask(async () => {
      await sleep(0.0003);
      ended++;
    });
  }
  await runFor(loop, 0.0001);
  (globalThis as { gc?: () => void }).gc?.();
  while (ended < 200) await runFor(loop, 0.001);
  await runFor(loop, 0.0001);
});

test("that wait for a task that failed get its error, and it counts as seen", async (loop) => {
  const contexts = contextsOf(loop);
  const error = new Error("mine");
  const inner = loop.createTask(async () => {
    throw error;
  });
  const outer = loop.createTask(function* () {
    yield* inner;
  });
  assert.is(await rejection(loop.runUntilComplete(outer)), error);
  assert.equal(contexts, []);
});

test("a coroutine that throws at once, or runs twice, ends its task only", async (loop) => {
  const generator = (function* (): Coroutine<string> {
    yield;
    return "value";
  })();
  const [first, second] = [loop.createTask(generator), loop.createTask(generator)];
  for (let iteration = 0; iteration < 4; iteration++) await runOnce(loop);
  // Whoever steps it last gets its value: a generator belongs to one task, and this one to two.
  assert.ok(first.done() && second.done());
  const thrown = loop.createTask(() => {
    throw new Error("at once");
  });
  assert.is((await rejection(loop.runUntilComplete(thrown))).message, "at once");
});

test("values that are not errors may be thrown through a task", async (loop) => {
  for (const value of [undefined, null, 0, "text"]) {
    const task = loop.createTask(async () => {
      throw value;
    });
    const caught = await loop.runUntilComplete(task).then(
      () => "nothing",
      (error: unknown) => error,
    );
    assert.is(caught, value);
    assert.is(task.done() && !task.cancelled(), true);
  }
});

test.run();

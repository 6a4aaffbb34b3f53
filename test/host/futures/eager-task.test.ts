/**
 * Tasks that take their first step at once. The situations are those of CPython's test_eager_task_factory.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  allTasks,
  asCompleted,
  CancelledError,
  type Coroutine,
  createEagerTaskFactory,
  createTask,
  currentTask,
  type EventLoop,
  eagerTaskFactory,
  FatalError,
  type Future,
  gather,
  shield,
  sleep,
  Task,
  TimeoutError,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "../loop/both-loops.js";

const test = bothLoops(suite("eager tasks"));
const eagerly = { eagerStart: true };

/** A coroutine that does something, and does not wait. */
function doing<T>(action: () => T): () => Coroutine<T> {
  return function* () {
    yield* [];
    return action();
  };
}

function fail(error: Error): never {
  throw error;
}

/** Runs a program in a task of `loop`. */
function inTask<T>(loop: EventLoop, program: () => Coroutine<T> | Promise<T>): Promise<T> {
  return loop.runUntilComplete(loop.createTask(program));
}

/** The same program as a generator and as an async function, each giving back `result` after `steps` turns. */
function programs(said: string[], steps: number): [kind: string, body: () => Coroutine<string> | Promise<string>][] {
  return [
    [
      "generator",
      function* () {
        said.push("begun");
        for (let left = steps; left > 0; left--) yield* sleep(0);
        said.push("ended");
        return "result";
      },
    ],
    [
      "async",
      async () => {
        said.push("begun");
        for (let left = steps; left > 0; left--) await sleep(0);
        said.push("ended");
        return "result";
      },
    ],
  ];
}

test("of generators that do not wait have ended when they are made", async (loop) => {
  await inTask(loop, function* () {
    const said: string[] = [];
    const [[, body]] = programs(said, 0) as [[string, () => Coroutine<string>]];
    const task = loop.createTask(body, eagerly);
    assert.equal(said, ["begun", "ended"]);
    assert.ok(task.done());
    assert.is(task.result(), "result");
    assert.not(allTasks().has(task as Task));
    assert.is(yield* task, "result");
  });
});

test("go on in later iterations where they wait", async (loop) => {
  await inTask(loop, function* () {
    for (const [kind, body] of programs([], 2)) {
      const said: string[] = [];
      const [first, second] = programs(said, 2).map(([, made]) => made) as [typeof body, typeof body];
      const task = loop.createTask(kind === "generator" ? first : second, eagerly);
      assert.equal(said, ["begun"], kind);
      assert.not(task.done());
      assert.ok(allTasks().has(task as Task));
      assert.is(yield* task, "result");
      assert.equal(said, ["begun", "ended"]);
    }
  });
});

test("have the error of their first step, which goes to nobody else", async (loop) => {
  await inTask(loop, function* () {
    const failing = loop.createTask(
      doing(() => fail(new Error("at once"))),
      eagerly,
    );
    assert.ok(failing.done());
    assert.is((failing.exception() as Error).message, "at once");
    const rejecting = loop.createTask(async () => {
      throw new Error("at once as well");
    }, eagerly);
    assert.match(yield* caught(rejecting), /at once as well/);
    const wrong = loop.createTask((() => 1) as never, eagerly);
    assert.match(String(wrong.exception()), /must be a generator function or an async one/);
  });
});

function* caught(future: Future): Coroutine<string> {
  try {
    yield* future;
  } catch (error) {
    return String(error);
  }
  return "nothing";
}

test("let what ends a run out of the call that makes them", async (loop) => {
  const end = new FatalError("the end");
  const made: unknown[] = [];
  const error = await rejection(
    inTask(loop, function* () {
      try {
        loop.createTask(
          doing(() => fail(end)),
          eagerly,
        );
      } catch (thrown) {
        made.push(thrown);
        throw thrown;
      }
    }),
  );
  assert.is(error, end);
  assert.equal(made, [end]);
  // And whoever catches it goes on.
  await inTask(loop, function* () {
    thrownBy(() =>
      loop.createTask(
        doing(() => fail(new FatalError("caught"))),
        eagerly,
      ),
    );
    yield* sleep(0);
  });
});

test("are the current task in their step, one inside the other", async (loop) => {
  await inTask(loop, function* () {
    const outer = currentTask();
    const seen: (string | undefined)[] = [];
    const note = (): void => void seen.push(currentTask()?.getName());
    loop.createTask(
      function* () {
        note();
        loop.createTask(async () => note(), { name: "inner", ...eagerly });
        note();
        yield* sleep(0);
        note();
      },
      { name: "middle", ...eagerly },
    );
    assert.is(currentTask(), outer);
    yield* sleep(0);
    assert.is(currentTask(), outer);
    yield* sleep(0);
    assert.equal(seen, ["middle", "inner", "middle", "middle"]);
  });
});

test("are the current task also in a step inside an async function", async (loop) => {
  await inTask(loop, async () => {
    const outer = currentTask();
    const inner = loop.createTask(
      doing(() => {
        // What an async function awaits here is not what the outer task waits for.
        void (async () => await sleep(0.01))();
        return currentTask();
      }),
      eagerly,
    );
    assert.is(inner.result(), inner);
    assert.is(currentTask(), outer);
    await sleep(0.02);
    assert.is(currentTask(), outer);
  });
});

test("that cancel themselves hear of it at their first wait, or in the end", async (loop) => {
  await inTask(loop, function* () {
    const waiting = loop.createTask(function* () {
      currentTask()?.cancel("own");
      yield* loop.createFuture();
    }, eagerly);
    assert.is(waiting.cancelling(), 1);
    assert.match(yield* caught(waiting as Future), /CancelledError: own/);
    const over = loop.createTask(
      doing(() => currentTask()?.cancel()),
      eagerly,
    );
    assert.ok(over.cancelled());
    const asynchronous = loop.createTask(async () => {
      currentTask()?.cancel("own, async");
      await sleep(1);
    }, eagerly);
    assert.match(yield* caught(asynchronous as Future), /own, async/);
  });
});

test("can be cancelled by who has made them", async (loop) => {
  await inTask(loop, function* () {
    for (const [, body] of programs([], 5)) {
      const task = loop.createTask(body, eagerly);
      assert.ok(task.cancel());
      assert.instance(yield* thrownIn(task as Future), CancelledError);
    }
  });
});

function* thrownIn(future: Future): Coroutine<unknown> {
  try {
    yield* future;
  } catch (error) {
    return error;
  }
  return null;
}

test("tell done callbacks in the next iteration", async (loop) => {
  await inTask(loop, function* () {
    const said: string[] = [];
    const task = loop.createTask(
      doing(() => currentTask()?.addDoneCallback(() => said.push("from inside"))),
      eagerly,
    );
    task.addDoneCallback(() => said.push("from outside"));
    assert.equal(said, []);
    yield* sleep(0);
    assert.equal(said, ["from inside", "from outside"]);
  });
});

test("wait for their turn while the loop does not run", async (loop) => {
  const said: string[] = [];
  const tasks = programs(said, 0).map(([, body]) => loop.createTask(body, eagerly));
  assert.equal(said, []);
  for (const task of tasks) assert.is(await loop.runUntilComplete(task), "result");
});

test.onReal("may be made between iterations", async (loop) => {
  const ended = loop.createFuture<string>();
  setTimeout(() => {
    const task = loop.createTask(function* () {
      yield* sleep(0);
      return "later";
    }, eagerly);
    task.addDoneCallback(() => ended.setResult(task.result()));
  });
  assert.is(await loop.runUntilComplete(ended), "later");
});

test("see the stores of who makes them, and change none of theirs", async (loop) => {
  const storage = new AsyncLocalStorage<string>();
  await inTask(loop, function* () {
    const task = storage.run("outside", () =>
      loop.createTask(function* () {
        const atOnce = storage.getStore();
        yield* sleep(0);
        return [atOnce, storage.getStore()];
      }, eagerly),
    );
    assert.equal(yield* task, ["outside", "outside"]);
    loop.createTask(
      doing(() => storage.enterWith("inside")),
      eagerly,
    );
    assert.is(storage.getStore(), undefined);
  });
});

test("make the slow ones known in debug mode", async (loop) => {
  loop.setDebug(true);
  loop.slowCallbackDuration = 0;
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => void warnings.push(text);
  try {
    await inTask(loop, function* () {
      loop.createTask(
        doing(() => {}),
        { name: "slow", ...eagerly },
      );
    });
  } finally {
    console.warn = warn;
    loop.setDebug(false);
  }
  assert.ok(
    warnings.some((text) => /Executing <Task .*name=slow/.test(text)),
    warnings.join("\n"),
  );
});

class OwnTask<T> extends Task<T> {}

test("are what the eager factories make, unless they are told otherwise", async (loop) => {
  for (const [factory, taskClass] of [
    [eagerTaskFactory, Task],
    [createEagerTaskFactory(OwnTask), OwnTask],
  ] as const) {
    loop.setTaskFactory(factory);
    await inTask(loop, function* () {
      const atOnce = loop.createTask(async () => {}, { name: "named" });
      assert.is(Object.getPrototypeOf(atOnce), taskClass.prototype);
      assert.is(atOnce.getName(), "named");
      const generator = createTask(doing(() => {}));
      assert.ok(generator.done());
      const later = createTask(
        doing(() => {}),
        { eagerStart: false },
      );
      assert.not(later.done());
      yield* later;
      yield* atOnce;
    });
    loop.setTaskFactory(null);
  }
  assert.is(thrownBy(() => createEagerTaskFactory({} as never)).code, "ERR_NOT_CALLABLE");
});

test("work wherever tasks are made for others", async (loop) => {
  loop.setTaskFactory(eagerTaskFactory);
  const at = (value: number, seconds = 0) =>
    function* (): Coroutine<number> {
      if (seconds > 0) yield* sleep(seconds);
      return value;
    };
  await inTask(loop, function* () {
    assert.equal(yield* gather([at(1)(), at(2, 0.001)(), at(3)()]), [1, 2, 3]);
    assert.is(yield* shield(at(4)()), 4);
    assert.is(yield* waitFor(at(5)(), 1), 5);
    assert.is(yield* waitFor(at(6)(), null), 6);
    assert.is(yield* waitFor(createTask(at(7)), 0), 7);
    assert.instance(yield* thrownIn(waitFor(at(8, 1)(), 0) as Future), TimeoutError);
    assert.instance(yield* thrownIn(waitFor(at(8, 60)(), 0.001) as Future), TimeoutError);
    const { done, pending } = yield* wait([createTask(at(9)), createTask(at(10, 0.001))]);
    assert.is(done.size + pending.size, 2);
    const found: number[] = [];
    for (const next of asCompleted([at(11)(), at(12, 0.001)()])) found.push(yield* next);
    assert.equal(found, [11, 12]);
    assert.is(yield* timeout(1, at(13)), 13);
    assert.is(yield* timeout(1, async () => 14), 14);
    assert.instance(yield* thrownIn(timeout(0, at(15, 1)) as Future), TimeoutError);
    const sum = taskGroup(function* (group) {
      const tasks = [group.createTask(at(16)), group.createTask(at(17, 0.001)), group.createTask(async () => 18)];
      let total = 0;
      for (const task of tasks) total += yield* task;
      return total;
    });
    assert.is(yield* sum, 51);
    const failing = taskGroup(function* (group) {
      group.createTask(doing(() => fail(new Error("in the group"))));
      yield* sleep(60);
    });
    assert.match(yield* caught(failing as Future), /unhandled errors in a TaskGroup/);
  });
  loop.setTaskFactory(null);
});

test("of async functions work wherever tasks are made for others", async (loop) => {
  loop.setTaskFactory(eagerTaskFactory);
  await inTask(loop, async () => {
    const at = async (value: number, seconds = 0): Promise<number> => {
      if (seconds > 0) await sleep(seconds);
      return value;
    };
    const task = (value: number, seconds = 0): Task<number> => createTask(() => at(value, seconds));
    assert.equal(await gather([task(1), task(2, 0.001)]), [1, 2]);
    assert.is(await timeout(1, () => at(3, 0.001)), 3);
    assert.instance(await rejection(timeout(0.001, () => at(4, 60))), TimeoutError);
    assert.is(await taskGroup(async (group) => await group.createTask(() => at(5))), 5);
  });
  loop.setTaskFactory(null);
});

test.run();

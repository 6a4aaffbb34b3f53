/** Where tasks wait: `getStack` and `printStack`. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Operation } from "../../../host/futures/operation.js";
import { type Coroutine, type EventLoop, type Future, type StackFrame, sleep, type Task } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("stacks of tasks"));

/** The functions of a task's stack, the innermost first. */
function functionsOf(task: Task<unknown>): string[] {
  return task.getStack().map(({ functionName }) => functionName);
}

async function runTwice(loop: EventLoop): Promise<void> {
  await runOnce(loop);
  await runOnce(loop);
}

/** Runs a task that waits for a future in a function within a function, lets `look` look at it, and ends it. */
async function whileWaiting(
  loop: EventLoop,
  body: (future: Future) => () => Coroutine<unknown> | Promise<unknown>,
  look: (task: Task<unknown>) => void,
): Promise<void> {
  const future = loop.createFuture();
  const task = loop.createTask(body(future));
  await runTwice(loop);
  look(task);
  future.setResult(1);
  await loop.runUntilComplete(task);
}

function generators(future: Future): () => Coroutine<unknown> {
  function* inner(): Coroutine<unknown> {
    return yield* future;
  }
  return function* outer() {
    return yield* inner();
  };
}

function asyncFunctions(future: Future): () => Promise<unknown> {
  async function inner(): Promise<unknown> {
    return await future;
  }
  return async function outer() {
    return await inner();
  };
}

for (const [kind, body] of Object.entries({ generators, asyncFunctions })) {
  test(`of ${kind} that wait lead down to the wait, the innermost call first`, async (loop) => {
    loop.setDebug(true);
    await whileWaiting(loop, body, (task) => {
      assert.equal(functionsOf(task).slice(0, 2), ["inner", "outer"]);
      for (const { fileName, lineNumber, columnNumber } of task.getStack({ limit: 2 })) {
        assert.match(fileName, /\/stack\.test\.js$/);
        assert.ok(lineNumber > 1 && columnNumber > 1);
      }
    });
  });

  test(`of ${kind} are not known without debug mode, and printing says so`, async (loop) => {
    loop.setDebug(false);
    await whileWaiting(loop, body, (task) => {
      assert.equal(task.getStack(), []);
      assert.match(printed(task), /^No stack for <Task pending .*>: it is taken down in debug mode only\n$/);
    });
  });

  test(`of ${kind} that have gone on are where they wait now`, async (loop) => {
    loop.setDebug(true);
    const [first, second] = [loop.createFuture(), loop.createFuture()];
    async function waits(future: Future): Promise<void> {
      await future;
    }
    function* yields(future: Future): Coroutine<void> {
      yield* future;
    }
    const task: Task<void> =
      kind === "generators"
        ? loop.createTask(function* () {
            yield* first;
            yield* yields(second);
          })
        : loop.createTask(async () => {
            await first;
            await waits(second);
          });
    await runTwice(loop);
    assert.ok(task.getStack().length > 0);
    first.setResult(1);
    await runTwice(loop);
    assert.is(functionsOf(task)[0], kind === "generators" ? "yields" : "waits");
    second.setResult(1);
    await loop.runUntilComplete(task);
  });
}

test("of tasks that give up a turn lead there", async (loop) => {
  loop.setDebug(true);
  function* politely(): Coroutine<void> {
    yield* sleep(0);
  }
  const task = loop.createTask(politely);
  await runOnce(loop);
  assert.is(functionsOf(task)[0], "politely");
  await loop.runUntilComplete(task);
});

test("of an async function that awaits a promise of others are empty", async (loop) => {
  loop.setDebug(true);
  let go = (): void => {};
  const promise = new Promise<void>((resolve) => {
    go = resolve;
  });
  const task = loop.createTask(async () => {
    await sleep(0);
    await promise;
  });
  await runTwice(loop);
  await runOnce(loop);
  assert.equal(task.getStack(), []);
  go();
  await loop.runUntilComplete(task);
});

test("of an async function that awaited several things are where it still waits", async (loop) => {
  loop.setDebug(true);
  const [first, second] = [loop.createFuture(), loop.createFuture()];
  async function one(): Promise<void> {
    await first;
  }
  async function other(): Promise<void> {
    await second;
  }
  const task = loop.createTask(async () => await Promise.all([one(), other()]));
  await runTwice(loop);
  assert.is(functionsOf(task)[0], "other");
  second.setResult(1);
  await runTwice(loop);
  assert.is(functionsOf(task)[0], "one");
  first.setResult(1);
  await loop.runUntilComplete(task);
});

test("are not of what a task has only looked at, or begun", async (loop) => {
  loop.setDebug(true);
  const future = loop.createFuture();
  let go = (): void => {};
  const promise = new Promise<void>((resolve) => {
    go = resolve;
  });
  function begin(): Future {
    const work = (function* () {
      yield* future;
    })();
    return new Operation(loop, work);
  }
  const tasks: Task<unknown>[] = [
    loop.createTask(function* () {
      begin();
      yield;
      yield;
    }),
    loop.createTask(async () => {
      begin();
      await promise;
    }),
    loop.createTask(async () => {
      assert.type(future.then, "function");
      await promise;
    }),
  ];
  await runOnce(loop);
  assert.equal(tasks.map(functionsOf), [[], [], []]);
  future.setResult(1);
  go();
  for (const task of tasks) await loop.runUntilComplete(task);
});

for (const debug of [true, false]) {
  test(`a future's then can be replaced, debug mode being ${debug ? "on" : "off"}`, async (loop) => {
    loop.setDebug(debug);
    const future = loop.createFuture();
    const other = ((resolve: (value: unknown) => void) => resolve("other")) as never;
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    future.then = other;
    assert.is(await future, "other");
    assert.ok(Object.keys(future).includes("then"));
  });

  test(`of the task that runs are the calls under way, debug mode being ${debug ? "on" : "off"}`, async (loop) => {
    loop.setDebug(debug);
    const seen: string[] = [];
    function look(task: Task<unknown>): void {
      seen.push(functionsOf(task).slice(0, 2).join(" < "));
    }
    const generator: Task<void> = loop.createTask(function* () {
      look(generator as Task<unknown>);
      yield* sleep(0);
    });
    const asynchronous: Task<void> = loop.createTask(async () => {
      await sleep(0);
      look(asynchronous as Task<unknown>);
    });
    await loop.runUntilComplete(generator);
    await loop.runUntilComplete(asynchronous);
    assert.equal(seen, ["functionsOf < look", "functionsOf < look"]);
  });
}

test("of tasks that have not begun, have a result or were cancelled are empty", async (loop) => {
  loop.setDebug(true);
  const task = loop.createTask(function* () {
    yield* sleep(0);
  });
  assert.equal(task.getStack(), []);
  await loop.runUntilComplete(task);
  assert.equal(task.getStack(), []);
  assert.is(printed(task as Task<unknown>), `No stack for ${task}\n`);
  const cancelled = loop.createTask(function* () {
    yield* sleep(10);
  });
  await runOnce(loop);
  cancelled.cancel();
  await loop.runUntilComplete(cancelled).catch(() => {});
  assert.equal(cancelled.getStack(), []);
});

test("of a task that has failed are those of its exception, the outermost if there is a limit", async (loop) => {
  function fails(): never {
    throw new Error("no");
  }
  const task = loop.createTask(function* outer(): Coroutine<never> {
    yield* sleep(0);
    return fails();
  }) as Task<unknown>;
  await loop.runUntilComplete(task).catch(() => {});
  const functions = functionsOf(task);
  assert.equal(functions.slice(0, 2), ["fails", "outer"]);
  const [outermost] = task.getStack({ limit: 1 });
  assert.is(outermost?.functionName, functions.at(-1));
  assert.match(
    printed(task),
    /^Traceback for <Task finished .*exception=Error: no.*>, innermost frame first:\n {4}at fails \(/,
  );
});

test("of a task that has failed are none of its exception's message, and none where there is no stack", async (loop) => {
  const stackWith = async (thrown: unknown): Promise<StackFrame[]> => {
    const task = loop.createTask(function* outer(): Coroutine<never> {
      yield* sleep(0);
      throw thrown;
    }) as Task<unknown>;
    await loop.runUntilComplete(task).catch(() => {});
    return task.getStack();
  };
  const lines = "main at file:///main.js:1:2\n    at pretends (/other.js:3:4)";
  const files = (await stackWith(new Error(lines))).map(({ fileName }) => fileName);
  assert.match(files[0], /\/stack\.test\.js$/);
  assert.not(files.some((file) => ["file:///main.js", "/other.js"].includes(file)));
  const noMessage = { stack: "Thrown\n    at fails (/thrown.js:1:2)" };
  const frame = { functionName: "fails", fileName: "/thrown.js", lineNumber: 1, columnNumber: 2 };
  assert.equal(await stackWith(noMessage), [frame]);
  const fails = (): never => {
    throw new Error("no");
  };
  const noStacks = ["stack", "message"].map((key) => Object.defineProperty(new Error("x"), key, { get: fails }));
  noStacks.push(Object.assign(new Error("x"), { stack: { toString: fails } as never }));
  for (const thrown of [...noStacks, 5, null, undefined, { stack: 5 }]) {
    assert.equal(await stackWith(thrown), []);
  }
});

test("have as many frames as asked for, the innermost", async (loop) => {
  loop.setDebug(true);
  await whileWaiting(loop, generators, (task) => {
    assert.equal(
      task.getStack({ limit: 1 }).map(({ functionName }) => functionName),
      ["inner"],
    );
    assert.equal(task.getStack({ limit: 0 }), []);
    assert.ok(task.getStack({ limit: null }).length >= 2);
    assert.match(printed(task, 1), /^Stack for <Task pending .*>, innermost frame first:\n {4}at inner \(.*\)\n$/);
    assert.is(thrownBy(() => task.getStack({ limit: -1 })).code, "ERR_OUT_OF_RANGE");
    assert.is(thrownBy(() => task.getStack({ limit: "1" } as never)).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => task.getStack({ file: null } as never)).code, "ERR_UNKNOWN_OPTION");
    assert.is(thrownBy(() => task.printStack({ depth: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
    assert.is(thrownBy(() => task.printStack({ file: null } as never)).code, "ERR_INVALID_ARG_TYPE");
  });
});

test("are printed to stderr by default", async (loop) => {
  const { write } = process.stderr;
  const written: string[] = [];
  process.stderr.write = ((text: string) => written.push(text)) as never;
  const task = loop.createTask(function* () {});
  try {
    task.printStack();
  } finally {
    process.stderr.write = write;
  }
  assert.match(written.join(""), /^No stack for <Task pending /);
  await loop.runUntilComplete(task);
});

test("a text of a task says what it waits for", async (loop) => {
  const future = loop.createFuture();
  const inner = loop.createTask(
    function* () {
      yield* future;
    },
    { name: "inner" },
  );
  const outer = loop.createTask(async () => await inner, { name: "outer" });
  await runTwice(loop);
  assert.match(String(inner), /^<Task pending name=inner waitFor=<Future pending.*>/);
  assert.match(String(outer), /^<Task pending name=outer waitFor=<Task pending name=inner.*>/);
  future.setResult(1);
  await loop.runUntilComplete(outer);
  assert.not.match(String(inner), "waitFor");
});

function printed(task: Task<unknown>, limit: number | null = null): string {
  const texts: string[] = [];
  task.printStack({ limit, file: { write: (text) => texts.push(text) } });
  return texts.join("");
}

test.run();

/** Who waits for whom, as data and as text. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  allTasks,
  asCompleted,
  Barrier,
  Condition,
  type Coroutine,
  captureCallGraph,
  currentTask,
  Event,
  type EventLoop,
  type Future,
  formatCallGraph,
  formatTaskTree,
  gather,
  Lock,
  openConnection,
  printCallGraph,
  printTaskTree,
  Queue,
  Semaphore,
  type StreamWriter,
  shield,
  sleep,
  startServer,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, runOnce } from "./both-loops.js";

const test = bothLoops(suite("call graphs"));

/** Runs `main` until all wait, lets `look` look at that, and then lets `future` be done. */
async function whileAllWait(
  loop: EventLoop,
  main: (future: Future) => Coroutine<unknown> | Promise<unknown>,
  look: (leaf: Task<unknown>) => void,
): Promise<void> {
  const future = loop.createFuture();
  const leaf = loop.createTask(
    function* leaf() {
      yield* future;
    },
    { name: "leaf" },
  ) as Task<unknown>;
  const task = loop.createTask(() => main(leaf as Future), { name: "main" });
  for (let turn = 0; turn < 20; turn++) await runOnce(loop);
  look(leaf);
  future.setResult(1);
  await loop.runUntilComplete(task);
}

/** The names of the tasks that wait for a future, and of those that wait for these. */
function awaitedBy(future: Future): unknown[] {
  const names = (graph: ReturnType<typeof captureCallGraph>): unknown[] =>
    (graph?.awaitedBy ?? []).map((one) => [(one.future as Task).getName(), ...names(one)]);
  return names(captureCallGraph(future));
}

const ways: Record<string, (leaf: Future) => Coroutine<unknown> | Promise<unknown>> = {
  "yield*": function* (leaf) {
    yield* leaf;
  },
  await: async (leaf) => await leaf,
  gather: async (leaf) => await gather([leaf, leaf.getLoop().createTask(function* () {})]),
  wait: async (leaf) => await wait([leaf]),
  shield: async (leaf) => await shield(leaf),
  "a shield in a gather": function* (leaf) {
    yield* gather([shield(leaf)]);
  },
  asCompleted: async (leaf) => {
    for (const next of asCompleted([leaf])) await next;
  },
};

for (const [way, main] of Object.entries(ways)) {
  test(`a task knows who waits for it by ${way}`, async (loop) => {
    await whileAllWait(loop, main, (leaf) => {
      assert.equal(awaitedBy(leaf as Future), [["main"]]);
      assert.equal(formatTaskTree(loop).split("\n").length, 2);
      assert.match(formatTaskTree(loop), /^main.*\n└─ leaf \(leaf\)/);
    });
  });
}

test("a task knows who waits for it through tasks of time limits and groups", async (loop) => {
  loop.setDebug(false);
  const main = async (leaf: Future): Promise<unknown> =>
    await taskGroup(async (group) => {
      group.createTask(async () => await waitFor(leaf, 5), { name: "member" });
      await timeout(5, async () => {});
    });
  await whileAllWait(loop, main, (leaf) => {
    const [[waiting, [member, [group, [outermost]]]]] = awaitedBy(leaf as Future) as [
      [string, [string, [string, [string]]]],
    ];
    assert.match(waiting, /^Task-\d+$/);
    assert.match(group, /^Task-\d+$/);
    assert.equal([member, outermost], ["member", "main"]);
    assert.match(
      formatTaskTree(loop),
      /^main.*\n└─ Task-\d+\n {3}└─ member\n {6}└─ Task-\d+\n {9}└─ leaf \(leaf\), waits for Future$/,
    );
  });
});

test("a future that is no task knows who waits for it", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  const tasks = ["a", "b"].map((name) => loop.createTask(async () => await future, { name }));
  await runOnce(loop);
  assert.equal(awaitedBy(future), [["a"], ["b"]]);
  assert.match(formatCallGraph(future), /^\* <Future pending.*\n {2}\+ Awaited by:\n {5}\* a\n {5}\* b$/);
  future.setResult(1);
  for (const task of tasks) await loop.runUntilComplete(task);
});

test("has the stacks of those that wait in debug mode", async (loop) => {
  loop.setDebug(true);
  async function main(leaf: Future): Promise<void> {
    await leaf;
  }
  await whileAllWait(loop, main, (task) => {
    const place = "\\(file:.*\\/call-graph\\.test\\.js:\\d+:\\d+\\)";
    const pattern = [
      "\\* leaf \\(leaf\\)",
      "  \\+ Call stack:",
      `  \\|   leaf ${place}`,
      "  \\+ Awaited by:",
      "     \\* main",
      "       \\+ Call stack:",
      `       \\|   main ${place}`,
    ].join("\n");
    assert.match(formatCallGraph(task as Future, { limit: 1 }), new RegExp(`^${pattern}$`));
    assert.ok((captureCallGraph(task as Future)?.callStack.length ?? 0) > 0);
    assert.equal(captureCallGraph(task as Future, { limit: 0 })?.callStack, []);
    assert.match(
      formatTaskTree(loop),
      /^main at file:.*:\d+:\d+\n└─ leaf \(leaf\) at file:.*:\d+:\d+, waits for Future$/,
    );
  });
});

test("is of the current task by default, and of none in a plain callback", async (loop) => {
  let inTask: unknown;
  let inCallback: unknown;
  let text = "?";
  loop.callSoon(() => {
    inCallback = captureCallGraph();
    text = formatCallGraph();
  });
  await loop.runUntilComplete(
    loop.createTask(function* () {
      inTask = captureCallGraph()?.future === currentTask();
      yield;
    }),
  );
  assert.is(inTask, true);
  assert.is(inCallback, null);
  assert.is(text, "");
});

test("of what waits for itself ends", async (loop) => {
  loop.setDebug(false);
  const tasks: Task<unknown>[] = [];
  for (const [index, name] of ["a", "b"].entries()) {
    tasks.push(
      loop.createTask(
        function* () {
          yield* tasks[1 - index] as Task<unknown>;
        },
        { name },
      ) as Task<unknown>,
    );
  }
  await runOnce(loop);
  const [a, b] = tasks as [Task<unknown>, Task<unknown>];
  assert.equal(awaitedBy(a as Future), [["b"]]);
  assert.is(formatTaskTree(loop), "a\n└─ b\n   └─ a, as above");
  a.cancel();
  for (const task of [a, b]) await loop.runUntilComplete(task).catch(() => {});
});

test("a task for which two wait is gone into once", async (loop) => {
  loop.setDebug(false);
  const main = async (leaf: Future): Promise<unknown> => {
    const wrap = (name: string): Task<unknown> => loop.createTask(async () => await leaf, { name });
    return await gather([wrap("left"), wrap("right")]);
  };
  await whileAllWait(loop, main, () => {
    assert.is(
      formatTaskTree(loop),
      "main\n├─ left\n│  └─ leaf (leaf), waits for Future\n└─ right\n   └─ leaf (leaf), as above",
    );
  });
});

/** The last of so many tasks, each of which waits for the one before, and the first for `future`. */
function chainTo(loop: EventLoop, future: Future, length: number): Future {
  let last = future;
  for (let n = 0; n < length; n++) {
    const before = last;
    last = loop.createTask(function* () {
      yield* before;
    }) as Future;
  }
  return last;
}

test("a chain of tasks may be longer than the stack", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  const last = chainTo(loop, future, 20_000);
  await runOnce(loop);
  await runOnce(loop);
  const summary = loop._summarizeTasks().split("\n");
  assert.is(summary.length, 21);
  assert.is(summary.at(-1), "… 19980 tasks more");
  future.setResult(1);
  await loop.runUntilComplete(last);
});

test("a graph of a chain may be longer than the stack too", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  const last = chainTo(loop, future, 4000);
  await runOnce(loop);
  await runOnce(loop);
  let length = 0;
  for (let graph = captureCallGraph(future); graph !== null; graph = graph.awaitedBy[0] ?? null) length++;
  assert.is(length, 4001);
  future.setResult(1);
  await loop.runUntilComplete(last);
});

test("a task that is met on several ways is gone into once", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  let layer: Future[] = [future];
  // Two to the power of forty ways lead to the last.
  for (let n = 0; n < 40; n++) {
    const before = layer;
    layer = ["a", "b"].map(
      (name) =>
        loop.createTask(
          function* () {
            yield* gather(before);
          },
          { name: `${name}${n}` },
        ) as Future,
    );
  }
  await runOnce(loop);
  await runOnce(loop);
  const [a, b] = captureCallGraph(future)?.awaitedBy ?? [];
  assert.ok(a !== undefined && a.awaitedBy[0] === b?.awaitedBy[0]);
  const lines = formatCallGraph(future).split("\n");
  assert.is(lines.filter((line) => /\* [ab]\d+$/.test(line)).length, 80);
  assert.ok(lines.includes("          * a1, as above"));
  future.setResult(1);
  await loop.runUntilComplete(gather(layer));
});

test("thousands may wait for the same thousands", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  const yields = (one: Future): Future =>
    loop.createTask(function* () {
      yield* one;
    }) as Future;
  const awaited = Array.from({ length: 3000 }, () => yields(future));
  const all = gather(awaited) as Future;
  let asked = 0;
  const get = (): Future[] => {
    asked++;
    return awaited;
  };
  Object.defineProperty(all, "_parts", { get });
  const waiting = Array.from({ length: 3000 }, () => yields(all));
  await runOnce(loop);
  assert.is(captureCallGraph(awaited[0])?.awaitedBy.length, 3000);
  assert.is(asked, 1);
  loop._summarizeTasks();
  assert.ok(asked < 30, String(asked));
  future.setResult(1);
  await loop.runUntilComplete(gather(waiting));
});

test("is printed to where it is asked for", async (loop) => {
  const texts: string[] = [];
  const file = { write: (text: string) => texts.push(text) };
  const task = loop.createTask(function* () {}, { name: "alone" });
  printCallGraph(task as Future, { file });
  printTaskTree(loop, { file });
  assert.equal(texts, ["* alone\n", "alone\n"]);
  assert.is(formatTaskTree(loop), "alone");
  await loop.runUntilComplete(task);
  assert.is(formatTaskTree(loop), "");
});

test("refuses what is no future, and options that it does not know", (loop) => {
  const future = loop.createFuture();
  assert.is(thrownBy(() => captureCallGraph(5 as never)).code, "ERR_NOT_A_FUTURE");
  assert.is(thrownBy(() => captureCallGraph(future, { depth: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.is(thrownBy(() => captureCallGraph(future, { limit: -1 })).code, "ERR_OUT_OF_RANGE");
  assert.is(thrownBy(() => printCallGraph(future, { depth: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.is(thrownBy(() => printTaskTree(loop, { limit: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.is(thrownBy(() => printCallGraph(future, { file: 5 } as never)).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => printTaskTree(loop, { file: {} } as never)).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => captureCallGraph()).code, "ERR_NO_RUNNING_LOOP");
  assert.is(thrownBy(() => formatTaskTree()).code, "ERR_NO_RUNNING_LOOP");
  for (const call of [allTasks, currentTask, formatTaskTree, printTaskTree]) {
    for (const wrong of [5, null, {}, future]) {
      assert.is(thrownBy(() => call(wrong as never)).code, "ERR_NOT_A_LOOP", `${call.name}(${wrong})`);
    }
  }
});

test.onVirtual("an error of a loop that nothing can wake says which tasks wait", async (loop) => {
  loop.setDebug(false);
  const never = loop.createFuture();
  const main = loop.createTask(
    async function main() {
      await gather([
        loop.createTask(
          function* reader() {
            yield* never;
          },
          { name: "reading" },
        ),
      ]);
    },
    { name: "main" },
  );
  const error = (await loop.runUntilComplete(main).catch((thrown) => thrown)) as Error & { code: string };
  assert.is(error.code, "ERR_VIRTUAL_DEADLOCK");
  assert.match(error.message, /\. These tasks wait:\nmain \(main\)\n└─ reading \(reader\), waits for Future$/);
  main.cancel();
  await loop.runUntilComplete(main).catch(() => {});
});

test("a call that waits is named in the tree", async (loop) => {
  const main = loop.createTask(async () => {
    const [queue, full, joined] = [new Queue(), new Queue(1), new Queue()];
    full.putNowait(1);
    joined.putNowait(1);
    const [lock, semaphore, event, barrier] = [new Lock(), new Semaphore(1), new Event(), new Barrier(2)];
    const condition = new Condition();
    for (const one of [lock, semaphore, condition]) await one.acquire();
    const accepted = loop.createFuture<StreamWriter>();
    const server = await startServer((_reader, peer) => accepted.setResult(peer), "127.0.0.1", 0);
    const [reader, writer] = await openConnection("127.0.0.1", server.addresses[0]?.port);
    writer.write(Buffer.alloc(20_000_000));
    const peer = await accepted;
    server.close();
    const calls: Record<string, () => Future> = {
      "Queue.get": () => queue.get(),
      "Queue.put": () => full.put(2),
      "Queue.join": () => joined.join(),
      "Lock.acquire": () => lock.acquire(),
      "Semaphore.acquire": () => semaphore.acquire(),
      "Event.wait": () => event.wait(),
      "Barrier.wait": () => barrier.wait(),
      "Condition.wait": () => condition.wait(),
      "StreamReader.readline": () => reader.readline(),
      "StreamWriter.drain": () => writer.drain(),
      "StreamWriter.waitClosed": () => writer.waitClosed(),
      "Server.waitClosed": () => server.waitClosed(),
    };
    const tasks = Object.entries(calls).map(([name, call]) =>
      loop.createTask(
        function* () {
          yield* call();
        },
        { name },
      ),
    );
    await sleep(0);
    await sleep(0);
    const waits = formatTaskTree(loop).match(/\S+, waits for \S+$/gm);
    assert.equal(
      waits,
      Object.keys(calls).map((name) => `${name}, waits for ${name}`),
    );
    assert.match(String(queue.get()), /^<Queue\.get pending/);
    for (const task of tasks) task.cancel();
    writer.transport.abort();
    peer.transport.abort();
    await server.waitClosed();
  });
  loop.setDebug(false);
  await loop.runUntilComplete(main);
});

test.onVirtual("an error of a loop that nothing can wake comes with any number of tasks", async (loop) => {
  loop.setDebug(false);
  const never = loop.createFuture();
  // More than a call may have arguments.
  const many = Array.from({ length: 130_000 }, () =>
    loop.createTask(function* () {
      yield* never;
    }),
  );
  const main = loop.createTask(
    function* () {
      yield* gather(many);
    },
    { name: "main" },
  );
  const error = (await loop.runUntilComplete(main).catch((thrown) => thrown)) as Error;
  assert.match(error.message, /:\nmain\n├─ Task-\d+, waits for Future\n.*\n… 129981 tasks more$/s);
  never.setResult(1);
  await loop.runUntilComplete(main);
});

test.onVirtual("an error of a loop that nothing can wake comes with tasks that cannot be named, too", async (loop) => {
  loop.setDebug(false);
  const never = loop.createFuture();
  const main = loop.createTask(function* () {
    yield* never;
  });
  main.getName = () => {
    throw new Error("no name");
  };
  const error = (await loop.runUntilComplete(main).catch((thrown) => thrown)) as Error & { code: string };
  assert.is(error.code, "ERR_VIRTUAL_DEADLOCK");
  assert.match(error.message, "These tasks wait:\n<no name>, waits for Future");
  never.setResult(1);
  await loop.runUntilComplete(main);
});

test("a task whose future is done, and which has not gone on yet, waits for nothing", async (loop) => {
  loop.setDebug(false);
  const future = loop.createFuture();
  const task = loop.createTask(
    function* () {
      yield* future;
    },
    { name: "waiting" },
  );
  await runOnce(loop);
  assert.is(formatTaskTree(loop), "waiting, waits for Future");
  future.setResult(1);
  assert.is(formatTaskTree(loop), "waiting");
  await loop.runUntilComplete(task);
});

test.run();

/** Cancellations that come when what is awaited is done already, or reach only what was left behind: none is lost, and nothing is lost by them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  currentTask,
  type EventLoop,
  type ExceptionGroup,
  type Future,
  gather,
  Lock,
  Queue,
  Semaphore,
  sleep,
  type Task,
  type TaskGroup,
  type Timeout,
  taskGroup,
  timeout,
  waitFor,
} from "../../../host/index.js";
import { bothLoops, rejection, runFor, runOnce, within } from "../loop/both-loops.js";
import { KINDS, ofKind } from "../sync/both-kinds.js";

const test = bothLoops(suite("a late cancellation"));

/** Ways to get an item of a queue within something of ours. */
const ways: [name: string, get: (queue: Queue<string>) => Task<string>][] = [
  ["timeout of a generator", (queue) => timeout(5, () => takeFrom(queue))],
  ["timeout of an async function", (queue) => timeout(5, async () => await queue.get())],
  ["timeout of a future", (queue) => timeout(5, () => queue.get())],
  ["taskGroup", (queue) => taskGroup(async () => await queue.get())],
  ["semaphore.with", (queue) => new Semaphore().with(async () => await queue.get())],
  ["one within the other", (queue) => timeout(5, () => taskGroup(() => timeout(5, async () => await queue.get())))],
  ["waitFor", (queue) => waitFor(queue.get(), 5)],
  ["waitFor of a coroutine", (queue) => waitFor(takeFrom(queue), 5)],
  [
    "waitFor of a timeout",
    (queue) =>
      waitFor(
        timeout(5, () => takeFrom(queue)),
        5,
      ),
  ],
];

function* takeFrom(queue: Queue<string>): Coroutine<string> {
  return yield* queue.get();
}

/** Cancels a task that many iterations after what it waits for has come, and waits until it has ended. */
async function cancelLate(loop: EventLoop, iterations: number, task: Task<void>, come: () => void): Promise<void> {
  await within(loop, function* () {
    for (let turn = 0; turn < 60; turn++) yield;
    come();
    for (let turn = 0; turn < iterations; turn++) yield;
    task.cancel("late");
    for (let turn = 0; turn < 1000 && !task.done(); turn++) yield;
  });
}

for (const [way, get] of ways) {
  for (const kind of ["generator", "async function"]) {
    test(`leaves an item of a queue where it is, or with the ${kind} that got it by ${way}`, async (loop) => {
      for (let iterations = 0; iterations < 12; iterations++) {
        const queue = new Queue<string>();
        const trace: string[] = [];
        const body =
          kind === "generator"
            ? function* (): Coroutine<void> {
                trace.push(yield* get(queue));
                yield* sleep(100);
              }
            : async (): Promise<void> => {
                trace.push(await get(queue));
                await sleep(100);
              };
        const task = loop.createTask(body);
        await cancelLate(loop, iterations, task, () => queue.putNowait("x"));
        assert.is(trace.length + queue.qsize(), 1, `after ${iterations} iterations`);
        assert.ok(task.cancelled(), `after ${iterations} iterations`);
      }
    });
  }
}

test("of a function that ends with what it got leaves that with whoever awaits it", async (loop) => {
  for (let iterations = 0; iterations < 12; iterations++) {
    const queue = new Queue<string>();
    const task = loop.createTask(function* () {
      return yield* timeout(5, async () => await queue.get());
    });
    await cancelLate(loop, iterations, task as Task<unknown> as Task<void>, () => queue.putNowait("x"));
    assert.is((task.cancelled() ? 0 : 1) + queue.qsize(), 1, `after ${iterations} iterations`);
  }
});

test("leaves no lock locked", async (loop) => {
  const acquire: ((lock: Lock) => Task<boolean>)[] = [
    (lock) => timeout(5, () => lock.acquire()),
    (lock) => waitFor(lock.acquire(), 5),
  ];
  for (const way of acquire) {
    for (let iterations = 0; iterations < 10; iterations++) {
      for (const isFree of [true, false]) {
        const lock = new Lock();
        if (!isFree) await within(loop, async () => await lock.acquire());
        const task = loop.createTask(async () => {
          await way(lock);
          try {
            await sleep(100);
          } finally {
            lock.release();
          }
        });
        await cancelLate(loop, iterations, task, () => {
          if (!isFree) lock.release();
        });
        assert.ok(task.cancelled());
        assert.not.ok(lock.locked(), `after ${iterations} iterations`);
      }
    }
  }
});

test("gives back a lock that waitFor has got and that nobody has come to take", async (loop) => {
  const lock = new Lock();
  await within(loop, async () => {
    const waiting = waitFor(lock.acquire(), 5);
    waiting.cancel();
    await rejection(waiting);
  });
  assert.not.ok(lock.locked());
});

test("of a time limit loses nothing, if the function has just ended", async (loop) => {
  const queue = new Queue<string>();
  const got = await within(loop, function* () {
    let limit: Timeout | undefined;
    loop.callLater(0.001, () => {
      queue.putNowait("x");
      // Comes behind the step in which the function ends.
      limit?.reschedule(loop.time());
    });
    return yield* timeout(5, (mine) => {
      limit = mine;
      return queue.get();
    });
  });
  assert.is(got, "x");
});

test("comes to the next await when a function of ours has failed just then", async (loop) => {
  for (let iterations = 0; iterations < 6; iterations++) {
    const future = loop.createFuture<string>();
    const trace: string[] = [];
    const task = loop.createTask(async () => {
      try {
        await timeout(5, async () => await future);
      } catch (error) {
        if (error instanceof CancelledError) throw error;
        trace.push((error as Error).message);
      }
      await sleep(100);
    });
    await cancelLate(loop, iterations, task, () => future.setException(new Error("mine")));
    assert.ok(task.cancelled(), `after ${iterations} iterations`);
    future.exception();
    // In the iteration in which the future fails the cancellation is what the function sees.
    assert.is(trace.length, iterations === 0 ? 0 : 1, `after ${iterations} iterations`);
  }
});

test("by a group takes no error of its function away", async (loop) => {
  const errors = await within(loop, async () => {
    const both = loop.createFuture();
    let waiting = 0;
    const fails = (what: string) => async () => {
      waiting++;
      try {
        await both;
      } catch {
        throw new Error(what);
      }
    };
    const group = taskGroup(async (inner) => {
      inner.createTask(fails("task"));
      await sleep(0.001);
      await fails("function")();
    });
    while (waiting < 2) await sleep(0.001);
    both.setException(new Error("first"));
    return ((await rejection(group)) as unknown as ExceptionGroup).errors as Error[];
  });
  assert.equal(
    errors.map(({ message }) => message),
    ["task", "function"],
  );
});

test("that is taken back does not come any more", async (loop) => {
  const trace: string[] = [];
  const task: Task<void> = loop.createTask(function* () {
    const future = loop.createFuture<void>();
    loop.callSoon(() => {
      future.setResult();
      loop.callSoon(() => loop.callSoon(() => task.cancel()));
    });
    yield* timeout(5, async () => await future);
    trace.push(`left ${task.cancelling() > 0 ? task.uncancel() : 0}`);
    yield* sleep(0.001);
    trace.push("end");
  });
  await loop.runUntilComplete(task);
  assert.equal(trace, ["left 0", "end"]);
});

test("reaches an async function that has left futures of ours behind", async (loop) => {
  const leavers: (() => Promise<unknown>)[] = [
    () => Promise.race([sleep(0.001), sleep(100)]),
    async () => {
      void sleep(100).catch(() => {});
      await sleep(0.001);
    },
  ];
  for (const leave of leavers) {
    let hasLeft = false;
    let goOn = (): void => {};
    const task = loop.createTask(async () => {
      await leave();
      hasLeft = true;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await sleep(0.001);
      return "not cancelled";
    });
    while (!hasLeft) await runFor(loop, 0.001);
    task.cancel("enough");
    await runFor(loop, 0.001);
    // Going on in the same breath would look like an answer to the cancellation.
    await new Promise((resolve) => setImmediate(resolve));
    goOn();
    const error = (await rejection(loop.runUntilComplete(task))) as CancelledError;
    assert.is(error.name, "CancelledError");
    assert.is(error.message, "enough");
  }
});

test("comes once to an async function that waits for several and cleans up", async (loop) => {
  const trace: string[] = [];
  const first = loop.createTask(async () => await sleep(0.001));
  const task = loop.createTask(async () => {
    try {
      await Promise.all([first, sleep(100)]);
    } finally {
      await sleep(0.001);
      trace.push("cleaned up");
    }
  });
  await loop.runUntilComplete(first);
  await runFor(loop, 0.001);
  task.cancel();
  await rejection(loop.runUntilComplete(task));
  assert.equal(trace, ["cleaned up"]);
  assert.ok(task.cancelled());
});

/** Cancels a task that many iterations after a future has its result, and waits until the task has ended. */
function settleAndCancel(
  loop: EventLoop,
  task: Task<unknown>,
  future: Future<string>,
  iterations: number,
): Promise<void> {
  return cancelLate(loop, iterations, task as Task<void>, () => future.setResult("x"));
}

test("comes only once, though several of what is awaited tell of it", async (loop) => {
  for (let iterations = 0; iterations < 6; iterations++) {
    const future = loop.createFuture<string>();
    const trace: string[] = [];
    const task = loop.createTask(async () => {
      try {
        await Promise.all([timeout(5, async () => await future), sleep(100)]);
      } finally {
        await sleep(0);
        trace.push("cleaned up");
      }
    });
    await settleAndCancel(loop, task, future, iterations);
    assert.equal(trace, ["cleaned up"], `after ${iterations} iterations`);
    assert.ok(task.cancelled());
  }
});

test("comes only once, though what has left it is awaited again", async (loop) => {
  for (let iterations = 0; iterations < 6; iterations++) {
    const future = loop.createFuture<string>();
    const task = loop.createTask(async () => {
      const limited = timeout(5, async () => await future);
      try {
        await limited;
        await sleep(100);
      } catch {}
      const got = await limited.catch(() => "cancelled");
      await sleep(0);
      return got;
    });
    await settleAndCancel(loop, task, future, iterations);
    assert.not.ok(task.cancelled(), `after ${iterations} iterations`);
  }
});

test("is of nobody else", async (loop) => {
  const future = loop.createFuture<string>();
  const trace: string[] = [];
  const limited: Task<string>[] = [];
  const task = loop.createTask(async () => {
    const self = currentTask();
    loop.callSoon(() => self?.cancel());
    await sleep(1).catch(() => {});
    limited.push(timeout(5, async () => await future));
    trace.push((await limited[0]) as string);
    await sleep(0);
    trace.push("went on");
  });
  while (limited.length === 0) await runFor(loop, 0.001);
  future.setResult("x");
  // In the turn in which the function has ended.
  await runOnce(loop);
  await runOnce(loop);
  limited[0]?.cancel();
  await loop.runUntilComplete(task);
  assert.equal(trace, ["x", "went on"]);
});

for (const kind of ["generator", "async function"]) {
  test(`twice at once in a ${kind} counts twice, and is thrown once`, async (loop) => {
    for (let iterations = 0; iterations < 6; iterations++) {
      const future = loop.createFuture<string>();
      const body =
        kind === "generator"
          ? function* (): Coroutine<string> {
              try {
                yield* timeout(5, async () => await future);
                yield* sleep(100);
              } catch {}
              yield* sleep(0.0001);
              return "swallowed";
            }
          : async (): Promise<string> => {
              try {
                await timeout(5, async () => await future);
                await sleep(100);
              } catch {}
              await sleep(0.0001);
              return "swallowed";
            };
      const task = loop.createTask<string>(body);
      const cancelTwice = (): void => {
        task.cancel();
        task.cancel();
      };
      await within(loop, function* () {
        for (let turn = 0; turn < 30; turn++) yield;
        future.setResult("x");
        for (let turn = 0; turn < iterations; turn++) yield;
        cancelTwice();
      });
      assert.is(await loop.runUntilComplete(task), "swallowed", `after ${iterations} iterations`);
    }
  });
}

test("by the function itself, which ends at once, keeps what it came to", async (loop) => {
  for (const fails of [false, true]) {
    const queue = new Queue<string>();
    const trace: string[] = [];
    const task: Task<void> = loop.createTask(function* () {
      try {
        const got = yield* timeout(5, function* () {
          const item = yield* queue.get();
          task.cancel();
          if (fails) throw new Error(item);
          return item;
        });
        trace.push(got);
      } catch (error) {
        trace.push((error as Error).message);
      }
      yield* sleep(100);
    });
    loop.callLater(0.001, () => queue.putNowait("x"));
    await rejection(loop.runUntilComplete(task));
    assert.equal(trace, ["x"]);
    assert.ok(task.cancelled());
  }
});

test("is not heard by what was left behind and ends later", async (loop) => {
  const [first, second, third] = [0, 1, 2].map(() => loop.createFuture<string>());
  let goOn = (): void => {};
  let isWaiting = false;
  const task = loop.createTask(async () => {
    const slow = loop.createTask(async () => {
      try {
        await second;
      } finally {
        await sleep(0.001);
      }
    });
    await Promise.race([first, slow, third]);
    isWaiting = true;
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await sleep(0.001);
    return "not cancelled";
  });
  await runFor(loop, 0.001);
  third?.setResult("x");
  while (!isWaiting) await runFor(loop, 0.001);
  task.cancel();
  await runFor(loop, 0.005);
  await new Promise((resolve) => setImmediate(resolve));
  goOn();
  assert.is((await rejection(loop.runUntilComplete(task))).name, "CancelledError");
});

test("that is taken back in doubt does not come", async (loop) => {
  const never = loop.createFuture<void>();
  const task: Task<string> = loop.createTask(async () => {
    try {
      await Promise.all([never, sleep(0.001)]);
    } catch {
      task.uncancel();
    }
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await sleep(0.001);
    return "went on";
  });
  await runFor(loop, 0.005);
  task.cancel();
  assert.is(await loop.runUntilComplete(task), "went on");
});

test("is thrown when what is awaited cannot be cancelled, and the next one is not lost", async (loop) => {
  const done = loop.createFuture<number>();
  done.setResult(1);
  const task: Task<string> = loop.createTask(async () => {
    task.cancel("first");
    try {
      await gather([done]);
    } catch {}
    task.cancel("second");
    await new Promise((resolve) => setImmediate(resolve));
    await sleep(1);
    return "lost";
  });
  assert.is((await rejection(loop.runUntilComplete(task))).message, "second");
});

test("of tasks that wait for each other in a ring ends them, with a function of ours between", async (loop) => {
  const task: Task<void> = loop.createTask(function* () {
    yield* timeout(5, function* () {
      yield* task;
    });
  });
  loop.callLater(0.001, () => task.cancel());
  assert.is((await rejection(loop.runUntilComplete(task))).name, "CancelledError");
});

/** Fails when it is cancelled. */
function* failsCancelled(): Coroutine<void> {
  try {
    yield* sleep(100);
  } catch {
    throw new Error("clean-up");
  }
}

/** What a block of ours ends with, or its result. */
function* endOf(future: Future<unknown>): Coroutine<string> {
  try {
    return String(yield* future);
  } catch (error) {
    return (error as Error).name;
  }
}

for (const kind of KINDS) {
  const failing = ofKind(kind, function* (group: TaskGroup): Coroutine<void> {
    group.createTask(failsCancelled);
    yield* sleep(100);
  });
  const failingSoon = ofKind(kind, function* (group: TaskGroup): Coroutine<void> {
    group.createTask(function* () {
      yield* sleep(1);
      throw new Error("soon");
    });
    yield* sleep(100);
  });
  /** Ways to have a group of which something fails when it is cancelled. */
  const blocks: [name: string, make: () => Task<void>][] = [
    ["a group", () => taskGroup(failing)],
    ["a group with a limit", () => timeout(50, () => taskGroup(failing))],
    ["a group that is waited for", () => waitFor(taskGroup(failing), 50)],
  ];
  for (const [name, make] of blocks) {
    test.onVirtual(`after the errors of ${name} comes the cancellation, once, ${kind}`, async (loop) => {
      const trace: string[] = [];
      const task = loop.createTask(
        ofKind(kind, function* () {
          trace.push(yield* endOf(make()), `${currentTask()?.cancelling()}`);
          trace.push(yield* endOf(sleep(1)), yield* endOf(sleep(1, "slept")));
        }),
      );
      loop.callLater(1, () => task.cancel());
      await loop.runUntilComplete(task);
      assert.equal(trace, ["ExceptionGroup", "1", "CancelledError", "slept"]);
      assert.is(loop.time(), 2);
    });
  }

  test.onVirtual(
    `a limit whose time is over leaves no cancellation behind a group of errors, ${kind}`,
    async (loop) => {
      const trace: string[] = [];
      await within(
        loop,
        ofKind(kind, function* () {
          const limited = ofKind(kind, function* () {
            yield* taskGroup(failing);
          });
          trace.push(
            yield* endOf(timeout(1, limited)),
            `${currentTask()?.cancelling()}`,
            yield* endOf(sleep(1, "slept")),
          );
        }),
      );
      assert.equal(trace, ["ExceptionGroup", "0", "slept"]);
    },
  );

  for (const outerFirst of [true, false]) {
    const order = outerFirst ? "outer" : "inner";
    test.onVirtual(`of two groups that fail at once, the ${order} one first, both end, ${kind}`, async (loop) => {
      const trace: string[] = [];
      const fail = function* (): Coroutine<never> {
        yield* event;
        throw new Error("failed");
      };
      const event = loop.createFuture<void>();
      const inner = ofKind(kind, function* (group: TaskGroup): Coroutine<void> {
        group.createTask(fail);
        yield* sleep(100);
      });
      const outer = ofKind(kind, function* (group: TaskGroup): Coroutine<void> {
        if (outerFirst) group.createTask(fail);
        else
          group.createTask(function* () {
            yield;
            yield* fail();
          });
        trace.push(yield* endOf(taskGroup(inner)));
        trace.push(yield* endOf(sleep(100)));
      });
      const task = loop.createTask(
        ofKind(kind, function* () {
          trace.push(yield* endOf(taskGroup(outer)), `${currentTask()?.cancelling()}`);
          trace.push(yield* endOf(sleep(1, "slept")));
        }),
      );
      loop.callLater(1, () => event.setResult());
      await loop.runUntilComplete(task);
      assert.equal(trace, ["ExceptionGroup", "CancelledError", "ExceptionGroup", "0", "slept"]);
      assert.is(loop.time(), 2);
    });
  }

  test.onVirtual(`a group that fails by itself leaves nothing, ${kind}`, async (loop) => {
    const trace: string[] = [];
    await within(
      loop,
      ofKind(kind, function* () {
        trace.push(
          yield* endOf(taskGroup(failingSoon)),
          `${currentTask()?.cancelling()}`,
          yield* endOf(sleep(1, "slept")),
        );
      }),
    );
    assert.equal(trace, ["ExceptionGroup", "0", "slept"]);
  });

  test.onVirtual(`the error of a task of the user's takes the place of its cancellation, ${kind}`, async (loop) => {
    const trace: string[] = [];
    const task = loop.createTask(
      ofKind(kind, function* () {
        const body = ofKind(kind, function* () {
          yield* taskGroup(failing);
        });
        trace.push(yield* endOf(loop.createTask(body)), yield* endOf(sleep(1, "slept")));
      }),
    );
    loop.callLater(1, () => task.cancel());
    await loop.runUntilComplete(task);
    assert.equal(trace, ["ExceptionGroup", "slept"]);
  });
}

test.run();

/** Cancelling tasks: at which point it is thrown, how often it counts, and what a task may make of it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, type Coroutine, currentTask, type Future, sleep, type Task } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, countIterations, rejection, runFor, runOnce } from "../loop/both-loops.js";
import { KINDS, ofKind } from "../sync/both-kinds.js";

const test = bothLoops(suite("cancelling a task"));

type Awaits = (future: Future<unknown>) => () => Coroutine<string> | Promise<string>;

/** Bodies that wait for a future and return what came of that. */
const forms: [name: string, returnsWhatCame: Awaits, passesOn: Awaits][] = [
  [
    "generator",
    (future) =>
      function* () {
        try {
          return `value ${String(yield* future)}`;
        } catch (error) {
          return `${(error as Error).name} ${(error as Error).message}`;
        }
      },
    (future) =>
      function* () {
        return String(yield* future);
      },
  ],
  [
    "async function",
    (future) => async () => {
      try {
        return `value ${String(await future)}`;
      } catch (error) {
        return `${(error as Error).name} ${(error as Error).message}`;
      }
    },
    (future) => async () => String(await future),
  ],
];

for (const [form, returnsWhatCame, passesOn] of forms) {
  test(`throws into a ${form} where it waits, and cancels what it waits for`, async (loop) => {
    const future = loop.createFuture();
    const task = loop.createTask(returnsWhatCame(future));
    await runOnce(loop);
    assert.is(task.cancel("enough"), true);
    assert.ok(future.cancelled());
    assert.not.ok(task.done());
    assert.is(await loop.runUntilComplete(task), "CancelledError enough");
    assert.not.ok(task.cancelled());
  });

  test(`ends a ${form} that lets it through`, async (loop) => {
    const contexts = contextsOf(loop);
    const task = loop.createTask(passesOn(loop.createFuture()));
    await runOnce(loop);
    task.cancel("enough");
    const error = await rejection(loop.runUntilComplete(task));
    assert.instance(error, CancelledError);
    assert.is(error.message, "enough");
    assert.ok(task.cancelled());
    assert.is(task.cancel(), false);
    assert.instance(
      thrownBy(() => task.exception()),
      CancelledError,
    );
    assert.equal(contexts, []);
  });

  test(`before the first step, a ${form} never begins`, async (loop) => {
    const future = loop.createFuture();
    let began = false;
    const task = loop.createTask(() => {
      began = true;
      return passesOn(future)() as Promise<string>;
    });
    assert.ok(task.cancel("too early"));
    assert.not.ok(task.done());
    await runOnce(loop);
    assert.ok(task.cancelled());
    assert.not.ok(began);
    assert.is(thrownBy(() => task.result()).message, "too early");
    assert.not.ok(future.done());
  });

  test(`after what a ${form} waits for is done, but before it goes on, it is thrown all the same`, async (loop) => {
    const future = loop.createFuture();
    const task = loop.createTask(returnsWhatCame(future));
    await runOnce(loop);
    future.setResult("too late");
    task.cancel("first");
    assert.is(await loop.runUntilComplete(task), "CancelledError first");
  });

  test(`by itself, a ${form} is cancelled at its next await`, async (loop) => {
    const future = loop.createFuture();
    let after = false;
    const task: Task<string> = loop.createTask(
      form === "generator"
        ? function* () {
            task.cancel("myself");
            after = true;
            yield* future;
            return "unreachable";
          }
        : async () => {
            task.cancel("myself");
            after = true;
            await future;
            return "unreachable";
          },
    );
    assert.is((await rejection(loop.runUntilComplete(task))).message, "myself");
    assert.ok(after && task.cancelled());
    assert.ok(future.cancelled());
  });

  test(`a ${form} that returns without another await is cancelled nevertheless`, async (loop) => {
    const task: Task<string> = loop.createTask(
      form === "generator"
        ? function* (): Coroutine<string> {
            yield;
            task.cancel();
            return "value";
          }
        : async () => {
            await sleep(0);
            task.cancel();
            return "value";
          },
    );
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.ok(task.cancelled());
  });

  test(`a ${form} that swallows it goes on, and can be cancelled again`, async (loop) => {
    const caught: string[] = [];
    const waits = [loop.createFuture(), loop.createFuture(), loop.createFuture()];
    const task = loop.createTask(
      form === "generator"
        ? function* () {
            for (const future of waits) {
              try {
                yield* future;
              } catch (error) {
                caught.push((error as Error).message);
              }
            }
          }
        : async () => {
            for (const future of waits) {
              try {
                await future;
              } catch (error) {
                caught.push((error as Error).message);
              }
            }
          },
    );
    for (const message of ["one", "two", "three"]) {
      await runOnce(loop);
      await runOnce(loop);
      task.cancel(message);
    }
    await loop.runUntilComplete(task);
    assert.equal(caught, ["one", "two", "three"]);
    assert.is(task.cancelling(), 3);
  });

  test(`a ${form} that raises another error while it is cancelled fails with that`, async (loop) => {
    const error = new Error("while cleaning up");
    const future = loop.createFuture();
    const task = loop.createTask(
      form === "generator"
        ? function* () {
            try {
              yield* future;
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
              throw error;
            }
          }
        : async () => {
            try {
              await future;
            } finally {
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
              throw error;
            }
          },
    );
    await runOnce(loop);
    task.cancel();
    assert.is(await rejection(loop.runUntilComplete(task)), error);
    assert.not.ok(task.cancelled());
  });

  test(`a ${form} may wait while it cleans up`, async (loop) => {
    const trace: string[] = [];
    const task = loop.createTask(
      form === "generator"
        ? function* () {
            try {
              yield* sleep(3600);
            } finally {
              yield* sleep(0.0005);
              trace.push("cleaned up");
            }
          }
        : async () => {
            try {
              await sleep(3600);
            } finally {
              await sleep(0.0005);
              trace.push("cleaned up");
            }
          },
    );
    await runOnce(loop);
    task.cancel();
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.equal(trace, ["cleaned up"]);
  });

  test(`twice before a ${form} goes on counts two and throws one`, async (loop) => {
    const task = loop.createTask(returnsWhatCame(loop.createFuture()));
    await runOnce(loop);
    task.cancel("a");
    task.cancel("b");
    assert.is(task.cancelling(), 2);
    assert.match(await loop.runUntilComplete(task), /^CancelledError/);
    assert.is(task.cancelling(), 2);
  });
}

test("cancelling counts, uncancel takes back, down to none", async (loop) => {
  const task = loop.createTask(function* () {
    try {
      yield* sleep(3600);
    } catch {
      yield;
    }
  });
  assert.is(task.cancelling(), 0);
  assert.is(task.uncancel(), 0);
  await runOnce(loop);
  task.cancel();
  assert.is(task.cancelling(), 1);
  assert.is(task.uncancel(), 0);
  task.cancel();
  task.cancel();
  assert.is(task.uncancel(), 1);
  await loop.runUntilComplete(task);
  assert.is(task.cancelling(), 1);
  assert.is(task.uncancel(), 0);
  assert.is(task.uncancel(), 0);
});

for (const kind of KINDS) {
  test(`a cancellation of a ${kind} that is taken back before it was thrown is not thrown`, async (loop) => {
    const trace: string[] = [];
    const task = loop.createTask(
      ofKind(kind, function* () {
        const me = currentTask() as Task;
        me.cancel();
        assert.is(me.uncancel(), 0);
        yield* sleep(0);
        me.cancel();
        me.cancel();
        assert.is(me.uncancel(), 1);
        try {
          yield* sleep(0);
        } catch (error) {
          trace.push((error as Error).name);
        }
        me.cancel();
        assert.equal([me.uncancel(), me.uncancel()], [1, 0]);
        return "returned";
      }),
    );
    assert.is(await loop.runUntilComplete(task), "returned");
    assert.equal(trace, ["CancelledError"]);
  });
}
test("a cancellation that is taken back before it is thrown is not", async (loop) => {
  const bodies = { *generator() {}, asyncFunction: async () => {} };
  for (const body of Object.values(bodies)) {
    const task = loop.createTask<void>(body);
    task.cancel();
    task.cancel();
    assert.is(task.uncancel(), 1);
    assert.is(task.uncancel(), 0);
    assert.is(await loop.runUntilComplete(task), undefined);
  }
  const again = loop.createTask(async () => {});
  again.cancel();
  again.uncancel();
  again.cancel("for good");
  assert.match(String(await loop.runUntilComplete(rejection(again))), /for good/);
});

test("a task that is thrown a CancelledError by what it waits for is cancelled", async (loop) => {
  const future = loop.createFuture();
  const task = loop.createTask(function* () {
    yield* future;
  });
  await runOnce(loop);
  future.cancel("the future's own");
  assert.is((await rejection(loop.runUntilComplete(task))).message, "the future's own");
  assert.ok(task.cancelled());
  assert.is(task.cancelling(), 0);
});

test("a task that throws a CancelledError of its own is cancelled", async (loop) => {
  for (const body of [
    function* (): Coroutine<void> {
      yield;
      throw new CancelledError("own");
    },
    async () => {
      throw new CancelledError("own");
    },
  ]) {
    const task = loop.createTask(body);
    assert.is((await rejection(loop.runUntilComplete(task))).message, "own");
    assert.ok(task.cancelled());
  }
});

test("reaches through the tasks that it waits for to the last one", async (loop) => {
  const trace: string[] = [];
  const note = (name: string, wait: () => Coroutine<unknown>) =>
    function* () {
      try {
        yield* wait();
      } catch (error) {
        trace.push(`${name} ${(error as Error).message}`);
        throw error;
      }
    };
  const future = loop.createFuture();
  const inner = loop.createTask(note("inner", () => future[Symbol.iterator]() as Coroutine<unknown>));
  const middle = loop.createTask(note("middle", () => inner[Symbol.iterator]() as Coroutine<unknown>));
  const outer = loop.createTask(note("outer", () => middle[Symbol.iterator]() as Coroutine<unknown>));
  await runOnce(loop);
  outer.cancel("all");
  assert.equal(
    [inner, middle, outer].map((task) => task.cancelling()),
    [1, 1, 1],
  );
  await rejection(loop.runUntilComplete(outer));
  assert.equal(trace, ["inner all", "middle all", "outer all"]);
});

test("stops at an inner task that swallows it", async (loop) => {
  const inner = loop.createTask(async () => {
    try {
      await sleep(3600);
    } catch {
      return "swallowed";
    }
    return "slept";
  });
  const outer = loop.createTask(async () => await inner);
  await runOnce(loop);
  outer.cancel();
  assert.is(await loop.runUntilComplete(outer), "swallowed");
  assert.not.ok(inner.cancelled() || outer.cancelled());
});

test("reaches everything that an async function waits for at the time", async (loop) => {
  const futures = [loop.createFuture(), loop.createFuture(), loop.createFuture()];
  const task = loop.createTask(async () => {
    await Promise.all(futures);
  });
  await runOnce(loop);
  task.cancel("all");
  assert.ok(futures.every((future) => future.cancelled()));
  assert.is((await rejection(loop.runUntilComplete(task))).message, "all");
});

test("of an async function that awaits a promise takes effect at its next await of a future", async (loop) => {
  const trace: string[] = [];
  let resolve = (_value: string): void => {};
  const promise = new Promise<string>((settle) => (resolve = settle));
  const task = loop.createTask(async () => {
    trace.push(await promise);
    await sleep(0);
    trace.push("unreachable");
  });
  await runOnce(loop);
  task.cancel();
  resolve("the promise came first");
  await rejection(loop.runUntilComplete(task));
  assert.equal(trace, ["the promise came first"]);
});

test("aborts the task's signal, for what is not ours", async (loop) => {
  const reasons: unknown[] = [];
  const task = loop.createTask(async () => {
    const signal = currentTask()?.signal as AbortSignal;
    assert.not.ok(signal.aborted);
    assert.is(currentTask()?.signal, signal);
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reasons.push(signal.reason);
        reject(signal.reason);
      });
    });
  });
  await runOnce(loop);
  task.cancel("the reason");
  assert.is((await rejection(loop.runUntilComplete(task))).message, "the reason");
  assert.ok(task.cancelled());
  assert.instance(reasons[0], CancelledError);
  assert.ok(task.signal.aborted);
});

test("aborts the signals of the tasks that it reaches", async (loop) => {
  const inner = loop.createTask(
    () =>
      new Promise<void>((_resolve, reject) =>
        inner.signal.addEventListener("abort", () => reject(inner.signal.reason)),
      ),
  );
  const middle = loop.createTask(function* () {
    yield* inner;
  });
  const { signal } = middle;
  const outer = loop.createTask(async () => await middle);
  await runOnce(loop);
  await runOnce(loop);
  outer.cancel("all");
  assert.ok(signal.aborted && inner.signal.aborted);
  assert.is((await rejection(loop.runUntilComplete(outer))).message, "all");
});

test("a signal that is asked for after a cancellation is aborted already", async (loop) => {
  const task = loop.createTask(async () => {
    await Promise.resolve();
    return currentTask()?.signal.aborted;
  });
  loop.callSoon(() => task.cancel());
  let resolve = (): void => {};
  const late: Task<boolean> = loop.createTask(async () => {
    await new Promise<void>((settle) => (resolve = settle));
    return late.signal.aborted;
  });
  await runFor(loop, 0.0005);
  late.cancel();
  resolve();
  await rejection(loop.runUntilComplete(late));
  assert.ok(late.signal.aborted);
  await rejection(loop.runUntilComplete(task)).catch(() => {});
});

test("may come from within a signal's listener, for the same task and for others", async (loop) => {
  const other = loop.createTask(async () => await loop.createFuture());
  const task: Task<void> = loop.createTask(async () => {
    await loop.createFuture();
  });
  task.signal.addEventListener("abort", () => {
    task.cancel("again");
    other.cancel("and you");
  });
  await runOnce(loop);
  task.cancel("first");
  assert.is(task.cancelling(), 2);
  assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
  assert.is((await rejection(loop.runUntilComplete(other))).message, "and you");
});

test("waits for no iteration more than the waiting itself", async (loop) => {
  const iterations = countIterations(loop);
  const task = loop.createTask(function* () {
    try {
      yield* loop.createFuture();
    } catch {
      return iterations.count;
    }
    return -1;
  });
  await runOnce(loop);
  const before = iterations.count;
  task.cancel();
  assert.is(await loop.runUntilComplete(task), before + 1);
  iterations.stop();
});

test("twice in one turn throws the message of the first", async (loop) => {
  for (const body of [
    async () => await sleep(10),
    function* () {
      yield* sleep(10);
    },
  ]) {
    const task = loop.createTask<void>(body);
    await runFor(loop, 0.001);
    task.cancel("first");
    task.cancel("second");
    assert.is((await rejection(loop.runUntilComplete(task))).message, "first");
  }
});

test.run();

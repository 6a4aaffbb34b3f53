/**
 * Groups of tasks, held against the checks of CPython's own: Lib/test/test_asyncio/test_taskgroups.py of 3.12.
 *
 * Not here is what needs an `async with` that can be entered twice or not at all: a group is there as long as its function. What CPython tries with
 * exceptions that are no `Exception` is tried with those that end the loop, the only ones that are different here.
 *
 * Does not own: what task-group.test.ts says already.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  currentTask,
  type EventLoop,
  ExceptionGroup,
  KeyboardInterrupt,
  sleep,
  type Task,
  type TaskGroup,
  taskGroup,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { failureOf, KINDS, type Kind, ofKind } from "../sync/both-kinds.js";
import { bothLoops, rejection, within } from "./both-loops.js";

const test = bothLoops(suite("taskGroup, as CPython tests it"));

class MyError extends Error {
  override readonly name = "MyError";
}

/** The names of errors; of a group a list of what is in it. */
type Names = string | Names[];

function namesOf(error: unknown): Names {
  return error instanceof ExceptionGroup ? error.errors.map(namesOf) : (error as Error).name;
}

/** Sleeps, then fails, in time or when it is cancelled. */
function* failAfter(seconds: number, error: new () => Error = MyError): Coroutine<never> {
  try {
    yield* sleep(seconds);
  } catch {}
  throw new error();
}

/** Sleeps, then returns. */
function* after<T>(seconds: number, value: T): Coroutine<T> {
  return yield* sleep(seconds, value);
}

/** Sleeps for ever, and notes when it is cancelled. */
function* waitCounted(cancelled: string[], name: string): Coroutine<void> {
  try {
    yield* sleep(3600);
  } catch (error) {
    if (error instanceof CancelledError) cancelled.push(name);
    throw error;
  }
}

/** Awaits a group in a task, as a coroutine of a kind does, and says how that ended. */
async function namesFrom(
  loop: EventLoop,
  kind: Kind,
  body: (group: TaskGroup) => Coroutine<unknown>,
  cancelAfter?: number,
): Promise<Names> {
  const task = loop.createTask(
    ofKind(kind, function* () {
      yield* taskGroup(ofKind(kind, body));
    }),
  );
  if (cancelAfter !== undefined) loop.callLater(cancelAfter, () => task.cancel());
  return namesOf(await rejection(loop.runUntilComplete(task)));
}

for (const kind of KINDS) {
  test.onVirtual(`has the results of tasks that were made at once, and later, ${kind}`, async (loop) => {
    for (const pause of [0, 0.15]) {
      const body = ofKind(kind, function* (group: TaskGroup) {
        const first = group.createTask(() => after(0.1, 42));
        yield* sleep(pause);
        return [first, group.createTask(() => after(0.2, 11))];
      });
      const tasks = await within(loop, () => taskGroup(body));
      assert.equal(
        tasks.map((task) => task.result()),
        [42, 11],
      );
    }
  });

  test.onVirtual(`makes tasks after one of them was cancelled, ${kind}`, async (loop) => {
    const body = ofKind(kind, function* (group: TaskGroup) {
      const first = group.createTask(() => after(1, 42));
      yield* sleep(0.15);
      first.cancel();
      return [first, group.createTask(() => after(0.2, 11))] as const;
    });
    const [first, second] = await within(loop, () => taskGroup(body));
    assert.equal([first.cancelled(), second.result(), loop.time()], [true, 11, 0.35]);
  });

  test.onVirtual(
    `tells of all that fail in the same iteration, and cancels the rest and the function, ${kind}`,
    async (loop) => {
      const cancelled: string[] = [];
      const names = await namesFrom(loop, kind, function* (group) {
        for (let number = 0; number < 3; number++) group.createTask(() => failAfter(0.1));
        group.createTask(() => waitCounted(cancelled, "task"));
        yield* waitCounted(cancelled, "function");
      });
      assert.equal([names, cancelled, loop.time()], [["MyError", "MyError", "MyError"], ["task", "function"], 0.1]);
    },
  );

  for (const isBusy of [false, true]) {
    const where = isBusy ? "and the function" : "after the function";
    test.onVirtual(`that is cancelled cancels all its tasks ${where}, ${kind}`, async (loop) => {
      const cancelled: string[] = [];
      const body = function* (group: TaskGroup) {
        for (let number = 0; number < 5; number++) group.createTask(() => waitCounted(cancelled, "task"));
        if (isBusy) yield* waitCounted(cancelled, "function");
      };
      assert.is(await namesFrom(loop, kind, body, 0.1), "CancelledError");
      assert.equal(cancelled.sort(), [...(isBusy ? ["function"] : []), ...Array(5).fill("task")]);
    });
  }

  test.onVirtual(`that is cancelled is cancelled, also without tasks, ${kind}`, async (loop) => {
    const cancelled: string[] = [];
    const body = () => waitCounted(cancelled, "function");
    assert.equal([await namesFrom(loop, kind, body, 0.1), cancelled], ["CancelledError", ["function"]]);
  });

  test.onVirtual(`that is cancelled fails if its tasks fail of that, ${kind}`, async (loop) => {
    const body = function* (group: TaskGroup) {
      for (let number = 0; number < 5; number++) group.createTask(() => failAfter(10));
      yield* sleep(10);
    };
    assert.equal(await namesFrom(loop, kind, body, 0.1), Array(5).fill("MyError"));
  });

  test.onVirtual(`that is cancelled fails if its function fails of that, ${kind}`, async (loop) => {
    assert.equal(await namesFrom(loop, kind, () => failAfter(10), 0.1), ["MyError"]);
  });

  for (const pause of [0.1, 0]) {
    const when = pause === 0 ? "before its tasks have begun" : "while its tasks run";
    test.onVirtual(`fails if its function fails ${when}, and all are cancelled, ${kind}`, async (loop) => {
      const tasks: Task<number>[] = [];
      const names = await namesFrom(loop, kind, function* (group) {
        for (const seconds of [1, 2]) tasks.push(group.createTask(() => after(seconds, 42)));
        if (pause > 0) yield* sleep(pause);
        throw new MyError();
      });
      assert.equal(names, ["MyError"]);
      assert.ok(tasks.every((task) => task.cancelled()));
    });
  }

  for (const others of [0, 1]) {
    test.onVirtual(
      `within one with ${others} tasks passes its failures on when both are cancelled, ${kind}`,
      async (loop) => {
        const inner = ofKind(kind, function* (group: TaskGroup) {
          for (let number = 0; number < 5; number++) group.createTask(() => failAfter(10));
          yield* sleep(10);
        });
        const outer = function* (group: TaskGroup) {
          for (let number = 0; number < others; number++) group.createTask(() => after(10, null));
          yield* taskGroup(inner);
        };
        assert.equal(await namesFrom(loop, kind, outer, 0.1), [Array(5).fill("MyError")]);
      },
    );
  }

  for (const [outside, inside, names] of [
    [0.1, 10, ["MyError"]],
    [10, 0.1, [["MyError"]]],
  ] as const) {
    const which = outside < inside ? "outer" : "inner";
    test.onVirtual(`within another one, the failure of the ${which} one cancels the other, ${kind}`, async (loop) => {
      function* crash(seconds: number): Coroutine<never> {
        yield* sleep(seconds);
        throw new MyError();
      }
      const inner = ofKind(kind, function* (group: TaskGroup) {
        group.createTask(() => crash(inside));
        yield;
      });
      const found = await namesFrom(loop, kind, function* (group) {
        group.createTask(() => crash(outside));
        yield* taskGroup(inner);
      });
      assert.equal([found, loop.time()], [names, 0.1]);
    });
  }

  for (const depth of ["in the task that is cancelled", "in one that it awaits"]) {
    test.onVirtual(`fails if a task does while the cancelled function cleans up, ${depth}, ${kind}`, async (loop) => {
      const runner = ofKind(kind, function* () {
        yield* taskGroup(
          ofKind(kind, function* (group: TaskGroup) {
            group.createTask(() => failAfter(0.3));
            try {
              yield* sleep(10);
            } catch (error) {
              yield* sleep(0.5);
              throw error;
            }
          }),
        );
      });
      const nested = ofKind(kind, function* () {
        yield* loop.createTask(runner);
      });
      const task = loop.createTask(depth.includes("one") ? nested : runner);
      loop.callLater(0.1, () => task.cancel());
      assert.equal(namesOf(await rejection(loop.runUntilComplete(task))), ["MyError"]);
    });
  }

  test.onVirtual(`tells of a task's failure first, then of the function's that comes of it, ${kind}`, async (loop) => {
    const names = await namesFrom(loop, kind, function* (group) {
      group.createTask(() => failAfter(0.1, TypeError));
      yield* failAfter(10);
    });
    assert.equal(names, ["TypeError", "MyError"]);
  });

  test.onVirtual(`forgets tasks that have ended, ${kind}`, async (loop) => {
    const texts: string[] = [];
    const body = ofKind(kind, function* (group: TaskGroup) {
      for (let number = 0; number < 10; number++) {
        yield* sleep(0.1);
        group.createTask(() => after(0.35, null));
      }
      texts.push(String(group));
      yield* sleep(1);
      texts.push(String(group));
    });
    await within(loop, () => taskGroup(body));
    assert.equal(texts, ["<TaskGroup tasks=4>", "<TaskGroup>"]);
  });

  test.onVirtual(`waits for tasks that its tasks make after the function has ended, ${kind}`, async (loop) => {
    const made: Task<number>[] = [];
    const root = (group: TaskGroup) =>
      ofKind(kind, function* () {
        yield* sleep(0.1);
        for (const seconds of [0.1, 0.2]) made.push(group.createTask(() => after(seconds, 42)));
      });
    await within(loop, () => taskGroup(async (group) => void group.createTask(root(group))));
    assert.equal([made.map((task) => task.result()), Math.round(loop.time() * 10)], [[42, 42], 3]);
  });

  test.onVirtual(`ends tasks that keep making others once one fails, ${kind}`, async (loop) => {
    let heads = 0;
    const hydra = (group: TaskGroup) =>
      ofKind(kind, function* (): Coroutine<void> {
        heads++;
        yield* sleep(0.01);
        group.createTask(hydra(group));
        group.createTask(hydra(group));
      });
    const hercules = ofKind(kind, function* () {
      while (heads < 10) yield* sleep(0.015);
      throw new MyError();
    });
    const names = await namesFrom(loop, kind, function* (group) {
      group.createTask(hydra(group));
      group.createTask(hercules);
      yield;
    });
    assert.equal(names, ["MyError"]);
    assert.ok(heads >= 10);
  });

  test.onVirtual(`makes no task for one of its own that cleans up after another's failure, ${kind}`, async (loop) => {
    const codes: (string | undefined)[] = [];
    const names = await namesFrom(loop, kind, function* (group) {
      group.createTask(() => failAfter(0.001));
      group.createTask(
        ofKind(kind, function* () {
          yield* failureOf(sleep(1));
          codes.push(thrownBy(() => group.createTask(() => failAfter(0.001))).code);
        }),
      );
      yield;
    });
    assert.equal([names, codes], [["MyError"], ["ERR_GROUP_ABORTING"]]);
  });

  test(`leaves no cancellation with whoever awaits it, though function and task have failed, ${kind}`, async (loop) => {
    const failing = ofKind(kind, function* (group: TaskGroup) {
      group.createTask(() => failAfter(0));
      yield* failAfter(3600);
    });
    const body = ofKind(kind, function* () {
      const error = yield* failureOf(taskGroup(failing));
      yield* sleep(0);
      return [namesOf(error), currentTask()?.cancelling()];
    });
    assert.equal(await within(loop, body), [["MyError", "MyError"], 0]);
  });

  test(`gives its tasks what is stored where they were made, ${kind}`, async (loop) => {
    const storage = new AsyncLocalStorage<number>();
    const read = ofKind(kind, function* () {
      yield* sleep(0);
      return storage.getStore();
    });
    const body = ofKind(kind, function* (group: TaskGroup) {
      const tasks = [1, 2].map((value) => storage.run(value, () => group.createTask(read)));
      return [yield* tasks[0] as Task, yield* tasks[1] as Task];
    });
    assert.equal(await within(loop, () => taskGroup(body)), [1, 2]);
  });
}

test.onVirtual("ends with what ends the loop, when its function throws that", async (loop) => {
  const awaiting = loop.createTask(() =>
    taskGroup(function* (group) {
      group.createTask(() => failAfter(0.1));
      yield* failAfter(10, KeyboardInterrupt);
    }),
  );
  // The group ends one run with it, and whoever awaits the group the next one.
  assert.instance(await rejection(loop.runForever()), KeyboardInterrupt);
  assert.not(awaiting.done());
  assert.instance(await rejection(loop.runUntilComplete(awaiting)), KeyboardInterrupt);
});

test.onVirtual("ends with what has ended the loop, when a task has thrown that, whatever else fails", async (loop) => {
  const cancelled: string[] = [];
  const awaiting = loop.createTask(() =>
    taskGroup(function* (group) {
      group.createTask(() => waitCounted(cancelled, "task"));
      group.createTask(() => failAfter(0.1, KeyboardInterrupt));
      yield* failAfter(10);
    }),
  );
  // The task ends one run with it, the group the next one, and whoever awaits the group the last.
  for (let run = 0; run < 2; run++) assert.instance(await rejection(loop.runForever()), KeyboardInterrupt);
  assert.not(awaiting.done());
  assert.instance(await rejection(loop.runUntilComplete(awaiting)), KeyboardInterrupt);
  assert.equal(cancelled, ["task"]);
});

test("needs no task of whoever calls it", async (loop) => {
  const ended = loop.createFuture<unknown>();
  loop.callSoon(() => {
    const group = taskGroup(async (made) => await made.createTask(() => after(0, 42)));
    group.addDoneCallback((task) => ended.setResult(task.result()));
  });
  assert.is(await loop.runUntilComplete(ended), 42);
});

for (const kind of KINDS) {
  // Of 3.13, as are the next two.
  test(`leaves a cancellation that comes with an error to what follows (${kind})`, async (loop) => {
    const trace: unknown[] = [];
    const failing = loop.createFuture<void>();
    const inner = loop.createTask(
      ofKind(kind, function* (): Coroutine<void> {
        try {
          yield* taskGroup(function* (group) {
            group.createTask(function* (): Coroutine<void> {
              failing.setResult(undefined);
              yield* sleep(0);
              throw new MyError();
            });
            yield* sleep(1);
          });
        } catch (error) {
          trace.push(namesOf(error), currentTask()?.cancelling());
        }
        trace.push(currentTask()?.cancelling());
        yield* sleep(1);
        trace.push("goes on");
      }),
    );
    const outer = loop.createTask(function* (): Coroutine<void> {
      yield* failing;
      inner.cancel();
      trace.push(inner.cancelling());
      yield* inner;
    });
    assert.instance(await rejection(loop.runUntilComplete(outer)), CancelledError);
    assert.ok(inner.cancelled());
    assert.equal(trace, [1, ["MyError"], 1, 1]);
  });

  test(`counts no cancellation of its own afterwards (${kind})`, async (loop) => {
    const task = loop.createTask(
      ofKind(kind, function* (): Coroutine<unknown> {
        const group = taskGroup(function* (made) {
          made.createTask(() => failAfter(0));
        });
        try {
          yield* group;
        } catch (error) {
          return [namesOf(error), currentTask()?.cancelling(), group.cancelling()];
        }
        return null;
      }),
    );
    assert.equal(await loop.runUntilComplete(task), [["MyError"], 0, 0]);
  });

  test(`inside of another one leaves that its cancellation when both fail (${kind})`, async (loop) => {
    const trace: unknown[] = [];
    const task = loop.createTask(
      ofKind(kind, function* (): Coroutine<void> {
        const outer = taskGroup(function* (outerGroup) {
          const inner = taskGroup(function* (innerGroup) {
            innerGroup.createTask(() => failAfter(0));
            outerGroup.createTask(() => failAfter(0, RangeError));
          });
          try {
            yield* inner;
          } catch (error) {
            trace.push(namesOf(error));
          }
          trace.push(currentTask()?.cancelling());
        });
        try {
          yield* outer;
        } catch (error) {
          trace.push(namesOf(error));
        }
        trace.push(currentTask()?.cancelling());
      }),
    );
    await loop.runUntilComplete(task);
    assert.equal(trace, [["MyError"], 1, ["RangeError"], 0]);
  });
}

test("hears a turn later of a task that starts and fails at once, and does not cancel its function in the step", async (loop) => {
  const group = loop.createTask(() =>
    taskGroup(function* (made) {
      made.createTask(() => failAfter(0), { eagerStart: true });
      made.createTask(
        async () => {
          throw new MyError();
        },
        { eagerStart: true },
      );
      made.createTask(
        // biome-ignore lint/correctness/useYield: it fails in its first step
        function* (): Coroutine<void> {
          throw new RangeError();
        },
        { eagerStart: true },
      );
      const last = made.createTask(() => after(3600, 1));
      assert.is(currentTask()?.cancelling(), 0);
      yield;
      assert.is(thrownBy(() => made.createTask(() => after(0, 1))).code, "ERR_GROUP_ABORTING");
      yield* last;
    }),
  );
  assert.equal(namesOf(await rejection(loop.runUntilComplete(group))).length, 3);
});

test.run();

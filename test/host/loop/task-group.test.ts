/** Task groups: nothing outlives them, the first error ends them, and whose cancellation it was. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type EventLoop,
  sleep,
  type Task,
  type TaskGroup,
  TimeoutError,
  taskGroup,
  timeout,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "./both-loops.js";

const test = bothLoops(suite("taskGroup"));

function* after<T>(seconds: number, result: T) {
  yield* sleep(seconds);
  return result;
}

function* failsAfter(seconds: number, message: string) {
  yield* sleep(seconds);
  throw new Error(message);
}

function* noBody() {
  yield;
}

/** The messages of the errors that a group failed with. */
async function errorsOf(loop: EventLoop, task: Task): Promise<string[]> {
  const error = await rejection(loop.runUntilComplete(task));
  assert.instance(error, AggregateError);
  return (error as AggregateError).errors.map((each: Error) => each.message);
}

test("waits for all of its tasks, and comes to what the body returns", async (loop) => {
  const done: string[] = [];
  const generator = loop.createTask(function* () {
    const made = yield* taskGroup(function* (group) {
      const tasks = [0.002, 0.001].map((seconds) => group.createTask(after(seconds, `${seconds}`)));
      for (const task of tasks) task.addDoneCallback(() => done.push(task.result()));
      yield;
      return tasks;
    });
    assert.ok(made.every((task) => task.done()));
    return made.map((task) => task.result());
  });
  assert.equal(await loop.runUntilComplete(generator), ["0.002", "0.001"]);
  assert.equal(done, ["0.001", "0.002"]);
  const asynchronous = loop.createTask(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        await sleep(0.001);
        done.push("async");
      });
      return "returned";
    }),
  );
  assert.is(await loop.runUntilComplete(asynchronous), "returned");
  assert.is(done.at(-1), "async");
});

test("one without tasks comes to what its body does", async (loop) => {
  const task = loop.createTask(function* () {
    return yield* taskGroup(function* () {
      yield;
      return 1;
    });
  });
  assert.is(await loop.runUntilComplete(task), 1);
});

test("names its tasks", async (loop) => {
  const task = loop.createTask(() =>
    taskGroup(async (group) => group.createTask(after(0, 1), { name: "named" }).getName()),
  );
  assert.is(await loop.runUntilComplete(task), "named");
});

test("the first that fails has the others and the body cancelled", async (loop) => {
  for (const isAsync of [false, true]) {
    const cancelled: string[] = [];
    function* noting(what: string) {
      try {
        yield* sleep(1000);
      } catch (error) {
        cancelled.push(what);
        throw error;
      }
    }
    const task = loop.createTask<unknown>(
      isAsync
        ? () =>
            taskGroup(async (group) => {
              group.createTask(noting("other"));
              group.createTask(failsAfter(0.001, "mine"));
              try {
                await sleep(1000);
              } catch (error) {
                cancelled.push("body");
                throw error;
              }
            })
        : function* () {
            yield* taskGroup(function* (group) {
              group.createTask(noting("other"));
              group.createTask(failsAfter(0.001, "mine"));
              yield* noting("body");
            });
          },
    );
    assert.equal(await errorsOf(loop, task), ["mine"]);
    assert.equal(cancelled.sort(), ["body", "other"]);
    assert.is(task.cancelling(), 0);
  }
});

test("a task that fails once the body has ended is an error just the same", async (loop) => {
  const task = loop.createTask(function* () {
    try {
      yield* taskGroup(function* (group) {
        group.createTask(failsAfter(0.001, "late"));
        yield;
      });
    } catch (error) {
      // It can go on.
      yield* sleep(0.0005);
      throw error;
    }
  });
  assert.equal(await errorsOf(loop, task), ["late"]);
  assert.is(task.cancelling(), 0);
});

test("errors of the body, and of those that fail while they are cancelled, are all told", async (loop) => {
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (group) {
      group.createTask(function* () {
        try {
          yield* sleep(1000);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: it is what the test is about
          throw new Error("cleaning up");
        }
      });
      yield;
      throw new Error("the body's");
    });
  });
  assert.equal(await errorsOf(loop, task), ["cleaning up", "the body's"]);
});

test("tasks that are cancelled one by one are no errors", async (loop) => {
  const task = loop.createTask(function* () {
    return yield* taskGroup(function* (group) {
      const one = group.createTask(after(1000, 1));
      const other = group.createTask(after(0.001, 2));
      yield;
      one.cancel();
      return yield* other;
    });
  });
  assert.is(await loop.runUntilComplete(task), 2);
});

test("cancelled from outside, it cancels its tasks, waits for them, and is cancelled", async (loop) => {
  for (const phase of ["body", "waiting"]) {
    for (const isAsync of [false, true]) {
      let cleanedUp = false;
      function* slow() {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(0.001);
          cleanedUp = true;
        }
      }
      const task = loop.createTask<unknown>(
        isAsync
          ? () =>
              taskGroup(async (group) => {
                group.createTask(slow());
                if (phase === "body") await sleep(1000);
              })
          : function* () {
              yield* taskGroup(function* (group) {
                group.createTask(slow());
                yield* sleep(phase === "body" ? 1000 : 0);
              });
            },
      );
      loop.callLater(0.0005, () => task.cancel());
      assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
      assert.ok(cleanedUp && task.cancelled());
      assert.is(task.cancelling(), 1);
    }
  }
});

test("errors count more than a cancellation from outside, which the task can tell by its count", async (loop) => {
  const seen: unknown[] = [];
  const task = loop.createTask(function* () {
    try {
      yield* taskGroup(function* (group) {
        group.createTask(function* () {
          yield;
          task.cancel();
          throw new Error("mine");
        });
        yield* sleep(1000);
      });
    } catch (error) {
      seen.push((error as Error).name, task.cancelling());
    }
  });
  await loop.runUntilComplete(task);
  assert.equal(seen, ["AggregateError", 1]);
});

test("a group's own cancellation that nobody has noticed is taken back", async (loop) => {
  for (const isAsync of [false, true]) {
    const swallow = (): void => {};
    const task = loop.createTask<unknown>(
      isAsync
        ? async () => {
            await taskGroup(async (group) => {
              group.createTask(failsAfter(0, "mine"));
              await sleep(1000).then(undefined, swallow);
            }).catch(swallow);
            await sleep(0.0005);
            return "went on";
          }
        : function* () {
            try {
              yield* taskGroup(function* (group) {
                group.createTask(failsAfter(0, "mine"));
                try {
                  yield* sleep(1000);
                } catch {}
              });
            } catch {}
            yield* sleep(0.0005);
            return "went on";
          },
    );
    assert.is(await loop.runUntilComplete(task), "went on");
    assert.is(task.cancelling(), 0);
  }
});

test("groups nest, and inner errors come inside of outer ones", async (loop) => {
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (outer) {
      outer.createTask(after(1000, 1));
      yield* taskGroup(function* (inner) {
        inner.createTask(failsAfter(0.001, "inner"));
        yield;
      });
    });
  });
  const error = (await rejection(loop.runUntilComplete(task))) as AggregateError;
  assert.is(error.errors[0].errors[0].message, "inner");
  assert.is(error.message, "1 unhandled error in a task group");
});

test("a timeout ends a group as a whole", async (loop) => {
  const task = loop.createTask(() =>
    timeout(0.001, () =>
      taskGroup(async (group) => {
        group.createTask(after(1000, 1));
      }),
    ),
  );
  assert.instance(await rejection(loop.runUntilComplete(task)), TimeoutError);
});

test("tasks make tasks of their group for as long as it goes on", async (loop) => {
  let kept: TaskGroup | null = null;
  const order: string[] = [];
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (group) {
      kept = group;
      group.createTask(function* () {
        yield* sleep(0.0005);
        group.createTask(function* () {
          yield;
          order.push("grandchild");
        });
        order.push("child");
      });
      yield;
    });
    order.push("group");
  });
  await loop.runUntilComplete(task);
  assert.equal(order, ["child", "grandchild", "group"]);
  const over = kept as unknown as TaskGroup;
  assert.is(thrownBy(() => over.createTask(after(0, 1))).code, "ERR_GROUP_OVER");
  assert.is(String(over), "<TaskGroup tasks=0 errors=0>");
});

test("a group that is shutting down takes no more tasks", async (loop) => {
  const codes: (string | undefined)[] = [];
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (group) {
      group.createTask(failsAfter(0, "mine"));
      try {
        yield* sleep(1000);
      } finally {
        codes.push(thrownBy(() => group.createTask(after(0, 1))).code);
      }
    });
  });
  assert.equal(await errorsOf(loop, task), ["mine"]);
  assert.equal(codes, ["ERR_GROUP_OVER"]);
});

test("takes a function, on a loop that runs", async (loop) => {
  assert.is(thrownBy(() => taskGroup(noBody)).code, "ERR_NO_RUNNING_LOOP");
  assert.is(thrownBy(() => taskGroup(noBody() as never)).code, "ERR_NOT_CALLABLE");
  const task = loop.createTask(function* () {
    yield* taskGroup(function* (group) {
      group.createTask(5 as never);
      yield;
    });
  });
  const error = (await rejection(loop.runUntilComplete(task))) as AggregateError;
  assert.is(error.errors[0].code, "ERR_NOT_A_COROUTINE");
});

test.run();

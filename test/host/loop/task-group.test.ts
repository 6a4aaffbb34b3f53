/** Groups of tasks: waiting for all, and ending all when one fails. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Body,
  CancelledError,
  currentTask,
  ExceptionGroup,
  sleep,
  TaskGroup,
  taskGroup,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runOnce, within } from "./both-loops.js";

const test = bothLoops(suite("taskGroup"));

/** The messages of a group's errors. */
async function messages(promise: Promise<unknown>): Promise<string[]> {
  const group = await rejection(promise);
  assert.instance(group, ExceptionGroup);
  assert.is(group.code, "ERR_EXCEPTION_GROUP");
  return (group as ExceptionGroup).errors.map((error: Error) => error.message);
}

/** Sleeps and returns, or throws, a word. */
const nap = (trace: string[], seconds: number, word: string, fails = false) =>
  function* () {
    try {
      yield* sleep(seconds);
    } catch (error) {
      trace.push(`${word} ${error instanceof CancelledError ? "cancelled" : "failed"}`);
      throw error;
    }
    trace.push(word);
    if (fails) throw new Error(word);
    return word;
  };

test("is made by taskGroup alone, and says so", () => {
  const Made = TaskGroup as unknown as new () => TaskGroup;
  const error = thrownBy(() => new Made());
  assert.is(error.code, "ERR_NOT_A_LOOP");
  assert.match(error.message, "made by taskGroup()");
});

/** A function of each kind that makes tasks, and then waits. */
const bodies = (make: (group: TaskGroup) => void, seconds: number): Record<string, Body<string, [TaskGroup]>> => ({
  generator: function* (group) {
    make(group);
    yield* sleep(seconds);
    return "result";
  },
  "async function": async (group) => {
    make(group);
    await sleep(seconds);
    return "result";
  },
});

for (const kind of ["generator", "async function"]) {
  const body = (make: (group: TaskGroup) => void, seconds = 0) =>
    bodies(make, seconds)[kind] as Body<string, [TaskGroup]>;

  test(`waits for all tasks of a ${kind}, and comes to what that does`, async (loop) => {
    const trace: string[] = [];
    const make = (group: TaskGroup): void => {
      group.createTask(nap(trace, 0.0002, "second"));
      const first = group.createTask(nap(trace, 0.0001, "first"), { name: "first one" });
      assert.is(first.getName(), "first one");
      // A task may make others as long as one goes on.
      group.createTask(function* () {
        yield* sleep(0.00005);
        group.createTask(nap(trace, 0.0003, "third"));
      });
    };
    assert.is(await within(loop, () => taskGroup(body(make))), "result");
    assert.equal(new Set(trace), new Set(["first", "second", "third"]));
  });

  test(`cancels the others and the ${kind} when one fails, and tells all that was thrown`, async (loop) => {
    const trace: string[] = [];
    const make = (group: TaskGroup): void => {
      group.createTask(nap(trace, 0.0001, "mine", true));
      group.createTask(nap(trace, 3600, "other"));
      group.createTask(function* () {
        try {
          yield* sleep(3600);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: an error in the cleaning up takes the place of the cancellation
          throw new Error("cleaning up");
        }
      });
    };
    assert.equal(await messages(within(loop, () => taskGroup(body(make, 3600)))), ["mine", "cleaning up"]);
    assert.equal(trace, ["mine", "other cancelled"]);
  });

  test(`cancels the tasks when the ${kind} fails, whose error is the last`, async (loop) => {
    const trace: string[] = [];
    const failing: Body<never, [TaskGroup]> =
      kind === "generator"
        ? function* (group) {
            group.createTask(nap(trace, 3600, "other"));
            yield* sleep(0);
            throw new Error("of the body");
          }
        : async (group) => {
            group.createTask(nap(trace, 3600, "other"));
            await sleep(0);
            throw new Error("of the body");
          };
    assert.equal(await messages(within(loop, () => taskGroup(failing))), ["of the body"]);
    assert.equal(trace, ["other cancelled"]);
  });

  for (const seconds of [0, 3600]) {
    const where = seconds === 0 ? "after" : "in";
    test.onVirtual(`that is cancelled ${where} its ${kind} cancels all, and is cancelled`, async (loop) => {
      const trace: string[] = [];
      const task = loop.createTask(async () => {
        await taskGroup(body((group) => group.createTask(nap(trace, 3600, "other")), seconds));
      });
      loop.callLater(0.001, () => task.cancel("enough"));
      assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
      assert.ok(task.cancelled());
      assert.equal(trace, ["other cancelled"]);
    });
  }

  test(`lets whoever awaits it go on after the failure in a ${kind}, not cancelled`, async (loop) => {
    const counts = await within(loop, () =>
      loop.createTask(async () => {
        const make = (group: TaskGroup) => group.createTask(nap([], 0, "mine", true));
        const group = taskGroup(body(make, 3600));
        await messages(group as unknown as Promise<unknown>);
        await sleep(0);
        return [currentTask()?.cancelling(), group.cancelling()];
      }),
    );
    assert.equal(counts, [0, 0]);
  });
}

test("takes no notice of tasks that are cancelled", async (loop) => {
  const trace: string[] = [];
  const result = await within(loop, () =>
    taskGroup(async (group) => {
      const task = group.createTask(nap(trace, 3600, "one"));
      group.createTask(nap(trace, 0.001, "other"));
      await sleep(0);
      task.cancel();
      return "result";
    }),
  );
  assert.equal([result, trace], ["result", ["one cancelled", "other"]]);
});

test("groups within groups pass their errors on as groups", async (loop) => {
  const error = (await rejection(
    within(loop, () =>
      taskGroup(async (outer) => {
        outer.createTask(async () => {
          await taskGroup(async (inner) => void inner.createTask(nap([], 0, "deep", true)));
        });
        await sleep(3600);
      }),
    ),
  )) as ExceptionGroup;
  assert.instance(error.errors[0], ExceptionGroup);
  assert.is(error.errors[0].errors[0].message, "deep");
});

test("makes no tasks once something has failed, or all has ended", async (loop) => {
  let group: TaskGroup | null = null;
  const codes: unknown[] = [];
  const tryToMake = (): void => void codes.push(thrownBy(() => group?.createTask(nap([], 0, "late"))).code);
  await messages(
    within(loop, () =>
      taskGroup(async (given) => {
        group = given;
        given.createTask(nap([], 0, "mine", true));
        try {
          await sleep(3600);
        } catch (error) {
          tryToMake();
          throw error;
        }
      }),
    ),
  );
  tryToMake();
  assert.equal(codes, ["ERR_GROUP_ABORTING", "ERR_GROUP_FINISHED"]);
});

test("refuses what is no function, and to work without a loop", async (loop) => {
  assert.is(thrownBy(() => taskGroup(1 as never)).code, "ERR_NOT_CALLABLE");
  assert.is(thrownBy(() => taskGroup(async () => {})).code, "ERR_NO_RUNNING_LOOP");
  await runOnce(loop);
});

test("fails with whatever its tasks have thrown, be it no error at all", async (loop) => {
  for (const thrown of [null, undefined, 0, "text"]) {
    const group = await rejection(
      within(loop, () =>
        taskGroup(async (inner) => {
          inner.createTask(async () => {
            throw thrown;
          });
          await sleep(0.001);
        }),
      ),
    );
    assert.equal((group as ExceptionGroup).errors, [thrown]);
  }
});

test.run();

/**
 * The cases of CPython's own tests of tasks that the tests of ours do not have.
 *
 * Owns: cancelling from every side, by whom and how often; what counts when that meets a result, an error or the end of the loop.
 *
 * CPython 3.11, test_tasks.py.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  type Future,
  KeyboardInterrupt,
  SystemExit,
  sleep,
  type Task,
  wait,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runFor, runOnce, within } from "../loop/both-loops.js";
import { iterate, KINDS, ofKind } from "../sync/both-kinds.js";

const test = bothLoops(suite("tasks, as CPython tests them"));

for (const kind of KINDS) {
  test(`cancelled in its first wait, a ${kind} has the message for whoever asks first`, async (loop) => {
    for (const ask of ["result", "exception"] as const) {
      for (const isBegun of [false, true]) {
        const outer = loop.createTask(
          ofKind(kind, function* () {
            const task = loop.createTask(async () => await sleep(10));
            if (isBegun) yield* sleep(0);
            task.cancel("my message");
            yield* wait([task]);
            return task[ask]();
          }),
        );
        assert.is((await rejection(loop.runUntilComplete(outer))).message, "my message");
        assert.ok(outer.cancelled());
      }
    }
  });

  test(`together with what it waits for, in either order, a ${kind} is cancelled once`, async (loop) => {
    for (const order of ["future first", "task first"]) {
      const future = loop.createFuture();
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* future;
        }),
      );
      await runOnce(loop);
      if (order === "future first") future.cancel("the future's");
      task.cancel("the task's");
      if (order === "task first") assert.is(future.cancel("the future's"), false);
      const { message } = await rejection(loop.runUntilComplete(task));
      assert.is(message, order === "future first" ? "the future's" : "the task's");
      assert.ok(future.cancelled() && task.cancelled());
    }
  });

  test(`a ${kind} that waits for a second future after the first has its cancellation there`, async (loop) => {
    const [first, second, third] = [0, 1, 2].map(() => loop.createFuture<number>()) as [
      Future<number>,
      Future<number>,
      Future<number>,
    ];
    const task = loop.createTask(
      ofKind(kind, function* () {
        yield* first;
        try {
          yield* second;
        } catch (error) {
          assert.instance(error, CancelledError);
        }
        return yield* third;
      }),
    );
    await iterate(loop);
    first.setResult(1);
    await iterate(loop);
    task.cancel();
    assert.ok(second.cancelled());
    await iterate(loop);
    third.setResult(42);
    assert.is(await loop.runUntilComplete(task), 42);
    assert.equal([third.cancelled(), task.cancelled()], [false, false]);
  });

  test(`a ${kind} that has cancelled itself cancels the task that it comes to wait for`, async (loop) => {
    const future = loop.createFuture();
    const nested = loop.createTask(
      ofKind(kind, function* () {
        yield* future;
      }),
    );
    const task: Task<void> = loop.createTask(
      ofKind(kind, function* () {
        yield* sleep(0);
        task.cancel();
        yield* nested;
      }),
    );
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.ok(task.cancelled() && nested.cancelled() && future.cancelled());
  });

  test(`takes its cancellation back, goes on, and is cancelled again, as a ${kind}`, async (loop) => {
    const task = loop.createTask(
      ofKind(kind, function* () {
        try {
          yield* sleep(10);
        } catch {
          currentTask()?.uncancel();
          yield* sleep(10);
        }
      }),
    );
    await runFor(loop, 0.0001);
    assert.ok(task.cancel());
    assert.equal([task.cancelling(), task.cancelled()], [1, false]);
    await runFor(loop, 0.0005);
    assert.equal([task.cancelling(), task.done()], [0, false]);
    assert.ok(task.cancel());
    assert.is(task.cancelling(), 1);
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.is(task.uncancel(), 0);
    assert.ok(task.cancelled() && task.done());
  });

  test.onVirtual(`a block of a ${kind} with a limit of its own ends, and what follows goes on`, async (loop) => {
    const limited = (nap: number, limit: number) =>
      ofKind(kind, function* () {
        const task = currentTask() as Task;
        let isOver = false;
        let hasSlept = false;
        const timer = loop.callLater(limit, () => {
          isOver = true;
          task.cancel();
        });
        try {
          yield* sleep(nap);
          hasSlept = true;
        } catch (error) {
          if (!(isOver && task.uncancel() === 0 && error instanceof CancelledError)) throw error;
        } finally {
          timer.cancel();
        }
        yield* sleep(0);
        return [isOver, hasSlept, task.cancelling()];
      });
    assert.equal(await within(loop, limited(10, 1)), [true, false, 0]);
    assert.equal(await within(loop, limited(0, 10)), [false, true, 0]);
  });

  test(`with what ends the loop for an answer to its cancellation, a ${kind} ends it, and holds that`, async (loop) => {
    for (const Fatal of [SystemExit, KeyboardInterrupt]) {
      const fatal = new Fatal();
      const task = loop.createTask(
        ofKind(kind, function* () {
          try {
            yield* sleep(10);
          } catch {
            throw fatal;
          }
        }),
      );
      await runFor(loop, 0.0001);
      task.cancel();
      assert.not.ok(task.done());
      assert.is(await rejection(loop.runForever()), fatal);
      assert.equal([task.done(), task.cancelled(), task.exception()], [true, false, fatal]);
      await runOnce(loop);
    }
  });

  test.onVirtual(`a ${kind} that stops the loop goes on in the next run`, async (loop) => {
    let rounds = 0;
    const task = loop.createTask(
      ofKind(kind, function* () {
        while (rounds < 10) {
          yield* sleep(1);
          if (++rounds === 2) loop.stop();
        }
      }),
    );
    assert.is((await rejection(loop.runUntilComplete(task))).code, "ERR_LOOP_STOPPED");
    assert.equal([task.done(), rounds], [false, 2]);
    task.cancel();
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.ok(rounds <= 3 && loop.time() <= 3);
  });

  test(`of two that take turns, each ${kind} knows itself after every wait`, async (loop) => {
    const [ping, pong] = [loop.createFuture<void>(), loop.createFuture<void>()];
    const seen: boolean[] = [];
    const first: Task<void> = loop.createTask(
      ofKind(kind, function* () {
        seen.push(currentTask() === first);
        yield* ping;
        seen.push(currentTask() === first, currentTask(loop) === first);
        pong.setResult();
      }),
    );
    const second: Task<void> = loop.createTask(
      ofKind(kind, function* () {
        seen.push(currentTask() === second);
        ping.setResult();
        yield* pong;
        seen.push(currentTask() === second, currentTask(loop) === second);
      }),
    );
    assert.is(currentTask(loop), null);
    await loop.runUntilComplete(wait([first, second]));
    assert.is(currentTask(loop), null);
    assert.equal(seen, Array(6).fill(true));
  });
}

test("come to a future that their generator returns, and do not wait for it", async (loop) => {
  const future = loop.createFuture<string>();
  const task = loop.createTask(function* () {
    yield;
    return future;
  });
  await iterate(loop);
  assert.is(task.result(), future);
  assert.not.ok(future.done());
});

test("that createTask makes have the name that they were given, and are listed until they end", async (loop) => {
  await within(loop, async () => {
    const task = createTask(async () => await sleep(0), { name: "no operation" });
    assert.is(task.getName(), "no operation");
    assert.equal(allTasks(), new Set([task, currentTask() as Task]));
    await task;
    assert.equal(allTasks(), new Set([currentTask() as Task]));
  });
  assert.equal(allTasks(loop), new Set());
});

test("that a callback cancels while others of its future run have its result first", async (loop) => {
  const future = loop.createFuture<string>();
  const trace: string[] = [];
  future.addDoneCallback(() => task.cancel("by a callback"));
  const task: Task<void> = loop.createTask(function* () {
    try {
      trace.push(yield* future);
    } catch (error) {
      trace.push((error as Error).message);
    }
  });
  await runOnce(loop);
  future.setResult("result");
  await iterate(loop);
  assert.equal(trace, ["by a callback"]);
  assert.is(thrownBy(() => task.setResult()).code, "ERR_TASK_RESULT");
});

test.run();

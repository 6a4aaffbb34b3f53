/** Letting a body take no longer than a certain time: whose cancellation it was, moving the deadline, and leaving nothing behind. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  currentTask,
  sleep,
  type Timeout,
  TimeoutError,
  timeout,
  timeoutAt,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runOnce } from "./both-loops.js";

const test = bothLoops(suite("timeout"));

test("a body that is in time comes to what it returns, and leaves no timer", async (loop) => {
  const generator = loop.createTask(function* () {
    return yield* timeout(1000, function* () {
      yield* sleep(0.0001);
      return "in time";
    });
  });
  assert.is(await loop.runUntilComplete(generator), "in time");
  const asynchronous = loop.createTask(() =>
    timeout(1000, async () => {
      await sleep(0.0001);
      return "in time";
    }),
  );
  assert.is(await loop.runUntilComplete(asynchronous), "in time");
});

test("one that is not is cancelled where it waits, and the whole fails", async (loop) => {
  const seen: unknown[] = [];
  const start = loop.time();
  const generator = loop.createTask(function* () {
    try {
      yield* timeout(0.001, function* (deadline) {
        seen.push(deadline);
        try {
          yield* sleep(1000);
        } catch (error) {
          seen.push(error);
          throw error;
        }
      });
    } catch (error) {
      seen.push(error);
    }
    assert.is(currentTask()?.cancelling(), 0);
    yield* sleep(0);
    return "went on";
  });
  assert.is(await loop.runUntilComplete(generator), "went on");
  assert.ok(loop.time() - start >= 0.001);
  const [deadline, inside, outside] = seen as [Timeout, CancelledError, TimeoutError];
  assert.ok(deadline.expired());
  assert.instance(inside, CancelledError);
  assert.instance(outside, TimeoutError);
  assert.is(outside.cause, inside);
});

test("the same with an async function", async (loop) => {
  const seen: string[] = [];
  const task = loop.createTask(async () => {
    try {
      await timeout(0.001, async () => {
        try {
          await sleep(1000);
        } catch (error) {
          seen.push((error as Error).name);
          throw error;
        }
      });
    } catch (error) {
      seen.push((error as Error).name);
    }
    await sleep(0);
    return currentTask()?.cancelling();
  });
  assert.is(await loop.runUntilComplete(task), 0);
  assert.equal(seen, ["CancelledError", "TimeoutError"]);
});

test("what is past cancels at the first wait, null never does", async (loop) => {
  for (const delay of [0, -1]) {
    const task = loop.createTask(function* () {
      yield* timeout(delay, function* () {
        yield* sleep(1000);
      });
    });
    assert.instance(await rejection(loop.runUntilComplete(task)), TimeoutError);
  }
  const task = loop.createTask(function* () {
    return yield* timeout(null, function* (deadline) {
      yield* sleep(0.0005);
      return deadline.when();
    });
  });
  assert.is(await loop.runUntilComplete(task), null);
});

test("timeoutAt takes a time of the loop's clock", async (loop) => {
  const when = loop.time() + 0.001;
  const task = loop.createTask(async () => {
    await timeoutAt(when, async (deadline) => {
      assert.is(deadline.when(), when);
      await sleep(1000);
    });
  });
  assert.instance(await rejection(loop.runUntilComplete(task)), TimeoutError);
  assert.ok(loop.time() >= when);
});

test("a deadline can be moved, taken away, and set from the past", async (loop) => {
  const task = loop.createTask(function* () {
    return yield* timeout(0.001, function* (deadline) {
      deadline.reschedule(loop.time() + 1000);
      yield* sleep(0.002);
      deadline.reschedule(null);
      yield* sleep(0.001);
      assert.not(deadline.expired());
      assert.match(String(deadline), /^<Timeout active when=null>$/);
      deadline.reschedule(loop.time() - 1);
      yield* sleep(1000);
    });
  });
  assert.instance(await rejection(loop.runUntilComplete(task)), TimeoutError);
});

test("a deadline that is over cannot be moved", async (loop) => {
  let kept: Timeout | null = null;
  const task = loop.createTask(function* () {
    yield* timeout(1000, function* (deadline) {
      kept = deadline;
      yield;
    });
  });
  await loop.runUntilComplete(task);
  const over = kept as unknown as Timeout;
  assert.is(thrownBy(() => over.reschedule(1)).code, "ERR_TIMEOUT_OVER");
  assert.is(String(over), `<Timeout finished when=${over.when()}>`);
  assert.not(over.expired());
});

test("a cancellation from outside is not taken for the deadline's", async (loop) => {
  for (const isAsync of [false, true]) {
    const task = isAsync
      ? loop.createTask(() => timeout(1000, async () => await sleep(1000)))
      : loop.createTask(function* () {
          yield* timeout(1000, function* () {
            yield* sleep(1000);
          });
        });
    loop.callSoon(() => task.cancel("from outside"));
    const error = await rejection(loop.runUntilComplete(task));
    assert.instance(error, CancelledError);
    assert.ok(task.cancelled());
  }
});

test("a cancellation from outside counts more than the deadline in the same iteration", async (loop) => {
  const task = loop.createTask(function* () {
    yield* timeout(1000, function* (deadline) {
      deadline.reschedule(loop.time() - 1);
      loop.callSoon(() => task.cancel());
      yield* sleep(1000);
    });
  });
  await rejection(loop.runUntilComplete(task));
  assert.ok(task.cancelled());
});

test("other errors come through, also when the time is over", async (loop) => {
  const task = loop.createTask(function* () {
    yield* timeout(0, function* () {
      try {
        yield* sleep(1000);
      } catch {
        throw new Error("mine");
      }
    });
  });
  assert.is((await rejection(loop.runUntilComplete(task))).message, "mine");
  assert.is(task.cancelling(), 0);
});

test("nested ones expire by themselves", async (loop) => {
  const task = loop.createTask(function* () {
    const inner = yield* timeout(1000, function* () {
      try {
        yield* timeout(0.0005, function* () {
          yield* sleep(1000);
        });
      } catch (error) {
        return error;
      }
      return null;
    });
    let outer: unknown = null;
    try {
      yield* timeout(0.0005, function* () {
        yield* timeout(1000, function* () {
          yield* sleep(1000);
        });
      });
    } catch (error) {
      outer = error;
    }
    return [inner, outer];
  });
  for (const error of await loop.runUntilComplete(task)) assert.instance(error, TimeoutError);
});

test("a body that has ended just when the time was over is not cancelled afterwards", async (loop) => {
  for (const isAsync of [false, true]) {
    const deadlines: Timeout[] = [];
    // The task can go on already when the deadline cancels it, and swallows that without another wait.
    const task = isAsync
      ? loop.createTask(async () => {
          const result = await timeout(1000, async (deadline) => {
            deadlines.push(deadline);
            deadline.reschedule(loop.time() - 1);
            return await sleep(1000).then(
              () => "slept",
              () => "swallowed",
            );
          });
          await sleep(0.0005);
          return result;
        })
      : loop.createTask(function* () {
          const result = yield* timeout(1000, function* (deadline) {
            deadlines.push(deadline);
            const future = loop.createFuture<string>();
            loop.callSoon(() => future.setResult("just in time"));
            loop.callSoon(() => deadline.reschedule(loop.time() - 1));
            return yield* future;
          });
          yield* sleep(0.0005);
          return result;
        });
    assert.is(await loop.runUntilComplete(task), isAsync ? "swallowed" : "just in time");
    assert.is(task.cancelling(), 0);
    assert.is(deadlines[0]?.expired(), isAsync);
  }
});

test("a cancellation that the deadline asked for in the body's last step is taken back", async (loop) => {
  const task = loop.createTask(function* () {
    const result = yield* timeout(1000, function* (deadline) {
      yield;
      // As the loop would between this step and the next, of which there is none.
      deadline._expire();
      return `the end, ${deadline.expired()}`;
    });
    yield* sleep(0.0005);
    return result;
  });
  assert.is(await loop.runUntilComplete(task), "the end, true");
  assert.is(task.cancelling(), 0);
});

test("a generator that is closed before its end leaves no timer", async (loop) => {
  const opened: { close?: () => unknown } = {};
  const task = loop.createTask(function* () {
    const inner = timeout(1000, function* () {
      for (;;) yield;
    });
    inner.next();
    opened.close = () => inner.return(undefined as never);
    yield;
  });
  await loop.runUntilComplete(task);
  opened.close?.();
  await runOnce(loop);
});

test("it works inside a task only, and with times that are some", async (loop) => {
  function* body() {
    yield;
  }
  assert.is(thrownBy(() => timeout(1, body)).code, "ERR_NO_RUNNING_LOOP");
  const codes: (string | undefined)[] = [];
  loop.callSoon(() => codes.push(thrownBy(() => timeout(1, body)).code));
  loop.callSoon(() => codes.push(thrownBy(() => timeoutAt(1, body)).code));
  loop.callSoon(() => codes.push(thrownBy(() => timeout("1" as never, body)).code));
  loop.callSoon(() => codes.push(thrownBy(() => timeout(Number.NaN, body)).code));
  loop.callSoon(() => codes.push(thrownBy(() => timeoutAt(undefined as never, body)).code));
  await runOnce(loop);
  assert.equal(codes, ["ERR_NO_TASK", "ERR_NO_TASK", "ERR_NOT_A_NUMBER", "ERR_BAD_TIME", "ERR_NOT_A_NUMBER"]);
  const task = loop.createTask(function* () {
    timeout(1, (deadline) => {
      throw new Error(`thrown at once, ${deadline}`);
    });
    yield;
  });
  assert.match((await rejection(loop.runUntilComplete(task))).message, /thrown at once, <Timeout created/);
});

test.run();

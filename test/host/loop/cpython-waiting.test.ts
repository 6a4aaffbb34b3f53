/**
 * The cases of CPython's own tests of `wait` and `wait_for` that the tests of `wait` and `waitFor` do not have.
 *
 * Owns: in which iteration waiting ends, what is done by then, and what a cancellation of either side leads to.
 *
 * CPython 3.11, test_tasks.py and test_waitfor.py.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type EventLoop,
  type Future,
  sleep,
  TimeoutError,
  wait,
  waitFor,
} from "../../../host/index.js";
import { failureOf, KINDS, ofKind } from "../sync/both-kinds.js";
import { bothLoops, countIterations, rejection, runFor, runOnce, within } from "./both-loops.js";

const test = bothLoops(suite("wait and waitFor, as CPython tests them"));

/** A future that has a result, or an error that counts as seen. */
function ended(loop: EventLoop, how: "result" | "exception"): Future<number> {
  const future = loop.createFuture<number>();
  if (how === "result") future.setResult(1);
  else future.setException(new Error("mine"));
  if (how === "exception") future.exception();
  return future;
}

test("wait takes two iterations for what is done already, whatever it waits for", async (loop) => {
  const iterations = countIterations(loop);
  const pending = loop.createFuture<number>();
  const [good, bad] = [ended(loop, "result"), ended(loop, "exception")];
  const calls = [
    () => wait([good]),
    () => wait([good, bad], { timeout: 0 }),
    () => wait([good, pending], { returnWhen: "FIRST_COMPLETED" }),
    () => wait([bad, pending], { returnWhen: "FIRST_EXCEPTION" }),
  ];
  for (const call of calls) {
    await within(loop, function* () {
      const before = iterations.count;
      yield* call();
      assert.is(iterations.count - before, 2);
    });
  }
  iterations.stop();
  pending.cancel();
});

test("wait keeps nobody from running who waits again and again for what is done", async (loop) => {
  for (const kind of KINDS) {
    const done = ended(loop, "result");
    let isOver = false;
    loop.callSoon(() => (isOver = true));
    await within(
      loop,
      ofKind(kind, function* () {
        for (let turns = 0; !isOver; turns++) {
          assert.ok(turns < 10, kind);
          yield* wait([done]);
        }
      }),
    );
  }
});

test("wait has among those that are done what has ended in the iterations that it takes", async (loop) => {
  const naps = (count: number) =>
    loop.createTask(function* () {
      for (let nap = 0; nap < count; nap++) yield* sleep(0);
    });
  const [short, long, longest] = [naps(1), naps(2), naps(4)];
  const { done, pending } = await within(loop, function* () {
    return yield* wait([longest, long, short], { returnWhen: "FIRST_COMPLETED" });
  });
  assert.equal([done, pending], [new Set([short, long]), new Set([longest])]);
  await loop.runUntilComplete(longest);
});

test.onVirtual("wait that has waited takes no time again, and takes any iterator", async (loop) => {
  const tasks = [3, 1, 2].map((seconds) => loop.createTask(async () => await sleep(seconds)));
  for (let time = 0; time < 2; time++) {
    const { done, pending } = await within(loop, async () => await wait(tasks.values()));
    assert.equal([done, pending.size, loop.time()], [new Set(tasks), 0, 3]);
  }
});

test.onVirtual("wait that is over when one of them is has that one done", async (loop) => {
  const [first, second] = [1, 2].map((seconds) =>
    loop.createTask(function* () {
      yield* sleep(seconds);
    }),
  );
  await runOnce(loop);
  const { done, pending } = await within(loop, function* () {
    return yield* wait([second as Future<void>, first as Future<void>], { timeout: 1 });
  });
  assert.equal([done, pending, loop.time()], [new Set([first]), new Set([second]), 1]);
  await loop.runUntilComplete(second as Future<void>);
});

test.onVirtual("wait for the first failure ends with a task that fails meanwhile, at once or later", async (loop) => {
  for (const seconds of [0, 2]) {
    const start = loop.time();
    const slow = loop.createTask(async () => await sleep(10));
    const failing = loop.createTask(async () => {
      if (seconds > 0) await sleep(seconds);
      throw new Error("mine");
    });
    const waiting = wait([slow, failing], { returnWhen: "FIRST_EXCEPTION" });
    const { done, pending } = await loop.runUntilComplete(waiting);
    assert.equal([done, pending], [new Set<Future>([failing]), new Set<Future>([slow])]);
    assert.is(loop.time() - start, seconds);
    assert.is((failing.exception() as Error).message, "mine");
    slow.cancel();
  }
  await runOnce(loop);
  await runOnce(loop);
});

for (const kind of KINDS) {
  test(`cancelling a ${kind} in its wait leaves what it waits for alone`, async (loop) => {
    const future = loop.createFuture<string>();
    const inner = loop.createTask(
      ofKind(kind, function* () {
        return yield* future;
      }),
    );
    const outer = loop.createTask(
      ofKind(kind, function* () {
        yield* wait([inner]);
      }),
    );
    await runFor(loop, 0.0005);
    outer.cancel("enough");
    assert.is((await rejection(loop.runUntilComplete(outer))).message, "enough");
    assert.not.ok(inner.done());
    future.setResult("kept");
    assert.is(await loop.runUntilComplete(inner), "kept");
  });

  test(`waitFor waits for a ${kind} that was running when no time is left`, async (loop) => {
    for (const timeout of [0, -1, 0.0005]) {
      const trace: string[] = [];
      const inner = loop.createTask(
        ofKind(kind, function* () {
          trace.push("begun");
          try {
            yield* sleep(3600);
          } finally {
            yield* sleep(0.0001);
            trace.push("cleaned up");
          }
        }),
      );
      await runFor(loop, 0.0001);
      const error = await within(
        loop,
        ofKind(kind, function* () {
          return yield* failureOf(waitFor(inner, timeout));
        }),
      );
      assert.instance(error, TimeoutError);
      assert.instance(error.cause, CancelledError);
      assert.ok(inner.cancelled());
      assert.equal(trace, ["begun", "cleaned up"]);
    }
  });

  test(`waitFor passes on what a ${kind} throws instead of being cancelled`, async (loop) => {
    for (const timeout of [0.0005, null]) {
      const inner = loop.createTask(
        ofKind(kind, function* () {
          try {
            yield* sleep(3600);
          } catch {
            throw new Error("of the cleaning up");
          }
        }),
      );
      const waiting = waitFor(inner, timeout);
      if (timeout === null) loop.callLater(0.0005, () => waiting.cancel());
      assert.is((await rejection(loop.runUntilComplete(waiting))).message, "of the cleaning up");
      assert.ok(inner.done() && !waiting.cancelled());
    }
  });

  test.onVirtual(`waitFor that is cancelled waits until a ${kind} that goes on has ended`, async (loop) => {
    let cancellations = 0;
    const inner = loop.createTask(
      ofKind(kind, function* () {
        while (loop.time() < 20) {
          try {
            yield* sleep(20 - loop.time());
          } catch {
            cancellations++;
          }
        }
        return 42;
      }),
    );
    const waiting = waitFor(inner, 5);
    loop.callLater(10, () => waiting.cancel());
    // As since 3.12: what it comes to is what that comes to.
    assert.is(await loop.runUntilComplete(waiting), 42);
    assert.equal([loop.time(), cancellations, inner.result()], [20, 2, 42]);
  });
}

test("waitFor that is cancelled cancels, with a limit and without", async (loop) => {
  for (const timeout of [null, 3600]) {
    const future = loop.createFuture();
    const inner = loop.createTask(async () => await future);
    const waiting = waitFor(inner, timeout);
    loop.callSoon(() => waiting.cancel("enough"));
    assert.is((await rejection(loop.runUntilComplete(waiting))).message, "enough");
    assert.ok(inner.cancelled() && future.cancelled());
  }
});

test.onVirtual("waitFor has what comes at the very time when it would be over", async (loop) => {
  for (const order of ["result first", "limit first"]) {
    const future = loop.createFuture<string>();
    const at = loop.time() + 1;
    const settle = (): void => {
      if (!future.done()) future.setResult("just in time");
    };
    if (order === "result first") loop.callAt(at, settle);
    const waiting = waitFor(future, 1);
    if (order === "limit first") loop.callAt(at, settle);
    const outcome = await loop.runUntilComplete(waiting).catch((error) => (error as Error).name);
    assert.is(outcome, order === "result first" ? "just in time" : "TimeoutError");
  }
});

test.run();

/**
 * Time limits, held against the checks of CPython's own: Lib/test/test_asyncio/test_timeouts.py of 3.12.
 *
 * Not here is what needs an `async with` that can be entered twice, not at all, or outside of a task: a limit is there as long as its function.
 *
 * Does not own: what timeout.test.ts says already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  currentTask,
  type Future,
  RuntimeError,
  sleep,
  type Task,
  type Timeout,
  TimeoutError,
  timeout,
  timeoutAt,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { failureOf, KINDS, ofKind } from "../sync/both-kinds.js";
import { bothLoops, rejection, within } from "./both-loops.js";

const test = bothLoops(suite("timeout and timeoutAt, as CPython tests them"));

/** What `limits` holds once its function has begun. */
const limitIn = (limits: readonly Timeout[]): Timeout => limits[0] as Timeout;

for (const kind of KINDS) {
  test(`is expired when it is over, and tells the deadline that it was given, ${kind}`, async (loop) => {
    const limits: Timeout[] = [];
    const body = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      yield* sleep(10);
    });
    const deadline = loop.time() + 0.001;
    assert.instance(await rejection(within(loop, () => timeoutAt(deadline, body))), TimeoutError);
    assert.equal(
      [limitIn(limits).when(), limitIn(limits).expired(), String(limitIn(limits))],
      [deadline, true, "<Timeout [expired]>"],
    );
  });

  test(`of two with one deadline both are expired, and the outer one fails, ${kind}`, async (loop) => {
    const limits: Timeout[] = [];
    let inner: Error | null = null;
    const outer = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      inner = yield* failureOf(
        timeoutAt(
          limit.when(),
          ofKind(kind, function* (innerLimit: Timeout) {
            limits.push(innerLimit);
            yield* sleep(10);
          }),
        ),
      );
      throw inner;
    });
    assert.instance(await rejection(within(loop, () => timeoutAt(loop.time() + 0.1, outer))), TimeoutError);
    assert.instance(inner, CancelledError);
    assert.equal(
      limits.map((limit) => limit.expired()),
      [true, true],
    );
  });

  test(`of two that are over in one iteration, the inner one first, the outer one fails, ${kind}`, async (loop) => {
    let inner: Error | null = null;
    const outer = ofKind(kind, function* (limit: Timeout) {
      inner = yield* failureOf(
        timeout(
          3600,
          ofKind(kind, function* (innerLimit: Timeout) {
            innerLimit.reschedule(loop.time());
            limit.reschedule(loop.time());
            yield* sleep(10);
          }),
        ),
      );
      throw inner;
    });
    assert.instance(await rejection(within(loop, () => timeout(3600, outer))), TimeoutError);
    assert.instance(inner, CancelledError);
  });

  test.onVirtual(`ends what comes after a shorter one inside it, ${kind}`, async (loop) => {
    const trace: unknown[] = [];
    const nap = ofKind(kind, function* () {
      yield* sleep(10);
    });
    const outer = ofKind(kind, function* () {
      trace.push(yield* failureOf(timeout(0.0005, nap)));
      trace.push(yield* failureOf(sleep(10)));
      throw trace[1];
    });
    assert.instance(await rejection(within(loop, () => timeout(0.002, outer))), TimeoutError);
    assert.equal(
      trace.map((error) => (error as Error).name),
      ["TimeoutError", "CancelledError"],
    );
  });

  test(`throws a CancelledError into the function, which is the cause of the TimeoutError, ${kind}`, async (loop) => {
    let thrown: Error | null = null;
    const body = ofKind(kind, function* () {
      thrown = yield* failureOf(sleep(10));
      throw thrown;
    });
    const error = await rejection(within(loop, () => timeout(0.0005, body)));
    assert.instance(error, TimeoutError);
    assert.instance(thrown, CancelledError);
    assert.instance(error.cause, CancelledError);
  });

  test(`is not expired when the function ends in time, and its deadline is still to come, ${kind}`, async (loop) => {
    const body = ofKind(kind, function* (limit: Timeout) {
      yield* sleep(0.0001);
      return limit;
    });
    const limit = await within(loop, () => timeout(10, body));
    assert.not(limit.expired());
    assert.ok((limit.when() as number) > loop.time());
    for (const call of [timeout, timeoutAt]) {
      const endless = await within(loop, () => call(null, body));
      assert.equal([endless.expired(), endless.when()], [false, null]);
    }
  });

  for (const delay of [0, -11]) {
    test(`of ${delay} seconds is over before the function goes on after one iteration, ${kind}`, async (loop) => {
      const limits: Timeout[] = [];
      const body = ofKind(kind, function* (limit: Timeout) {
        limits.push(limit);
        yield* sleep(0);
        assert.unreachable();
      });
      const start = loop.time();
      assert.instance(await rejection(within(loop, () => timeout(delay, body))), TimeoutError);
      const when = limitIn(limits).when() as number;
      assert.ok(limitIn(limits).expired());
      assert.ok(start + delay <= when && when <= loop.time() + delay);
    });
  }

  test(`passes on what the function throws, in time or because it was cancelled, ${kind}`, async (loop) => {
    const mine = new Error("mine");
    const limits: Timeout[] = [];
    const failing = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      yield;
      throw mine;
    });
    assert.is(await rejection(within(loop, () => timeout(10, failing))), mine);
    const cleaning = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      yield* failureOf(sleep(10));
      throw mine;
    });
    assert.is(await rejection(within(loop, () => timeout(0.0005, cleaning))), mine);
    assert.equal(
      limits.map((limit) => limit.expired()),
      [false, true],
    );
  });

  test(`is not expired when the function cancels the task that it runs in, ${kind}`, async (loop) => {
    const limits: Timeout[] = [];
    const body = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      currentTask()?.cancel("by itself");
      yield* sleep(10);
    });
    const error = await rejection(within(loop, () => timeout(10, body)));
    assert.instance(error, CancelledError);
    assert.is(error.message, "by itself");
    assert.not(limitIn(limits).expired());
  });

  test(`does not cancel whoever awaits it, ${kind}`, async (loop) => {
    const task = loop.createTask(
      ofKind(kind, function* () {
        const nap = ofKind(kind, function* () {
          yield* sleep(10);
        });
        assert.instance(yield* failureOf(timeout(0.0005, nap)), TimeoutError);
        yield* sleep(0);
        return currentTask()?.cancelling();
      }),
    );
    assert.is(await loop.runUntilComplete(task), 0);
    assert.not(task.cancelled());
  });

  test(`can be moved from outside, and taken away, and the function still be cancelled, ${kind}`, async (loop) => {
    const begun: Future<Timeout> = loop.createFuture();
    const [first, second] = [loop.time() + 10, loop.time() + 30];
    await within(loop, function* () {
      const task = loop.createTask(
        ofKind(kind, function* () {
          const body = ofKind(kind, function* (limit: Timeout) {
            begun.setResult(limit);
            yield* sleep(50);
          });
          yield* timeoutAt(first, body);
        }),
      );
      const limit = yield* begun;
      assert.equal([limit.when(), String(limit)], [first, `<Timeout [active] when=${first}>`]);
      limit.reschedule(second);
      assert.is(limit.when(), second);
      limit.reschedule(null);
      assert.equal([limit.when(), String(limit)], [null, "<Timeout [active] when=null>"]);
      task.cancel();
      assert.instance(yield* failureOf(task), CancelledError);
      assert.not(limit.expired());
    });
  });

  test(`works in the cleaning up after another one, ${kind}`, async (loop) => {
    let inner: Error | null = null;
    const nap = ofKind(kind, function* () {
      yield* sleep(10);
    });
    const body = ofKind(kind, function* () {
      try {
        yield* sleep(10);
      } finally {
        inner = yield* failureOf(timeout(0.0005, nap));
      }
    });
    assert.instance(await rejection(within(loop, () => timeout(0.0005, body))), TimeoutError);
    assert.instance(inner, TimeoutError);
  });

  test(`works in a task that was cancelled and goes on, also when that is cancelled again, ${kind}`, async (loop) => {
    for (const again of [false, true]) {
      const body = ofKind(kind, function* () {
        const me = currentTask() as Task;
        me.cancel();
        assert.instance(yield* failureOf(sleep(10)), CancelledError);
        const cleanUp = ofKind(kind, function* () {
          if (again) loop.callSoon(() => me.cancel("again"));
          yield* sleep(10);
        });
        const error = yield* failureOf(timeout(again ? 1 : 0, cleanUp));
        return [error.name, me.cancelling()];
      });
      assert.equal(await within(loop, body), again ? ["CancelledError", 2] : ["TimeoutError", 1]);
    }
  });

  test(`cannot be moved once it is over, also while the function cleans up, and says why, ${kind}`, async (loop) => {
    const messages: string[] = [];
    const tryToMove = (limit: Timeout): void => {
      const error = thrownBy(() => limit.reschedule(0.02));
      assert.instance(error, RuntimeError);
      messages.push(/^Cannot change state of (\w+) Timeout/.exec(error.message)?.[1] ?? error.message);
    };
    const limits: Timeout[] = [];
    const catching = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      yield* failureOf(sleep(10));
      tryToMove(limit);
      assert.is(String(limit), "<Timeout [expiring]>");
    });
    await within(loop, () => timeout(0.0005, catching));
    const expired = await rejection(
      within(loop, () =>
        timeout(
          0,
          ofKind(kind, function* (limit: Timeout) {
            limits.push(limit);
            yield* sleep(10);
          }),
        ),
      ),
    );
    assert.instance(expired, TimeoutError);
    const quick = ofKind(kind, function* (limit: Timeout) {
      limits.push(limit);
      yield;
    });
    await within(loop, () => timeout(10, quick));
    for (const limit of limits) tryToMove(limit);
    assert.equal(messages, ["expiring", "expired", "expired", "finished"]);
    assert.equal(limits.map(String), ["<Timeout [expired]>", "<Timeout [expired]>", "<Timeout [finished]>"]);
  });
}

test("needs no task of whoever calls it", async (loop) => {
  const ended = loop.createFuture<unknown>();
  loop.callSoon(() => {
    timeout(0, () => sleep(10)).addDoneCallback((task) => ended.setResult(task.exception()));
  });
  assert.instance(await loop.runUntilComplete(ended), TimeoutError);
});

test.run();

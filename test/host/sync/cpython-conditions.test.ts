/**
 * Conditions, held against the checks of CPython's own: Lib/test/test_asyncio/test_locks.py of 3.12, ConditionTests.
 *
 * Does not own: what condition.test.ts says already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  Condition,
  type EventLoop,
  Lock,
  type Task,
  TimeoutError,
  waitFor,
} from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, within } from "../loop/both-loops.js";
import { failureOf, KINDS, type Kind, ofKind } from "./both-kinds.js";

const test = bothLoops(suite("Condition, as CPython tests it"));

/** A task that acquires, waits, and says so; it releases only if asked to. */
function waiting(loop: EventLoop, kind: Kind, condition: Condition, then: () => void): Task<boolean> {
  return loop.createTask(
    ofKind(kind, function* () {
      yield* condition.acquire();
      const result = yield* condition.wait();
      then();
      return result;
    }),
  );
}

/** Some iterations: who is notified asks for the lock in one and goes on in another. */
function* someIterations() {
  for (let iteration = 0; iteration < 4; iteration++) yield;
}

for (const kind of KINDS) {
  test(`lets who was notified go on one after the other, as each lets go of the lock, ${kind}`, async (loop) => {
    const condition = new Condition();
    const got: number[] = [];
    await within(loop, function* () {
      const tasks = [1, 2, 3].map((name) => waiting(loop, kind, condition, () => got.push(name)));
      yield* someIterations();
      assert.equal([got, condition.locked()], [[], false]);
      assert.is(yield* condition.acquire(), true);
      condition.notify();
      yield* someIterations();
      assert.equal([got, condition.locked()], [[], true]);
      condition.release();
      yield* someIterations();
      assert.equal([got, condition.locked()], [[1], true]);
      // Whoever has the lock may notify; here the first one has it.
      condition.notify(2);
      yield* someIterations();
      assert.equal([got, condition.locked()], [[1], true]);
      for (const expected of [
        [1, 2],
        [1, 2, 3],
      ]) {
        condition.release();
        yield* someIterations();
        assert.equal([got, condition.locked()], [expected, true]);
      }
      assert.equal(
        tasks.map((task) => task.result()),
        [true, true, true],
      );
    });
    assert.is(String(condition), "<Condition [locked]>");
  });

  test(`has the lock again when one is cancelled on beginning to wait, ${kind}`, async (loop) => {
    const condition = new Condition();
    await within(loop, function* () {
      yield* condition.acquire();
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* condition.wait();
        }),
      );
      loop.callSoon(() => task.cancel());
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.is(String(condition), "<Condition [locked]>");
  });

  test(`has the lock again when one is cancelled on the way back to it, ${kind}`, async (loop) => {
    const condition = new Condition();
    await within(loop, function* () {
      yield* condition.acquire();
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* condition.wait();
        }),
      );
      yield* someIterations();
      assert.not(condition.locked());
      yield* condition.acquire();
      condition.notify();
      loop.callSoon(() => task.cancel());
      loop.callSoon(() => condition.release());
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.is(String(condition), "<Condition [locked]>");
  });

  test(`lets with() end when its function is cancelled after the notification, waiting for the lock, ${kind}`, async (loop) => {
    const condition = new Condition();
    const trace: string[] = [];
    await within(loop, function* () {
      const task = condition.with(
        ofKind(kind, function* () {
          trace.push("waits");
          yield* condition.wait();
          trace.push("goes on");
        }),
      );
      yield* someIterations();
      yield* condition.acquire();
      condition.notify();
      yield* someIterations();
      task.cancel();
      yield* someIterations();
      assert.not(task.done());
      condition.release();
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.equal(trace, ["waits"]);
    assert.is(String(condition), "<Condition [unlocked]>");
  });

  test(`waitFor asks after each notification, and goes on when the answer is yes, ${kind}`, async (loop) => {
    const condition = new Condition();
    const trace: string[] = [];
    let isReady = false;
    await within(loop, function* () {
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* condition.acquire();
          const result = yield* condition.waitFor(() => {
            trace.push("asked");
            return isReady;
          });
          condition.release();
          return result;
        }),
      );
      yield* someIterations();
      assert.equal(trace, ["asked"]);
      for (const ready of [false, true]) {
        isReady = ready;
        yield* condition.acquire();
        condition.notify();
        condition.release();
        yield* someIterations();
        yield* someIterations();
        assert.equal([trace.pop(), task.done()], ["asked", ready]);
      }
      assert.is(task.result(), true);
    });
    assert.is(String(condition), "<Condition [unlocked]>");
  });

  test(`may be notified for more than wait, ${kind}`, async (loop) => {
    const condition = new Condition();
    const got: number[] = [];
    await within(loop, function* () {
      const tasks = [1, 2, 3].map((name) =>
        waiting(loop, kind, condition, () => {
          got.push(name);
          condition.release();
        }),
      );
      yield* someIterations();
      yield* condition.acquire();
      condition.notify(1);
      condition.release();
      yield* someIterations();
      assert.equal(got, [1]);
      yield* condition.acquire();
      condition.notify(1);
      condition.notify(2048);
      condition.release();
      yield* someIterations();
      yield* someIterations();
      assert.equal(got, [1, 2, 3]);
      assert.ok(tasks.every((task) => task.result()));
    });
    assert.is(String(condition), "<Condition [unlocked]>");
  });

  test.onVirtual(`can be waited for with a time limit in with(), which then has the lock, ${kind}`, async (loop) => {
    const condition = new Condition();
    await within(loop, () =>
      condition.with(
        ofKind(kind, function* () {
          assert.instance(yield* failureOf(waitFor(condition.wait(), 0.5)), TimeoutError);
          assert.ok(condition.locked());
        }),
      ),
    );
    assert.is(loop.time(), 0.5);
    assert.is(String(condition), "<Condition [unlocked]>");
  });

  test(`shares its lock with whoever uses that, ${kind}`, async (loop) => {
    const lock = new Lock();
    for (const [own, condition] of [
      [lock, new Condition(lock)],
      [null, new Condition()],
    ] as const) {
      const states = () => [own?.locked() ?? condition.locked(), condition.locked()];
      const note = ofKind(kind, function* () {
        yield;
        return states();
      });
      const found = await within(loop, function* () {
        const before = states();
        const inside = yield* condition.with(note);
        const between = states();
        const insideLock = yield* (own ?? condition).with(note);
        return [before, inside, between, insideLock, states()].map(([one, other]) => one === other && one);
      });
      assert.equal(found, [false, true, false, true, false]);
    }
  });
}

test("waitFor needs no lock when the answer is yes at once, and gives the answer itself", async (loop) => {
  const condition = new Condition();
  const answer = [1, 2, 3];
  await within(loop, function* () {
    assert.is(yield* condition.waitFor(() => answer), answer);
    assert.is(thrownBy(() => condition.waitFor(() => false)).code, "ERR_NOT_LOCKED");
  });
  assert.not(condition.locked());
});

test("belongs to the loop of its lock", async (loop) => {
  const other = new VirtualEventLoop();
  const lock = new Lock();
  await within(other, () => lock.acquire());
  const condition = new Condition(lock);
  const codes = await within(loop, async () =>
    [
      () => condition.acquire(),
      () => condition.wait(),
      () => condition.waitFor(() => false),
      () => condition.with(async () => {}),
    ].map((use) => thrownBy(use).code),
  );
  assert.equal(codes, Array(4).fill("ERR_FOREIGN_LOOP"));
  assert.is(String(condition), "<Condition [locked]>");
  other.close();
});

test("says how many wait", async (loop) => {
  const condition = new Condition();
  await within(loop, function* () {
    const texts = [String(condition)];
    yield* condition.acquire();
    texts.push(String(condition));
    const waits = [condition.wait()];
    yield* condition.acquire();
    texts.push(String(condition));
    waits.push(condition.wait());
    texts.push(String(condition));
    assert.equal(texts, [
      "<Condition [unlocked]>",
      "<Condition [locked]>",
      "<Condition [locked, waiters:1]>",
      "<Condition [unlocked, waiters:2]>",
    ]);
    for (const wait of waits) {
      wait.cancel();
      assert.instance(yield* failureOf(wait), CancelledError);
      condition.release();
    }
  });
  assert.is(String(condition), "<Condition [unlocked]>");
});

test.run();

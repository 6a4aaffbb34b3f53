/** Conditions: waiting until others say that something has changed. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Condition, type EventLoop, Lock, type Task } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "../loop/both-loops.js";
import { iterate, KINDS, type Kind } from "./both-kinds.js";

const test = bothLoops(suite("Condition"));

/** A task that waits for the condition with its lock, and notes how that ended and whether it had the lock. */
function waiting(loop: EventLoop, kind: Kind, condition: Condition, name: string, trace: string[]): Task<unknown> {
  const note = (how: string): void => void trace.push(`${name} ${how}${condition.locked() ? "" : " without the lock"}`);
  if (kind === "generator") {
    return loop.createTask(function* () {
      yield* condition.acquire();
      try {
        yield* condition.wait();
        note("goes on");
      } catch (error) {
        note("is cancelled");
        throw error;
      } finally {
        condition.release();
      }
    });
  }
  return loop.createTask(async () => {
    await condition.acquire();
    try {
      await condition.wait();
      note("goes on");
    } catch (error) {
      note("is cancelled");
      throw error;
    } finally {
      condition.release();
    }
  });
}

/** Does something with the lock. */
function locked(loop: EventLoop, condition: Condition, body: () => void): Promise<void> {
  return loop.runUntilComplete(
    loop.createTask(function* () {
      yield* condition.acquire();
      body();
      condition.release();
    }),
  );
}

for (const kind of KINDS) {
  test(`notifies so many, in the order in which they came, ${kind}`, async (loop) => {
    const condition = new Condition();
    const trace: string[] = [];
    for (const name of ["a", "b", "c", "d"]) waiting(loop, kind, condition, name, trace);
    await iterate(loop, 9);
    assert.is(String(condition), "<Condition [unlocked, waiters:4]>");
    await locked(loop, condition, () => condition.notify());
    await iterate(loop, 6);
    assert.equal(trace, ["a goes on"]);
    await locked(loop, condition, () => condition.notify(2));
    await iterate(loop, 9);
    assert.equal(trace, ["a goes on", "b goes on", "c goes on"]);
    await locked(loop, condition, () => condition.notifyAll());
    await iterate(loop, 6);
    assert.equal(trace, ["a goes on", "b goes on", "c goes on", "d goes on"]);
    assert.not(condition.locked());
  });

  test(`goes on only with the lock, ${kind}`, async (loop) => {
    const condition = new Condition();
    const trace: string[] = [];
    waiting(loop, kind, condition, "a", trace);
    await iterate(loop);
    await loop.runUntilComplete(
      condition.acquire === undefined
        ? Promise.resolve()
        : loop.createTask(function* () {
            yield* condition.acquire();
            condition.notify();
          }),
    );
    await iterate(loop, 5);
    assert.equal(trace, []);
    condition.release();
    await iterate(loop, 5);
    assert.equal([trace, condition.locked()], [["a goes on"], false]);
  });

  test(`has the lock also when a ${kind} is cancelled, and after it has waited for that`, async (loop) => {
    const condition = new Condition();
    const trace: string[] = [];
    const task = waiting(loop, kind, condition, "a", trace);
    await iterate(loop);
    await loop.runUntilComplete(
      loop.createTask(function* () {
        yield* condition.acquire();
      }),
    );
    task.cancel("enough");
    await iterate(loop, 5);
    task.cancel("enough");
    await iterate(loop, 5);
    assert.equal([trace, task.done()], [[], false]);
    condition.release();
    assert.is((await rejection(loop.runUntilComplete(task))).message, "enough");
    assert.equal([trace, condition.locked()], [["a is cancelled"], false]);
    assert.is(String(condition), "<Condition [unlocked]>");
  });

  for (const iterations of [0, 1, 2]) {
    test(`passes on the notification of a ${kind} that is cancelled ${iterations} iterations later`, async (loop) => {
      const condition = new Condition();
      const trace: string[] = [];
      const [first] = ["a", "b"].map((name) => waiting(loop, kind, condition, name, trace));
      await iterate(loop);
      await locked(loop, condition, () => condition.notify());
      await iterate(loop, iterations);
      const isLate = trace.length > 0;
      first?.cancel();
      await iterate(loop, 9);
      if (isLate) await locked(loop, condition, () => condition.notify());
      await iterate(loop, 9);
      assert.equal(trace, [isLate ? "a goes on" : "a is cancelled", "b goes on"]);
      assert.not(condition.locked());
    });
  }
}

test("waitFor waits until its function says yes, which it asks at once and after each notification", async (loop) => {
  const condition = new Condition();
  let [value, asked] = [0, 0];
  const body = (): number => {
    asked++;
    return value >= 2 ? value : 0;
  };
  const waiter = loop.createTask(async () => {
    await condition.acquire();
    const result = await condition.waitFor(body);
    const again = await condition.waitFor(() => "at once");
    condition.release();
    return [result, again];
  });
  await iterate(loop);
  for (let round = 1; round <= 2; round++) {
    await locked(loop, condition, () => {
      value = round;
      condition.notify();
    });
    await iterate(loop, 6);
  }
  assert.equal([await loop.runUntilComplete(waiter), asked], [[2, "at once"], 3]);
  assert.not(condition.locked());
});

test("works on a lock that it is given, and with() has it", async (loop) => {
  const lock = new Lock();
  const condition = new Condition(lock);
  await loop.runUntilComplete(
    loop.createTask(async () => {
      await condition.with(async () => assert.ok(lock.locked()));
      assert.not(lock.locked());
    }),
  );
});

test("refuses to wait and to notify without the lock, and what is no lock", async (loop) => {
  const condition = new Condition();
  assert.is(thrownBy(() => condition.notify()).code, "ERR_NOT_LOCKED");
  assert.is(thrownBy(() => condition.notifyAll()).code, "ERR_NOT_LOCKED");
  assert.is(thrownBy(() => condition.notify(-1)).code, "ERR_OUT_OF_RANGE");
  assert.is(thrownBy(() => condition.release()).code, "ERR_NOT_LOCKED");
  assert.is(thrownBy(() => new Condition({} as never)).code, "ERR_NOT_A_LOCK");
  await loop.runUntilComplete(
    loop.createTask(async () => {
      assert.is(thrownBy(() => condition.wait()).code, "ERR_NOT_LOCKED");
      assert.is(thrownBy(() => condition.waitFor(() => false)).code, "ERR_NOT_LOCKED");
      assert.is(thrownBy(() => condition.waitFor(1 as never)).code, "ERR_NOT_CALLABLE");
    }),
  );
});

test.run();

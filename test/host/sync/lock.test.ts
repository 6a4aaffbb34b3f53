/** Locks: who has it, in which order, and what a cancellation leaves. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, Lock, RuntimeError, sleep, TimeoutError, waitFor } from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "../loop/both-loops.js";
import { awaiting, iterate, KINDS } from "./both-kinds.js";

const test = bothLoops(suite("Lock"));

for (const kind of KINDS) {
  test(`is taken at once if nobody has it, by a ${kind}`, async (loop) => {
    const lock = new Lock();
    const taken = await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => lock.acquire(),
        (value) => [value, lock.locked()],
      ),
    );
    assert.equal(taken, [true, true]);
    lock.release();
    assert.not(lock.locked());
  });

  test(`goes to those who wait in the order in which they came, one at a time, ${kind}`, async (loop) => {
    const lock = new Lock();
    const trace: string[] = [];
    const tasks = ["a", "b", "c"].map((name) =>
      awaiting(
        loop,
        kind,
        () => lock.acquire(),
        () => trace.push(name),
      ),
    );
    await iterate(loop);
    assert.equal(trace, ["a"]);
    assert.is(String(lock), "<Lock [locked, waiters:2]>");
    for (const expected of [
      ["a", "b"],
      ["a", "b", "c"],
    ]) {
      lock.release();
      // Nobody who comes now gets it before those who have waited.
      await iterate(loop);
      assert.equal(trace, expected);
    }
    lock.release();
    assert.is(String(lock), "<Lock [unlocked]>");
    for (const task of tasks) assert.ok(task.done());
  });

  test(`ends a ${kind} that is cancelled in the turn in which it has it, though others have released it`, async (loop) => {
    const lock = new Lock();
    const [, second] = ["a", "b"].map((name) =>
      awaiting(
        loop,
        kind,
        () => lock.acquire(),
        () => name,
      ),
    );
    await iterate(loop);
    lock.release();
    second?.cancel();
    lock.release();
    await iterate(loop);
    assert.ok(second?.cancelled());
    assert.not(lock.locked());
  });

  test(`is not given to one who was cancelled while waiting, ${kind}`, async (loop) => {
    const lock = new Lock();
    const trace: string[] = [];
    const [, second] = ["a", "b", "c"].map((name) =>
      awaiting(
        loop,
        kind,
        () => lock.acquire(),
        () => trace.push(name),
      ),
    );
    await iterate(loop);
    second?.cancel();
    await iterate(loop);
    assert.ok(second?.cancelled());
    lock.release();
    await iterate(loop);
    assert.equal(trace, ["a", "c"]);
    lock.release();
  });

  test(`goes on to the next if a ${kind} is cancelled in the turn in which it would have had it`, async (loop) => {
    for (const cancelFirst of [true, false]) {
      const lock = new Lock();
      const trace: string[] = [];
      const [, second] = ["a", "b", "c"].map((name) =>
        awaiting(
          loop,
          kind,
          () => lock.acquire(),
          () => trace.push(name),
        ),
      );
      await iterate(loop);
      if (cancelFirst) second?.cancel();
      lock.release();
      if (!cancelFirst) second?.cancel();
      await iterate(loop, 4);
      assert.equal([second?.cancelled(), trace], [true, ["a", "c"]], `cancelled ${cancelFirst ? "before" : "after"}`);
      lock.release();
      assert.not(lock.locked());
    }
  });

  test(`is free again if the only one who would get it, a ${kind}, is cancelled just then`, async (loop) => {
    const lock = new Lock();
    await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => lock.acquire(),
        () => {},
      ),
    );
    const task = awaiting(
      loop,
      kind,
      () => lock.acquire(),
      () => assert.unreachable(),
    );
    await iterate(loop);
    lock.release();
    task.cancel();
    assert.instance(await rejection(loop.runUntilComplete(task)), CancelledError);
    assert.not(lock.locked());
  });

  test(`is held by with() until a ${kind} has ended, however it does`, async (loop) => {
    const lock = new Lock();
    const trace: string[] = [];
    const body = (name: string, fails: boolean) =>
      kind === "generator"
        ? function* () {
            trace.push(`${name} begins`);
            yield* sleep(0.0001);
            trace.push(`${name} ends`);
            if (fails) throw new Error(name);
            return name;
          }
        : async () => {
            trace.push(`${name} begins`);
            await sleep(0.0001);
            trace.push(`${name} ends`);
            if (fails) throw new Error(name);
            return name;
          };
    const both = loop.createTask(function* () {
      const first = lock.with(body("a", true));
      const second = lock.with<string>(body("b", false));
      try {
        yield* first;
      } catch (error) {
        trace.push((error as Error).message);
      }
      return yield* second;
    });
    assert.is(await loop.runUntilComplete(both), "b");
    assert.equal(
      trace.filter((line) => line !== "a"),
      ["a begins", "a ends", "b begins", "b ends"],
    );
    assert.ok(trace.includes("a"));
    assert.not(lock.locked());
  });

  test(`is given back by with() whose ${kind} is cancelled, waiting or running`, async (loop) => {
    const lock = new Lock();
    const ended: string[] = [];
    const hold = (name: string) =>
      kind === "generator"
        ? function* () {
            try {
              yield* sleep(3600);
            } finally {
              ended.push(name);
            }
          }
        : async () => {
            try {
              await sleep(3600);
            } finally {
              ended.push(name);
            }
          };
    const tasks = await loop.runUntilComplete(
      loop.createTask(async () => [lock.with(hold("a")), lock.with(hold("b")), lock.with(hold("c"))]),
    );
    await iterate(loop);
    tasks[1]?.cancel();
    tasks[0]?.cancel();
    await iterate(loop, 6);
    assert.equal(ended, ["a"]);
    tasks[2]?.cancel();
    await iterate(loop, 6);
    assert.equal(ended, ["a", "c"]);
    assert.not(lock.locked());
  });
}

test("a newcomer does not overtake those who wait", async (loop) => {
  const lock = new Lock();
  const trace: string[] = [];
  await loop.runUntilComplete(
    awaiting(
      loop,
      "generator",
      () => lock.acquire(),
      () => {},
    ),
  );
  awaiting(
    loop,
    "generator",
    () => lock.acquire(),
    () => trace.push("waited"),
  );
  await iterate(loop);
  awaiting(
    loop,
    "generator",
    () => lock.acquire(),
    () => trace.push("newcomer"),
  );
  lock.release();
  await iterate(loop);
  assert.equal(trace, ["waited"]);
  lock.release();
  await iterate(loop);
  assert.equal(trace, ["waited", "newcomer"]);
});

test("waitFor gives up waiting for it, and loses it to nobody", async (loop) => {
  const lock = new Lock();
  const patient = loop.createTask(function* () {
    yield* lock.acquire();
    try {
      yield* waitFor(lock.acquire(), 0.001);
    } finally {
      lock.release();
    }
  });
  assert.instance(await rejection(loop.runUntilComplete(patient)), TimeoutError);
  assert.not(lock.locked());
});

test("refuses what makes no sense", async (loop) => {
  const lock = new Lock();
  assert.is(thrownBy(() => lock.release()).code, "ERR_NOT_LOCKED");
  assert.is(thrownBy(() => lock.acquire()).code, "ERR_NO_RUNNING_LOOP");
  await loop.runUntilComplete(
    loop.createTask(async () => assert.is(thrownBy(() => lock.with(7 as never)).code, "ERR_NOT_CALLABLE")),
  );
});

test("belongs to the loop on which it was first used", async (loop) => {
  const lock = new Lock();
  await loop.runUntilComplete(
    awaiting(
      loop,
      "generator",
      () => lock.acquire(),
      () => {},
    ),
  );
  const other = new VirtualEventLoop();
  const error = await rejection(
    other.runUntilComplete(
      awaiting(
        other,
        "generator",
        () => lock.acquire(),
        () => {},
      ),
    ),
  );
  assert.instance(error, RuntimeError);
  assert.is(error.code, "ERR_FOREIGN_LOOP");
  other.close();
});

test.run();

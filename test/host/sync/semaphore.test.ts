/** Semaphores: so many at a time. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Semaphore, sleep, ValueError } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops } from "../loop/both-loops.js";
import { awaiting, iterate, KINDS } from "./both-kinds.js";

const test = bothLoops(suite("Semaphore"));

for (const kind of KINDS) {
  test(`lets so many go on, and one more for each release, in order, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(2);
    const trace: string[] = [];
    for (const name of ["a", "b", "c", "d"])
      awaiting(
        loop,
        kind,
        () => semaphore.acquire(),
        () => trace.push(name),
      );
    await iterate(loop);
    assert.equal(trace, ["a", "b"]);
    assert.is(String(semaphore), "<Semaphore [locked, waiters:2]>");
    semaphore.release();
    await iterate(loop);
    assert.equal(trace, ["a", "b", "c"]);
    semaphore.release();
    semaphore.release();
    await iterate(loop);
    assert.equal(trace, ["a", "b", "c", "d"]);
    assert.is(String(semaphore), "<Semaphore [unlocked, value:1]>");
  });

  test(`gives the turn to the next if a ${kind} is cancelled just then`, async (loop) => {
    const semaphore = new Semaphore(0);
    const trace: string[] = [];
    const [first] = ["a", "b"].map((name) =>
      awaiting(
        loop,
        kind,
        () => semaphore.acquire(),
        () => trace.push(name),
      ),
    );
    await iterate(loop);
    semaphore.release();
    first?.cancel();
    await iterate(loop, 4);
    assert.equal([first?.cancelled(), trace], [true, ["b"]]);
    assert.ok(semaphore.locked());
    const last = awaiting(
      loop,
      kind,
      () => semaphore.acquire(),
      () => trace.push("c"),
    );
    await iterate(loop);
    semaphore.release();
    last.cancel();
    await iterate(loop);
    assert.is(String(semaphore), "<Semaphore [unlocked, value:1]>");
  });

  test(`is acquired by a newcomer only if nobody waits, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(0);
    const trace: string[] = [];
    awaiting(
      loop,
      kind,
      () => semaphore.acquire(),
      () => trace.push("waited"),
    );
    await iterate(loop);
    awaiting(
      loop,
      kind,
      () => semaphore.acquire(),
      () => trace.push("newcomer"),
    );
    semaphore.release();
    await iterate(loop);
    assert.equal(trace, ["waited"]);
    semaphore.release();
    await iterate(loop);
    assert.equal(trace, ["waited", "newcomer"]);
  });
}

test("with() runs so many functions at a time", async (loop) => {
  const semaphore = new Semaphore(2);
  let [running, most] = [0, 0];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const tasks = Array.from({ length: 6 }, (_, index) =>
        semaphore.with(async () => {
          most = Math.max(most, ++running);
          await sleep(0.0001);
          running--;
          return index;
        }),
      );
      const results: number[] = [];
      for (const task of tasks) results.push(await task);
      assert.equal(results, [0, 1, 2, 3, 4, 5]);
    }),
  );
  assert.equal([running, most], [0, 2]);
});

test("has a value of 1 by default, and none below 0", () => {
  assert.is(String(new Semaphore()), "<Semaphore [unlocked, value:1]>");
  assert.instance(
    thrownBy(() => new Semaphore(-1)),
    ValueError,
  );
  assert.is(thrownBy(() => new Semaphore("1" as never)).code, "ERR_INVALID_ARG_TYPE");
});

test.run();

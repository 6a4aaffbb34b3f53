/** Barriers: all wait for the last. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Barrier, BrokenBarrierError, type Future } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "../loop/both-loops.js";
import { awaiting, iterate, KINDS } from "./both-kinds.js";

const test = bothLoops(suite("Barrier"));

for (const kind of KINDS) {
  test(`lets all go on when the last has come, over and over, ${kind}`, async (loop) => {
    const barrier = new Barrier(3);
    for (let round = 0; round < 2; round++) {
      const numbers: number[] = [];
      const come = () =>
        awaiting(
          loop,
          kind,
          () => barrier.wait(),
          (number) => numbers.push(number),
        );
      come();
      come();
      await iterate(loop);
      assert.equal([numbers, barrier.nWaiting, String(barrier)], [[], 2, "<Barrier [filling, waiters:2/3]>"]);
      come();
      await iterate(loop);
      assert.equal([numbers.sort(), barrier.nWaiting], [[0, 1, 2], 0]);
    }
    assert.is(barrier.parties, 3);
  });

  test(`does not count those who are cancelled, ${kind}`, async (loop) => {
    const barrier = new Barrier(2);
    const numbers: number[] = [];
    const come = () =>
      awaiting(
        loop,
        kind,
        () => barrier.wait(),
        (number) => numbers.push(number),
      );
    const task = come();
    await iterate(loop);
    task.cancel();
    await iterate(loop);
    come();
    await iterate(loop);
    assert.equal([numbers, barrier.nWaiting], [[], 1]);
    come();
    await iterate(loop);
    assert.equal(numbers.sort(), [0, 1]);
  });

  test(`fails those who wait when it is reset, and works again, ${kind}`, async (loop) => {
    const barrier = new Barrier(2);
    const waiting = awaiting(
      loop,
      kind,
      () => barrier.wait(),
      () => assert.unreachable(),
    );
    await iterate(loop);
    await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => barrier.reset(),
        () => {},
      ),
    );
    assert.instance(await rejection(loop.runUntilComplete(waiting)), BrokenBarrierError);
    assert.not(barrier.broken);
    const both = [1, 2].map(() =>
      awaiting(
        loop,
        kind,
        () => barrier.wait(),
        (number) => number,
      ),
    );
    assert.equal(
      [await loop.runUntilComplete(both[0] as Future), await loop.runUntilComplete(both[1] as Future)].sort(),
      [0, 1],
    );
  });

  test(`fails those who wait and those who come when it is aborted, until it is reset, ${kind}`, async (loop) => {
    const barrier = new Barrier(2);
    const waiting = awaiting(
      loop,
      kind,
      () => barrier.wait(),
      () => assert.unreachable(),
    );
    await iterate(loop);
    await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => barrier.abort(),
        () => {},
      ),
    );
    assert.is((await rejection(loop.runUntilComplete(waiting))).code, "ERR_BROKEN_BARRIER");
    assert.equal([barrier.broken, String(barrier)], [true, "<Barrier [broken]>"]);
    const late = awaiting(
      loop,
      kind,
      () => barrier.wait(),
      () => assert.unreachable(),
    );
    assert.instance(await rejection(loop.runUntilComplete(late)), BrokenBarrierError);
    await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => barrier.reset(),
        () => {},
      ),
    );
    assert.not(barrier.broken);
  });
}

test("of one never waits", async (loop) => {
  const barrier = new Barrier(1);
  assert.is(
    await loop.runUntilComplete(
      awaiting(
        loop,
        "generator",
        () => barrier.wait(),
        (number) => number,
      ),
    ),
    0,
  );
});

test("needs at least one", () => {
  for (const parties of [0, -1, 0.5]) assert.is(thrownBy(() => new Barrier(parties)).code, "ERR_OUT_OF_RANGE");
  assert.is(thrownBy(() => new Barrier(undefined as never)).code, "ERR_INVALID_ARG_TYPE");
});

test.run();

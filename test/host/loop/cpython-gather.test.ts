/**
 * The cases of CPython's own tests of `gather` and `shield` that the tests of ours do not have.
 *
 * Owns: what counts when several of what is gathered end, which cancellations pass through `gather` and `shield`, and what becomes of exceptions
 * that come too late.
 *
 * CPython 3.11, test_tasks.py.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type EventLoop,
  type Future,
  gather,
  getRunningLoop,
  setEventLoop,
  shield,
  sleep,
} from "../../../host/index.js";
import { collectGarbage } from "../futures/collect-garbage.js";
import { iterate, KINDS, ofKind } from "../sync/both-kinds.js";
import { bothLoops, contextsOf, rejection, within } from "./both-loops.js";

const test = bothLoops(suite("gather and shield, as CPython tests them"));

/** So many futures, and how often what gathers them has told of its end. */
function several(loop: EventLoop, count: number): Future<number>[] {
  return Array.from({ length: count }, () => loop.createFuture<number>());
}

function countEnds(future: Future<unknown>): { ends: number } {
  const counter = { ends: 0 };
  future.addDoneCallback(() => counter.ends++);
  return counter;
}

test("gather ends once, with the first failure, and what comes later is looked at", async (loop) => {
  const contexts = contextsOf(loop);
  const futures = several(loop, 5);
  const [a, b, c, d, e] = futures as [Future<number>, Future<number>, Future<number>, Future<number>, Future<number>];
  const all = gather(futures);
  const counter = countEnds(all);
  b.setResult(1);
  await iterate(loop);
  assert.not.ok(all.done());
  const error = new Error("first");
  a.setException(error);
  await iterate(loop);
  assert.is(all.exception(), error);
  c.setResult(3);
  d.cancel();
  e.setException(new Error("too late"));
  await iterate(loop);
  assert.is(counter.ends, 1);
  await collectGarbage();
  assert.equal(contexts, []);
});

test("gather of one that is cancelled fails, and is not cancelled itself", async (loop) => {
  const futures = several(loop, 3);
  const all = gather(futures);
  const counter = countEnds(all);
  futures[1]?.cancel("enough");
  await iterate(loop);
  assert.is(all.cancelled(), false);
  const error = all.exception() as Error;
  assert.instance(error, CancelledError);
  assert.is(error.message, "enough");
  futures[0]?.setResult(1);
  futures[2]?.cancel();
  await iterate(loop);
  assert.is(counter.ends, 1);
});

test("gather with returnExceptions has all of them in their places, cancellations too", async (loop) => {
  const futures = several(loop, 6);
  const [a, b, c, d, e, f] = futures as [
    Future<number>,
    Future<number>,
    Future<number>,
    Future<number>,
    Future<number>,
    Future<number>,
  ];
  const all = gather(futures, { returnExceptions: true });
  const counter = countEnds(all);
  const [first, second] = [new Error("first"), new RangeError("second")];
  a.setResult(1);
  b.setException(first);
  c.cancel("why");
  await iterate(loop);
  assert.not.ok(all.done());
  d.setResult(3);
  e.cancel();
  f.setException(second);
  const results = (await loop.runUntilComplete(all)) as unknown[];
  assert.equal([results[0], results[1], results[3], results[5]], [1, first, 3, second]);
  assert.instance(results[2], CancelledError);
  assert.is((results[2] as Error).message, "why");
  assert.instance(results[4], CancelledError);
  assert.is(counter.ends, 1);
});

test("gather refuses to be cancelled once all are done, and has their results", async (loop) => {
  const future = loop.createFuture<number>();
  const answers: boolean[] = [];
  const all = gather(
    [
      (function* () {
        return yield* future;
      })(),
      future,
    ] as Future<number>[],
    {},
  );
  const alone = gather([future]);
  future.addDoneCallback(() => answers.push(alone.cancel()));
  future.setResult(42);
  assert.equal(await loop.runUntilComplete(alone), [42]);
  assert.equal(await loop.runUntilComplete(all), [42, 42]);
  assert.equal(answers, [false]);
});

test("gather with returnExceptions is cancelled all the same, with the message", async (loop) => {
  for (const kind of KINDS) {
    for (const message of [undefined, "enough"]) {
      const task = loop.createTask(
        ofKind(kind, function* () {
          for (;;) yield* gather([sleep(3600), sleep(0)], { returnExceptions: true });
        }),
      );
      await iterate(loop, 6);
      task.cancel(message);
      assert.is((await rejection(loop.runUntilComplete(task))).message, message ?? "");
      assert.ok(task.cancelled());
    }
  }
});

test("gather that is cancelled fails with that though every child goes on", async (loop) => {
  for (const returnExceptions of [false, true]) {
    const stubborn = () =>
      loop.createTask(function* () {
        try {
          yield* sleep(3600);
        } catch {}
        return "swallowed";
      });
    const children = [stubborn(), stubborn()];
    const all = gather(children, { returnExceptions });
    await iterate(loop);
    assert.ok(all.cancel("enough"));
    assert.not.ok(all.done());
    assert.is((await rejection(loop.runUntilComplete(all))).message, "enough");
    assert.equal(
      children.map((child) => child.result()),
      ["swallowed", "swallowed"],
    );
  }
});

for (const kind of KINDS) {
  test(`cancelling a ${kind} that awaits gather reaches all children at once`, async (loop) => {
    const waiter = loop.createFuture();
    const trace: string[] = [];
    const child = () =>
      loop.createTask(
        ofKind(kind, function* () {
          yield* waiter;
          trace.push("unreachable");
        }),
      );
    const children = [child(), child()];
    let gathered: Future<unknown> | null = null;
    const outer = loop.createTask(
      ofKind(kind, function* () {
        gathered = gather(children);
        yield* gathered;
        trace.push("unreachable");
      }),
    );
    await iterate(loop, 2);
    assert.ok(outer.cancel());
    assert.instance(await rejection(loop.runUntilComplete(outer)), CancelledError);
    assert.is((gathered as Future | null)?.cancel(), false);
    assert.ok(waiter.cancelled() && children.every((one) => one.cancelled()));
    assert.equal(trace, []);
  });

  test(`cancelling a ${kind} that awaits shield leaves what is shielded alone`, async (loop) => {
    const waiter = loop.createFuture<string>();
    const trace: string[] = [];
    const outer = loop.createTask(
      ofKind(kind, function* () {
        yield* shield(
          (function* () {
            trace.push(yield* waiter);
          })(),
        );
        trace.push("unreachable");
      }),
    );
    await iterate(loop, 2);
    outer.cancel();
    assert.instance(await rejection(loop.runUntilComplete(outer)), CancelledError);
    waiter.setResult("kept");
    await iterate(loop, 2);
    assert.equal(trace, ["kept"]);
  });
}

test("gather looks at what fails after the first, whether or not whoever waits still does", async (loop) => {
  const contexts = contextsOf(loop);
  const [a, b] = several(loop, 2) as [Future<number>, Future<number>];
  const failing = (future: Future) =>
    loop.createTask(function* () {
      yield* future;
      throw new Error("should not be ignored");
    });
  const outer = loop.createTask(function* () {
    yield* gather([failing(a), failing(b)]);
  });
  await iterate(loop);
  a.setResult(1);
  await iterate(loop);
  b.setResult(1);
  await iterate(loop);
  assert.is((outer.exception() as Error).message, "should not be ignored");
  await collectGarbage();
  assert.equal(contexts, []);
});

test("gather of nothing is a future of the loop that runs, or that was set", async (loop) => {
  assert.is(await within(loop, async () => gather([]).getLoop() === getRunningLoop()), true);
  setEventLoop(loop);
  const none = gather([]);
  assert.is(none.getLoop(), loop);
  assert.equal(await loop.runUntilComplete(none), []);
  setEventLoop(null);
});

test("gather that refuses one of what it is given has nothing to tell of the others", async (loop) => {
  setEventLoop(loop);
  const contexts = contextsOf(loop);
  const coroutine = (function* () {
    yield;
  })();
  assert.throws(() => gather([coroutine, {} as never]), TypeError);
  await iterate(loop);
  assert.equal(contexts, []);
  setEventLoop(null);
});

test("shield ends as what is inside, and lets go of it when it is cancelled", async (loop) => {
  loop.setDebug(false);
  const [good, bad, cancelled, left] = several(loop, 4) as [
    Future<number>,
    Future<number>,
    Future<number>,
    Future<number>,
  ];
  const shields = [good, bad, cancelled, left].map((future) => shield(future));
  const error = new Error("expected");
  good.setResult(42);
  bad.setException(error);
  cancelled.cancel();
  shields[3]?.cancel();
  await iterate(loop, 2);
  assert.is(shields[0]?.result(), 42);
  assert.is(shields[1]?.exception(), error);
  assert.ok(shields[2]?.cancelled() && shields[3]?.cancelled());
  assert.equal([String(left), String(shields[3])], ["<Future pending>", "<Composite cancelled>"]);
  assert.is(shield(good), good);
});

test("shield around gather keeps that, and gather around shields keeps what is in them", async (loop) => {
  const [a, b, c, d] = several(loop, 4) as [Future<number>, Future<number>, Future<number>, Future<number>];
  const inner = gather([a, b]);
  const outer = shield(inner);
  outer.cancel();
  const shields = [shield(c), shield(d)];
  const parent = gather(shields);
  parent.cancel();
  await iterate(loop, 3);
  assert.ok(outer.cancelled() && shields.every((one) => one.cancelled()));
  assert.instance(parent.exception(), CancelledError);
  for (const [value, future] of [a, b, c, d].entries()) future.setResult(value);
  await iterate(loop, 2);
  assert.equal(inner.result(), [0, 1]);
});

test.run();

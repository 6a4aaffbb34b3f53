/** Taking several things as they come in. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  asCompleted,
  CancelledError,
  type Future,
  setEventLoop,
  sleep,
  TimeoutError,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { iterate, KINDS, ofKind } from "../sync/both-kinds.js";
import { bothLoops, rejection, runOnce } from "./both-loops.js";

const test = bothLoops(suite("asCompleted"));

test.onVirtual("gives what comes first first, in generators and in async functions", async (loop) => {
  const naps = () => [3, 1, 2].map((seconds) => sleep(seconds, seconds));
  const generator = loop.createTask(function* () {
    const results: number[] = [];
    for (const next of asCompleted(naps())) results.push(yield* next);
    return results;
  });
  const asyncFunction = loop.createTask(async () => {
    const results: number[] = [];
    for (const next of asCompleted(naps())) results.push(await next);
    return results;
  });
  assert.equal(await loop.runUntilComplete(generator), [1, 2, 3]);
  assert.equal(await loop.runUntilComplete(asyncFunction), [1, 2, 3]);
});

test.onVirtual("gives to for await those themselves that are done, and tasks made of the others", async (loop) => {
  const failed = loop.createFuture<number>();
  const made = (function* () {
    return yield* sleep(3, 3);
  })();
  const task = loop.createTask(async () => {
    const [one, two] = [sleep(1, 1), loop.createTask(() => sleep(2, 2))];
    const names = new Map<unknown, string>([
      [one, "one"],
      [two, "two"],
      [failed, "failed"],
    ]);
    loop.callLater(2.5, () => failed.setException(new Error("mine")));
    const trace: unknown[] = [];
    for await (const future of asCompleted([two, one, made, failed, one])) {
      assert.ok(future.done());
      trace.push(names.get(future) ?? future.result());
    }
    for await (const _nothing of asCompleted([])) assert.unreachable();
    return trace;
  });
  assert.equal(await loop.runUntilComplete(task), ["one", "two", "failed", 3]);
  assert.is((failed.exception() as Error).message, "mine");
});

test.onVirtual(
  "ends for await with a TimeoutError, and with the cancellation of the task, which takes nothing",
  async (loop) => {
    const [slow, late] = [loop.createFuture<number>(), loop.createFuture<number>()];
    const tooLate = loop.createTask(async () => {
      for await (const _future of asCompleted([slow], { timeout: 1 })) assert.unreachable();
    });
    assert.instance(await rejection(loop.runUntilComplete(tooLate)), TimeoutError);
    const all = asCompleted([late, slow]);
    const first = loop.createTask(async () => {
      for await (const _future of { [Symbol.asyncIterator]: () => ({ next: all[Symbol.asyncIterator]().next }) })
        assert.unreachable();
    });
    await iterate(loop);
    late.setResult(1);
    first.cancel();
    assert.instance(await rejection(loop.runUntilComplete(first)), CancelledError);
    const second = loop.createTask(async () => {
      for await (const future of all) return future === late;
      return false;
    });
    assert.is(await loop.runUntilComplete(second), true);
    assert.equal([slow.done(), all.next().done], [false, true]);
  },
);

test("gives a failure where it comes, and goes on after it", async (loop) => {
  const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
  const task = loop.createTask(async () => {
    const outcomes: unknown[] = [];
    for (const next of asCompleted([first, second, first])) {
      outcomes.push(await next.then(String, (error) => (error as Error).message));
    }
    return outcomes;
  });
  await iterate(loop);
  second.setException(new Error("mine"));
  await iterate(loop);
  first.setResult(1);
  assert.equal(await loop.runUntilComplete(task), ["mine", "1"]);
});

test("fails each that is left when the time is over, and cancels none", async (loop) => {
  const [slow, slower] = [loop.createFuture<number>(), loop.createFuture<number>()];
  const task = loop.createTask(async () => {
    const errors: Error[] = [];
    for (const next of asCompleted([slow, slower], { timeout: 0.001 })) errors.push(await rejection(next));
    return errors;
  });
  for (const error of await loop.runUntilComplete(task)) assert.instance(error, TimeoutError);
  assert.equal([task.result().length, slow.done(), slower.done()], [2, false, false]);
});

test("keeps what was ready for one that was cancelled", async (loop) => {
  const future = loop.createFuture<number>();
  const other = loop.createFuture<number>();
  const task = loop.createTask(function* () {
    const all = asCompleted([future, other]);
    const next = all.next().value as Future<number>;
    loop.callLater(0.0001, () => next.cancel());
    try {
      yield* next;
    } catch (error) {
      assert.instance(error, CancelledError);
    }
    future.setResult(1);
    return yield* all.next().value as Future<number>;
  });
  assert.is(await loop.runUntilComplete(task), 1);
});

test("passes on errors and cancellations, each in its place", async (loop) => {
  const [failing, cancelled, fine] = [1, 2, 3].map(() => loop.createFuture<string>()) as [
    Future<string>,
    Future<string>,
    Future<string>,
  ];
  const nexts = [...asCompleted([failing, cancelled, fine])] as [Future<string>, Future<string>, Future<string>];
  cancelled.cancel();
  await runOnce(loop);
  failing.setException(new Error("mine"));
  fine.setResult("fine");
  await runOnce(loop);
  assert.ok(nexts[0].cancelled());
  assert.is((nexts[1].exception() as Error).message, "mine");
  assert.is(nexts[2].result(), "fine");
});

test("one that is asked for after the time is over fails at once", async (loop) => {
  const slow = loop.createFuture<number>();
  const completions = asCompleted([slow], { timeout: 0.0005 });
  await loop.runUntilComplete(loop.createTask(() => sleep(0.001)));
  assert.instance(completions.next().value?.exception(), TimeoutError);
  assert.ok(completions.next().done);
  slow.cancel();
});

test("leaving it early lets go of what is not done", async (loop) => {
  loop.setDebug(false);
  const futures = [loop.createFuture<number>(), loop.createFuture<number>()];
  futures[0]?.setResult(1);
  const task = loop.createTask(function* () {
    for (const next of asCompleted(futures, { timeout: 1000 })) {
      yield* next;
      break;
    }
  });
  await loop.runUntilComplete(task);
  assert.is(String(futures[1]), "<Future pending>");
  futures[1]?.cancel();
});

for (const kind of KINDS) {
  test(`gives each failure and each cancellation once, in a ${kind}, with a limit for each too`, async (loop) => {
    for (const limit of [false, true]) {
      const [failed, cancelled, later] = [1, 2, 3].map(() => loop.createFuture<string>()) as [
        Future<string>,
        Future<string>,
        Future<string>,
      ];
      const task = loop.createTask(
        ofKind(kind, function* () {
          const outcomes: string[] = [];
          for (const next of asCompleted([failed, cancelled, later])) {
            try {
              outcomes.push(yield* limit ? waitFor(next, 3600) : next);
            } catch (error) {
              outcomes.push((error as Error).message);
            }
          }
          return outcomes;
        }),
      );
      await iterate(loop);
      failed.setException(new Error("failed"));
      await iterate(loop, 6);
      cancelled.cancel();
      await iterate(loop, 6);
      later.setResult("later");
      assert.equal(await loop.runUntilComplete(task), ["failed", "", "later"]);
    }
  });

  test(`does not give again what another has when a ${kind} of two that await it is cancelled just then`, async (loop) => {
    const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
    const nexts = asCompleted([first, second]);
    const next = nexts.next().value as Future<number>;
    const body = ofKind(kind, function* () {
      return yield* next;
    });
    const [cancelled, other] = [loop.createTask(body), loop.createTask(body)];
    first.addDoneCallback(() => cancelled.cancel());
    await runOnce(loop);
    first.setResult(1);
    second.setResult(2);
    await rejection(loop.runUntilComplete(cancelled));
    assert.ok(cancelled.cancelled());
    assert.is(await loop.runUntilComplete(other), 1);
    assert.is(await loop.runUntilComplete(nexts.next().value as Future<number>), 2);
    assert.is(thrownBy(() => next.setResult(3)).code, "ERR_OWN_RESULT");
  });

  test(`keeps a failure for the next when a ${kind} is cancelled just as it comes`, async (loop) => {
    const [first, second] = [loop.createFuture<string>(), loop.createFuture<string>()];
    const outcomes: string[] = [];
    const task = loop.createTask(
      ofKind(kind, function* () {
        for (const next of asCompleted([first, second])) {
          try {
            outcomes.push(yield* next);
          } catch (error) {
            outcomes.push((error as Error).message);
          }
        }
      }),
    );
    await iterate(loop);
    first.setException(new Error("failed"));
    await runOnce(loop);
    task.cancel("cancelled");
    await iterate(loop, 6);
    second.setResult("second");
    await iterate(loop, 6);
    assert.equal(outcomes, ["cancelled", "failed"]);
  });
}

for (const kind of KINDS) {
  test(`hands what came for a ${kind} that is cancelled just then to who waits already`, async (loop) => {
    for (const fails of [false, true]) {
      const [first, second] = [loop.createFuture<string>(), loop.createFuture<string>()];
      const nexts = asCompleted([first, second]);
      const take = () =>
        loop.createTask(
          ofKind(kind, function* () {
            return yield* nexts.next().value as Future<string>;
          }),
        );
      const [cancelled, waiting] = [take(), take()];
      await iterate(loop);
      if (fails) first.setException(new Error("first"));
      else first.setResult("first");
      await runOnce(loop);
      cancelled.cancel();
      const outcome = await loop.runUntilComplete(waiting).catch((error) => (error as Error).message);
      assert.equal([outcome, cancelled.cancelled(), second.done()], ["first", true, false]);
      second.cancel();
    }
  });
}

test("of nothing gives nothing, and refuses what it cannot wait for", async (loop) => {
  setEventLoop(loop);
  assert.equal([...asCompleted([])], []);
  const future = loop.createFuture<number>();
  assert.is(thrownBy(() => asCompleted(future as never)).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => asCompleted([1 as never])).code, "ERR_NOT_AWAITABLE");
  assert.is(thrownBy(() => asCompleted([future], { timeout: "1" as never })).code, "ERR_NOT_A_NUMBER");
  assert.is(thrownBy(() => asCompleted([future], { timout: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  setEventLoop(null);
});

test("leaves to the next what came for one that is cancelled just then", async (loop) => {
  for (const kind of ["generator", "async function"]) {
    const [first, second] = [loop.createFuture<string>(), loop.createFuture<string>()];
    const seen: string[] = [];
    const task =
      kind === "generator"
        ? loop.createTask(function* () {
            for (const next of asCompleted([first, second])) {
              try {
                seen.push(yield* next);
              } catch (error) {
                seen.push((error as Error).name);
              }
            }
          })
        : loop.createTask(async () => {
            for (const next of asCompleted([first, second])) {
              try {
                seen.push(await next);
              } catch (error) {
                seen.push((error as Error).name);
              }
            }
          });
    await iterate(loop);
    first.setResult("first");
    await runOnce(loop);
    task.cancel();
    await iterate(loop);
    second.setResult("second");
    await iterate(loop);
    assert.equal(seen, ["CancelledError", "first"], kind);
  }
});

test.run();

/**
 * Barriers, held against the checks of CPython's own: Lib/test/test_asyncio/test_locks.py of 3.12, BarrierTests.
 *
 * CPython keeps those out who come again while others have not gone on yet. Here all are through at once, so what CPython checks of that time is
 * checked of what comes in its place: who comes again waits as any other does, and `abort` and `reset` reach him.
 *
 * Does not own: what barrier.test.ts says already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  Barrier,
  BrokenBarrierError,
  CancelledError,
  type Coroutine,
  type EventLoop,
  gather,
  type Task,
} from "../../../host/index.js";
import { bothLoops, within } from "../loop/both-loops.js";
import { failureOf, goOn, KINDS, type Kind, ofKind } from "./both-kinds.js";

const test = bothLoops(suite("Barrier, as CPython tests it"));

const PARTIES = 5;

/** So many tasks of one body. */
function tasksOf<T>(loop: EventLoop, kind: Kind, count: number, body: () => Coroutine<T>): Task<T>[] {
  return Array.from({ length: count }, () => loop.createTask(ofKind(kind, body)));
}

/** Waits, and says how that went. */
function* waitAndTell(barrier: Barrier): Coroutine<"through" | "broken"> {
  try {
    yield* barrier.wait();
    return "through";
  } catch (error) {
    if (error instanceof BrokenBarrierError) return "broken";
    throw error;
  }
}

function isAsNew(barrier: Barrier): void {
  assert.equal([barrier.nWaiting, barrier.broken], [0, false]);
  assert.is(String(barrier), `<Barrier [filling, waiters:0/${barrier.parties}]>`);
}

for (const kind of KINDS) {
  test(`of one lets each through by itself, with number 0, ${kind}`, async (loop) => {
    const barrier = new Barrier(1);
    await within(loop, function* () {
      for (let time = 0; time < 2; time++) {
        const [task] = tasksOf(loop, kind, 1, function* () {
          return yield* barrier.wait();
        });
        yield* goOn(kind);
        assert.equal([task?.result(), barrier.nWaiting], [0, 0]);
      }
    });
    isAsNew(barrier);
  });

  test(`counts those who come one by one, ${kind}`, async (loop) => {
    const barrier = new Barrier(3);
    await within(loop, function* () {
      const tasks: Task<unknown>[] = [];
      const waiting: number[] = [];
      for (let come = 0; come < 3; come++) {
        tasks.push(...tasksOf(loop, kind, 1, () => waitAndTell(barrier)));
        yield* goOn(kind);
        waiting.push(barrier.nWaiting);
      }
      assert.equal([waiting, yield* gather(tasks)], [[1, 2, 0], Array(3).fill("through")]);
    });
    isAsNew(barrier);
  });

  test(`gives each a number of his own, also when all wait again at once, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    const trace: string[] = [];
    const numbers = await within(loop, () =>
      gather(
        tasksOf(loop, kind, PARTIES, function* () {
          yield* barrier.wait();
          trace.push("first");
          const number = yield* barrier.wait();
          trace.push("second");
          return number;
        }),
      ),
    );
    assert.equal(trace, [...Array(PARTIES).fill("first"), ...Array(PARTIES).fill("second")]);
    assert.equal(numbers.sort(), [0, 1, 2, 3, 4]);
    isAsNew(barrier);
  });

  test(`is as new for each who goes on, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    const body = function* () {
      yield* barrier.wait();
      isAsNew(barrier);
    };
    await within(loop, () => gather(tasksOf(loop, kind, PARTIES, body)));
  });

  test(`keeps those who come again before others have gone on until all have come again, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    const others = new Barrier(PARTIES - 2);
    let again = 2;
    const trace: string[] = [];
    const body = function* () {
      yield* barrier.wait();
      if (again-- <= 0) {
        yield* others.wait();
        trace.push("other");
      }
      yield* barrier.wait();
      trace.push("through");
    };
    await within(loop, () => gather(tasksOf(loop, kind, PARTIES, body)));
    assert.equal(trace, [...Array(3).fill("other"), ...Array(PARTIES).fill("through")]);
    isAsNew(barrier);
    isAsNew(others);
  });

  test(`waits for one more when one is cancelled, ${kind}`, async (loop) => {
    const barrier = new Barrier(3);
    await within(loop, function* () {
      const come = () => tasksOf(loop, kind, 1, () => waitAndTell(barrier))[0] as Task<string>;
      const [first, second] = [come(), come()];
      yield* goOn(kind);
      assert.is(barrier.nWaiting, 2);
      first.cancel();
      yield* goOn(kind);
      assert.is(barrier.nWaiting, 1);
      assert.instance(yield* failureOf(first), CancelledError);
      const third = come();
      yield* goOn(kind);
      assert.is(barrier.nWaiting, 2);
      assert.equal(yield* gather([second, third, come()]), Array(3).fill("through"));
    });
    isAsNew(barrier);
  });

  test(`is as new after a reset, whether somebody waits or nobody, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    await within(loop, function* () {
      yield* barrier.reset();
      isAsNew(barrier);
      const tasks = tasksOf(loop, kind, PARTIES - 1, () => waitAndTell(barrier));
      yield* goOn(kind);
      loop.createTask(() => barrier.reset());
      assert.equal(yield* gather(tasks), Array(PARTIES - 1).fill("broken"));
    });
    isAsNew(barrier);
  });

  test(`lets those whom a reset has failed come again and wait for the last, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    await within(loop, function* () {
      const tasks = tasksOf(loop, kind, PARTIES - 1, function* () {
        return [yield* waitAndTell(barrier), yield* waitAndTell(barrier)];
      });
      yield* goOn(kind);
      yield* barrier.reset();
      yield* goOn(kind);
      const last = loop.createTask(() => barrier.wait());
      assert.equal(yield* gather(tasks), Array(PARTIES - 1).fill(["broken", "through"]));
      yield* last;
    });
    isAsNew(barrier);
  });

  for (const end of ["reset", "abort"] as const) {
    test(`${end} does not reach those who are through, though they have not gone on, ${kind}`, async (loop) => {
      const barrier = new Barrier(PARTIES);
      let through = 0;
      const tasks = tasksOf(loop, kind, PARTIES, function* () {
        const how = yield* waitAndTell(barrier);
        if (++through === 2) yield* barrier[end]();
        return how;
      });
      assert.equal(await within(loop, () => gather(tasks)), Array(PARTIES).fill("through"));
      assert.equal([barrier.nWaiting, barrier.broken], [0, end === "abort"]);
    });

    test(`${end} by the third who goes on fails the two who have come again, ${kind}`, async (loop) => {
      const barrier = new Barrier(PARTIES);
      let through = 0;
      const tasks = tasksOf(loop, kind, PARTIES, function* () {
        yield* barrier.wait();
        const number = ++through;
        if (number < 3) return yield* waitAndTell(barrier);
        if (number === 3) yield* barrier[end]();
        return "gone";
      });
      const outcomes = await within(loop, () => gather(tasks));
      assert.equal(outcomes.sort(), ["broken", "broken", "gone", "gone", "gone"]);
      assert.equal([barrier.nWaiting, barrier.broken], [0, end === "abort"]);
    });
  }

  test(`reset by the last one out fails all the others who have come again, and all get through later, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    let out = 0;
    const tasks = tasksOf(loop, kind, PARTIES, function* () {
      yield* barrier.wait();
      const again = ++out === PARTIES ? yield* barrier.reset() : yield* waitAndTell(barrier);
      return [again, yield* waitAndTell(barrier)];
    });
    const outcomes = await within(loop, () => gather(tasks));
    assert.equal(outcomes.filter(([again]) => again === "broken").length, PARTIES - 1);
    assert.ok(outcomes.every(([, last]) => last === "through"));
    isAsNew(barrier);
  });

  test(`that is aborted while nobody waits is broken, ${kind}`, async (loop) => {
    const barrier = new Barrier(1);
    await within(loop, function* () {
      yield* barrier.abort();
      assert.equal([barrier.nWaiting, barrier.broken], [0, true]);
      assert.equal(yield* gather(tasksOf(loop, kind, 1, () => waitAndTell(barrier))), ["broken"]);
    });
    assert.is(String(barrier), "<Barrier [broken]>");
  });

  test(`that one aborts who has failed fails all the others, now or later, ${kind}`, async (loop) => {
    const barrier = new Barrier(PARTIES);
    const tasks = tasksOf(loop, kind, PARTIES, function* () {
      const number = yield* barrier.wait();
      if (number !== 2) return yield* waitAndTell(barrier);
      yield* barrier.abort();
      return "failed";
    });
    const outcomes = await within(loop, () => gather(tasks));
    assert.equal(outcomes.sort(), [...Array(PARTIES - 1).fill("broken"), "failed"]);
    assert.equal([barrier.nWaiting, barrier.broken], [0, true]);
  });

  test(`that was aborted is good again when one resets it while all wait at another, ${kind}`, async (loop) => {
    const [barrier, meeting] = [new Barrier(PARTIES), new Barrier(PARTIES)];
    const tasks = tasksOf(loop, kind, PARTIES, function* () {
      let how = "failed";
      if ((yield* barrier.wait()) === 2) yield* barrier.abort();
      else how = yield* waitAndTell(barrier);
      if ((yield* meeting.wait()) === 2) yield* barrier.reset();
      yield* meeting.wait();
      return [how, yield* waitAndTell(barrier)];
    });
    const outcomes = await within(loop, () => gather(tasks));
    assert.equal(outcomes.filter(([how]) => how === "broken").length, PARTIES - 1);
    assert.ok(outcomes.every(([, last]) => last === "through"));
    isAsNew(barrier);
    isAsNew(meeting);
  });
}

test.run();

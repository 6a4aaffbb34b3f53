/**
 * Locks, events and semaphores, held against the checks of CPython's own: Lib/test/test_asyncio/test_locks.py of 3.12, LockTests, EventTests and
 * SemaphoreTests.
 *
 * Does not own: what lock.test.ts, event.test.ts and the two of semaphores say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  Barrier,
  BoundedSemaphore,
  CancelledError,
  Condition,
  type Coroutine,
  Event,
  gather,
  Lock,
  Queue,
  Semaphore,
  sleep,
  type Task,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, within } from "../loop/both-loops.js";
import { awaiting, failureOf, goOn, iterate, KINDS, ofKind } from "./both-kinds.js";

const locks = bothLoops(suite("Lock, as CPython tests it"));
const events = bothLoops(suite("Event, as CPython tests it"));
const semaphores = bothLoops(suite("Semaphore, as CPython tests it"));

for (const kind of KINDS) {
  locks(`goes with each release to one more, who goes on right after it, ${kind}`, async (loop) => {
    const lock = new Lock();
    const got: number[] = [];
    const take = (name: number) =>
      loop.createTask(
        ofKind(kind, function* () {
          got.push((yield* lock.acquire()) ? name : 0);
        }),
      );
    await within(loop, function* () {
      assert.is(yield* lock.acquire(), true);
      const tasks = [take(1), take(2)];
      yield* goOn(kind);
      assert.equal(got, []);
      lock.release();
      yield* goOn(kind);
      assert.equal(got, [1]);
      yield* goOn(kind);
      assert.equal(got, [1]);
      tasks.push(take(3));
      lock.release();
      yield* goOn(kind);
      assert.equal(got, [1, 2]);
      lock.release();
      yield* goOn(kind);
      assert.equal(got, [1, 2, 3]);
      assert.ok(tasks.every((task) => task.done()));
    });
    assert.ok(lock.locked());
  });

  locks(`has nobody in its queue who is cancelled on joining it, ${kind}`, async (loop) => {
    const lock = new Lock();
    await within(loop, function* () {
      yield* lock.acquire();
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* lock.acquire();
        }),
      );
      loop.callSoon(() => task.cancel());
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.is(String(lock), "<Lock [locked]>");
  });

  locks(`passes over one who is cancelled when its holder is about to release it, ${kind}`, async (loop) => {
    const lock = new Lock();
    const gate = loop.createFuture();
    const hold = (until: Iterable<never> | typeof gate) =>
      loop.createTask(
        ofKind(kind, function* () {
          yield* lock.acquire();
          try {
            yield* until;
          } finally {
            lock.release();
          }
        }),
      );
    await within(loop, function* () {
      const holder = hold(gate);
      yield* goOn(kind);
      const [second, third] = [hold([]), hold([])];
      yield* goOn(kind);
      assert.is(String(lock), "<Lock [locked, waiters:2]>");
      gate.setResult(null);
      second.cancel();
      yield* goOn(kind);
      assert.equal([holder.done(), second.cancelled()], [true, true]);
      yield* third;
    });
    assert.not(lock.locked());
  });

  for (const order of ["before", "after"]) {
    locks(`goes to exactly one when the first is cancelled right ${order} the release, ${kind}`, async (loop) => {
      const lock = new Lock();
      const [came, got]: [string[], string[]] = [[], []];
      const take = (name: string) =>
        loop.createTask(
          ofKind(kind, function* () {
            came.push(name);
            yield* lock.acquire();
            got.push(name);
          }),
        );
      await within(loop, function* () {
        yield* lock.acquire();
        const tasks = ["a", "b", "c"].map(take) as [Task<void>, Task<void>, Task<void>];
        yield* goOn(kind);
        loop.callSoon(() => {
          if (order === "before") tasks[0].cancel();
          lock.release();
          if (order === "after") tasks[0].cancel();
        });
        assert.instance(yield* failureOf(tasks[0]), CancelledError);
        yield* goOn(kind);
        assert.equal([came, got], [["a", "b", "c"], ["b"]]);
        tasks[2].cancel();
        yield* goOn(kind);
        assert.ok(tasks[2].cancelled());
      });
      assert.is(String(lock), "<Lock [locked]>");
    });

    locks(`goes to a newcomer when the only one is cancelled right ${order} the release, ${kind}`, async (loop) => {
      const lock = new Lock();
      const take = () =>
        loop.createTask(
          ofKind(kind, function* () {
            yield* lock.acquire();
          }),
        );
      await within(loop, function* () {
        yield* lock.acquire();
        const first = take();
        yield* goOn(kind);
        const newcomer = take();
        if (order === "before") first.cancel();
        lock.release();
        if (order === "after") first.cancel();
        yield* newcomer;
        assert.ok(first.cancelled());
      });
      assert.is(String(lock), "<Lock [locked]>");
    });
  }
}

locks("and its kin cannot be awaited themselves, and nothing comes of trying", async (loop) => {
  const things = [new Lock(), new Condition(), new Event(), new Semaphore(), new BoundedSemaphore(), new Barrier(2)];
  for (const thing of things) {
    const before = String(thing);
    const inGenerator = loop.createTask(function* () {
      yield* thing as unknown as Coroutine<void>;
    });
    await within(loop, function* () {
      assert.instance(yield* failureOf(inGenerator), TypeError);
    });
    await within(loop, async () => assert.is(await thing, thing));
    assert.is(String(thing), before);
  }
});

locks("and its kin take no loop", (loop) => {
  const codes = [Condition, Semaphore, BoundedSemaphore, Barrier, Queue].map(
    (kind) => thrownBy(() => new kind(loop as never)).code,
  );
  assert.equal(codes, ["ERR_NOT_A_LOCK", ...Array(4).fill("ERR_INVALID_ARG_TYPE")]);
});

events("lets one who comes when it is set go on before those who have waited", async (loop) => {
  const event = new Event();
  const got: number[] = [];
  const waiting = (name: number) =>
    awaiting(
      loop,
      "generator",
      () => event.wait(),
      (isSet) => got.push(isSet ? name : 0),
    );
  await within(loop, function* () {
    const tasks = [waiting(1), waiting(2)];
    yield;
    assert.equal(got, []);
    tasks.push(waiting(3));
    event.set();
    yield;
    assert.equal(got, [3, 1, 2]);
    assert.ok(tasks.every((task) => task.done()));
  });
});

for (const kind of KINDS) {
  events(`has nobody in its queue who is cancelled on joining it, ${kind}`, async (loop) => {
    const event = new Event();
    await within(loop, function* () {
      const task = loop.createTask(
        ofKind(kind, function* () {
          yield* event.wait();
        }),
      );
      loop.callSoon(() => task.cancel());
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.is(String(event), "<Event [unset]>");
  });

  events(`wakes each who waits once, however often it is set and cleared just then, ${kind}`, async (loop) => {
    const event = new Event();
    const got: boolean[] = [];
    await within(loop, function* () {
      const task = loop.createTask(
        ofKind(kind, function* () {
          got.push(yield* event.wait());
          return "done";
        }),
      );
      yield* goOn(kind);
      event.set();
      event.clear();
      assert.not(event.isSet());
      event.set();
      event.set();
      yield* goOn(kind);
      assert.equal([got, task.result()], [[true], "done"]);
    });
    assert.is(String(event), "<Event [set]>");
  });

  semaphores(`lets three go on, then as many as it is released, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(3);
    const got: number[] = [];
    const take = (name: number) =>
      awaiting(
        loop,
        kind,
        () => semaphore.acquire(),
        () => got.push(name),
      );
    await within(loop, function* () {
      assert.equal([yield* semaphore.acquire(), yield* semaphore.acquire(), semaphore.locked()], [true, true, false]);
      const tasks = [1, 2, 3].map(take);
      yield* goOn(kind);
      assert.equal([got, String(semaphore)], [[1], "<Semaphore [locked, waiters:2]>"]);
      tasks.push(take(4));
      semaphore.release();
      semaphore.release();
      assert.ok(semaphore.locked());
      yield* goOn(kind);
      assert.equal([got, String(semaphore)], [[1, 2, 3], "<Semaphore [locked, waiters:1]>"]);
      semaphore.release();
      yield* gather(tasks);
    });
    assert.is(String(semaphore), "<Semaphore [locked]>");
  });

  semaphores(`has nobody in its queue who is cancelled on joining it, ${kind}`, async (loop) => {
    const semaphore = new Semaphore();
    await within(loop, function* () {
      yield* semaphore.acquire();
      const task = awaiting(
        loop,
        kind,
        () => semaphore.acquire(),
        () => assert.unreachable(),
      );
      loop.callSoon(() => task.cancel());
      assert.instance(yield* failureOf(task), CancelledError);
    });
    assert.is(String(semaphore), "<Semaphore [locked]>");
  });

  for (const cancelled of [1, 2]) {
    semaphores(`lets the next one go on when ${cancelled} are cancelled before the release, ${kind}`, async (loop) => {
      const semaphore = new Semaphore(0);
      await within(loop, function* () {
        const tasks = [1, 2, 3, 4].map((name) =>
          awaiting(
            loop,
            kind,
            () => semaphore.acquire(),
            () => name,
          ),
        );
        yield* goOn(kind);
        for (const task of tasks.slice(0, cancelled)) task.cancel();
        semaphore.release();
        yield* goOn(kind);
        yield* goOn(kind);
        assert.equal(
          tasks.map((task) => task.done()),
          tasks.map((_, index) => index <= cancelled),
        );
        assert.is(tasks[cancelled]?.result(), cancelled + 1);
        assert.ok(semaphore.locked());
        for (const task of tasks) task.cancel();
        yield* goOn(kind);
      });
      assert.is(String(semaphore), "<Semaphore [locked]>");
    });
  }

  semaphores(`is not lost with one who is cancelled on getting it, ${kind}`, async (loop) => {
    const semaphore = new Semaphore();
    await within(loop, function* () {
      const first = loop.createTask(
        ofKind(kind, function* () {
          yield* semaphore.with(
            ofKind(kind, function* () {
              yield;
            }),
          );
          second.cancel();
        }),
      );
      const second: Task<unknown> = loop.createTask(
        ofKind(kind, function* () {
          yield* semaphore.with(
            ofKind(kind, function* () {
              yield;
              assert.unreachable();
            }),
          );
        }),
      );
      const [result, error] = yield* gather([first, second], { returnExceptions: true });
      assert.is(result, undefined);
      assert.instance(error, CancelledError);
      yield* waitFor(semaphore.acquire(), 1);
    });
    assert.is(String(semaphore), "<Semaphore [locked]>");
  });

  semaphores(`is had by turns, round after round, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(1);
    const got: string[] = [];
    const twice = ofKind(kind, function* (name: string) {
      for (const round of [1, 2]) {
        yield* semaphore.acquire();
        got.push(name + round);
        yield* sleep(0.0001);
        semaphore.release();
      }
    });
    await within(loop, () => gather(["a", "b", "c"].map((name) => loop.createTask(() => twice(name)))));
    assert.equal(got, ["a1", "b1", "c1", "a2", "b2", "c2"]);
    assert.is(String(semaphore), "<Semaphore [unlocked, value:1]>");
  });

  semaphores(`is had in order behind one who was cancelled an iteration before, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(0);
    const got: number[] = [];
    await within(loop, function* () {
      const tasks = [1, 2, 3].map((name) =>
        awaiting(
          loop,
          kind,
          () => semaphore.acquire(),
          () => got.push(name),
        ),
      );
      yield* goOn(kind);
      tasks[0]?.cancel();
      yield* goOn(kind);
      semaphore.release();
      semaphore.release();
      yield* gather(tasks, { returnExceptions: true });
    });
    assert.equal(got, [2, 3]);
  });
}

semaphores(
  "belongs to who waited as soon as it is released, so its value is there for others before he goes on",
  async (loop) => {
    const semaphore = new Semaphore(1);
    const got: string[] = [];
    const take = (name: string) =>
      awaiting(
        loop,
        "generator",
        () => semaphore.acquire(),
        () => got.push(name),
      );
    await within(loop, function* () {
      const first = take("first");
      const eager = loop.createTask(function* () {
        yield* semaphore.acquire();
        got.push("eager");
        semaphore.release();
        // In asyncio whoever comes now waits behind the last one, who has been woken and has not gone on.
        yield* semaphore.acquire();
        got.push("eager again");
      });
      const last = take("last");
      yield;
      semaphore.release();
      semaphore.release();
      yield* gather([first, eager, last]);
    });
    assert.equal(got, ["first", "eager", "eager again", "last"]);
  },
);

semaphores("and locks and events say in what state they are", async (loop) => {
  const [lock, event, semaphore, empty] = [new Lock(), new Event(), new Semaphore(2), new Semaphore(0)];
  const texts = () => [lock, event, semaphore, empty].map(String);
  assert.ok(empty.locked());
  assert.equal(texts(), [
    "<Lock [unlocked]>",
    "<Event [unset]>",
    "<Semaphore [unlocked, value:2]>",
    "<Semaphore [locked]>",
  ]);
  const waiting = await within(loop, function* () {
    yield* lock.acquire();
    event.set();
    yield* semaphore.acquire();
    return [lock, lock, empty].map((one) => one.acquire());
  });
  assert.equal(texts(), [
    "<Lock [locked, waiters:2]>",
    "<Event [set]>",
    "<Semaphore [unlocked, value:1]>",
    "<Semaphore [locked, waiters:1]>",
  ]);
  for (const one of waiting) one.cancel();
  await iterate(loop);
});

locks.run();
events.run();
semaphores.run();

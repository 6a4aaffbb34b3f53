/**
 * Turns that are handed over: what is to be seen between the moment in which somebody is woken and the one in which he goes on.
 *
 * In asyncio a lock, an item or room is free for that time. These are the cases that the oracle leaves out for that reason (`test/oracle/README.md`).
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type EventLoop,
  type Future,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  Semaphore,
  type Task,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, within } from "../loop/both-loops.js";
import { goOn, KINDS, type Kind, ofKind } from "./both-kinds.js";

const test = bothLoops(suite("A turn that is handed over"));

/** Tasks by name that await what `make` returns and then note their name, and what they got. */
function named<T>(loop: EventLoop, kind: Kind, names: string, make: () => Future<T>, trace: string[]): Task<void>[] {
  return [...names].map((name) =>
    loop.createTask(
      ofKind(kind, function* () {
        trace.push(`${name} ${yield* make()}`);
      }),
    ),
  );
}

for (const kind of KINDS) {
  test(`keeps a lock locked, and another release is his who was woken, for the next one, ${kind}`, async (loop) => {
    const lock = new Lock();
    const trace: string[] = [];
    await within(loop, function* () {
      yield* lock.acquire();
      named(loop, kind, "ab", () => lock.acquire(), trace);
      yield* goOn(kind);
      lock.release();
      assert.ok(lock.locked());
      lock.release();
      assert.ok(lock.locked());
      lock.release();
      assert.is(thrownBy(() => lock.release()).code, "ERR_NOT_LOCKED");
      yield* goOn(kind);
    });
    assert.equal(trace, ["a true", "b true"]);
    assert.not(lock.locked());
  });

  test(`goes past all who were cancelled before, in the iteration of the release, ${kind}`, async (loop) => {
    const lock = new Lock();
    const trace: string[] = [];
    await within(loop, function* () {
      yield* lock.acquire();
      const [a, b] = named(loop, kind, "abc", () => lock.acquire(), trace);
      yield* goOn(kind);
      a?.cancel();
      b?.cancel();
      assert.is(String(lock), "<Lock [locked, waiters:1]>");
      lock.release();
      assert.is(String(lock), "<Lock [locked]>");
      yield* goOn(kind);
    });
    assert.equal(trace, ["c true"]);
  });

  test(`leaves the rest of a semaphore to whoever comes, ${kind}`, async (loop) => {
    const semaphore = new Semaphore(0);
    const trace: string[] = [];
    await within(loop, function* () {
      named(loop, kind, "a", () => semaphore.acquire(), trace);
      yield* goOn(kind);
      semaphore.release();
      assert.ok(semaphore.locked());
      semaphore.release();
      assert.not(semaphore.locked());
      yield* semaphore.acquire();
      trace.push("newcomer");
      yield* goOn(kind);
    });
    assert.equal(trace, ["newcomer", "a true"]);
    assert.ok(semaphore.locked());
  });

  test(`takes an item out of its queue at once, and its room is free, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    const trace: string[] = [];
    await within(loop, function* () {
      named(loop, kind, "a", () => queue.get(), trace);
      yield* goOn(kind);
      queue.putNowait(1);
      assert.equal([queue.qsize(), queue.empty(), queue.full()], [0, true, false]);
      assert.is(thrownBy(() => queue.getNowait()).code, "ERR_QUEUE_EMPTY");
      queue.putNowait(2);
      assert.ok(queue.full());
      yield* goOn(kind);
    });
    assert.equal([trace, queue.getNowait()], [["a 1"], 2]);
  });

  test(`puts what somebody waits to put as soon as there is room, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    const trace: string[] = [];
    queue.putNowait(1);
    await within(loop, function* () {
      named(loop, kind, "a", () => queue.put(2), trace);
      yield* goOn(kind);
      assert.is(queue.getNowait(), 1);
      assert.equal([queue.qsize(), queue.full()], [1, true]);
      assert.is(thrownBy(() => queue.putNowait(3)).code, "ERR_QUEUE_FULL");
      assert.is(yield* queue.get(), 2);
      assert.equal(trace, []);
      yield* goOn(kind);
    });
    assert.equal([trace, queue.empty()], [["a undefined"], true]);
  });

  test(`is each one's own: one who is cancelled passes his item past the others to who waits next, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    await within(loop, function* () {
      const [a] = named(loop, kind, "abc", () => queue.get(), trace);
      yield* goOn(kind);
      queue.putNowait(1);
      queue.putNowait(2);
      a?.cancel();
      yield* goOn(kind);
      yield* goOn(kind);
    });
    assert.equal(trace, ["b 2", "c 1"]);
    assert.ok(queue.empty());
  });

  test(`that cannot be given back is told of, and does not keep one who is cancelled from ending, ${kind}`, async (loop) => {
    const queue = new PriorityQueue<number>(0, () => {
      throw failure;
    });
    const failure = new Error("in compare");
    const told: unknown[] = [];
    loop.setExceptionHandler((_loop, context) => told.push([context.message, context.exception]));
    await within(loop, function* () {
      const [a] = named(loop, kind, "a", () => queue.get(), []);
      yield* goOn(kind);
      queue.putNowait(1);
      queue.putNowait(2);
      a?.cancel();
      yield* goOn(kind);
      yield* goOn(kind);
      assert.ok(a?.cancelled());
    });
    assert.equal(told, [["Giving back a result that nobody gets failed", failure]]);
  });

  for (const Kind of [LifoQueue, PriorityQueue]) {
    test(`is not taken back for an item that would come first: ${Kind.name}, ${kind}`, async (loop) => {
      const queue = new Kind<number>();
      const trace: string[] = [];
      await within(loop, function* () {
        named(loop, kind, "a", () => queue.get(), trace);
        yield* goOn(kind);
        queue.putNowait(2);
        queue.putNowait(1);
        yield* goOn(kind);
      });
      assert.equal([trace, queue.getNowait()], [["a 2"], 1]);
    });
  }
}

test.run();

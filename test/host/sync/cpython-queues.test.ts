/**
 * Queues, held against the checks of CPython's own: Lib/test/test_asyncio/test_queues.py of 3.12.
 *
 * Does not own: what queue.test.ts and the two of the other queues say already; that the size is an integer, which asyncio does not ask for.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  Event,
  type EventLoop,
  gather,
  LifoQueue,
  PriorityQueue,
  Queue,
  type Task,
  TimeoutError,
  taskGroup,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, within } from "../loop/both-loops.js";
import { failureOf, goOn, KINDS, type Kind, ofKind } from "./both-kinds.js";

const test = bothLoops(suite("Queue, as CPython tests it"));

/** Every kind of queue, and how it gives out 1, 3 and 2. */
const QUEUES: [new (maxsize?: number) => Queue<number>, number[]][] = [
  [Queue, [1, 3, 2]],
  [LifoQueue, [2, 3, 1]],
  [PriorityQueue, [1, 2, 3]],
];

/** A task that gets one. */
function getting<T>(loop: EventLoop, kind: Kind, queue: Queue<T>): Task<T> {
  return loop.createTask(
    ofKind(kind, function* () {
      return yield* queue.get();
    }),
  );
}

/** A task that puts some, one after the other. */
function putting<T>(loop: EventLoop, kind: Kind, queue: Queue<T>, ...items: T[]): Task<string> {
  return loop.createTask(
    ofKind(kind, function* () {
      for (const item of items) yield* queue.put(item);
      return "done";
    }),
  );
}

for (const kind of KINDS) {
  for (const [Kind, order] of QUEUES) {
    test(`${Kind.name} gives out in its own order what was put by waiting for it, ${kind}`, async (loop) => {
      const queue = new Kind();
      const body = ofKind(kind, function* () {
        assert.ok(queue.empty());
        for (const item of [1, 3, 2]) yield* queue.put(item);
        assert.not(queue.empty());
        const items: number[] = [];
        while (!queue.empty()) items.push(yield* queue.get());
        return items;
      });
      assert.equal(await within(loop, body), order);
    });

    test(`${Kind.name} is joined when two workers have done all work, and at once if there is none, ${kind}`, async (loop) => {
      const queue = new Kind();
      for (let item = 0; item < 100; item++) queue.putNowait(item);
      let [sum, isOpen] = [0, true];
      const work = ofKind(kind, function* () {
        while (isOpen) {
          sum += yield* queue.get();
          queue.taskDone();
        }
      });
      const body = ofKind(kind, function* () {
        yield* taskGroup(function* (group) {
          for (let worker = 0; worker < 2; worker++) group.createTask(work);
          yield* queue.join();
          assert.is(sum, 4950);
          isOpen = false;
          queue.putNowait(0);
          queue.putNowait(0);
        });
        yield* queue.join();
        yield* queue.join();
      });
      await within(loop, body);
      assert.is(thrownBy(() => queue.taskDone()).code, "ERR_TASK_DONE_TOO_OFTEN");
    });
  }

  test(`keeps who puts a third item waiting until one of two is got, ${kind}`, async (loop) => {
    const queue = new Queue<number>(2);
    const put: number[] = [];
    await within(loop, function* () {
      const task = loop.createTask(
        ofKind(kind, function* () {
          for (const item of [0, 1, 2]) {
            yield* queue.put(item);
            put.push(item);
          }
          return "done";
        }),
      );
      yield* goOn(kind);
      yield* goOn(kind);
      assert.equal([put, queue.full()], [[0, 1], true]);
      assert.is(yield* queue.get(), 0);
      yield* goOn(kind);
      assert.equal(put, [0, 1, 2]);
      assert.equal([yield* queue.get(), yield* queue.get(), queue.empty()], [1, 2, true]);
      assert.is(task.result(), "done");
    });
  });

  test(`lets one who gets wait for what a timer puts, and one who puts for a timer that gets, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    const started = new Event();
    const isFinished = [false, false];
    await within(loop, function* () {
      const get = loop.createTask(
        ofKind(kind, function* () {
          started.set();
          const item = yield* queue.get();
          isFinished[0] = true;
          return item;
        }),
      );
      yield* started.wait();
      assert.not(isFinished[0]);
      loop.callLater(0.0001, () => queue.putNowait(1));
      assert.equal([yield* get, isFinished[0]], [1, true]);

      started.clear();
      const put = loop.createTask(
        ofKind(kind, function* () {
          started.set();
          yield* queue.put(1);
          yield* queue.put(2);
          isFinished[1] = true;
        }),
      );
      yield* started.wait();
      assert.not(isFinished[1]);
      loop.callLater(0.0001, () => queue.getNowait());
      yield* put;
      assert.ok(isFinished[1]);
    });
    assert.equal([queue.getNowait(), queue.empty()], [2, true]);
  });

  test(`gives an item to the second when the first was cancelled before, ${kind}`, async (loop) => {
    const queue = new Queue<string>();
    await within(loop, function* () {
      const [first, second] = [getting(loop, kind, queue), getting(loop, kind, queue)];
      yield* goOn(kind);
      first.cancel();
      yield* goOn(kind);
      assert.ok(first.done());
      yield* queue.put("a");
      assert.is(yield* second, "a");
    });
    assert.is(String(queue), "<Queue maxsize=0 tasks=1>");
  });

  test(`passes one after the other through the room of one, ${kind}`, async (loop) => {
    const queue = new Queue<string>(1);
    await within(loop, function* () {
      const puts = ["a", "b"].map((item) => putting(loop, kind, queue, item));
      assert.equal([yield* queue.get(), yield* queue.get()], ["a", "b"]);
      yield* gather(puts);

      const many = ["a", "b", "c", "d", "e"];
      const got: string[] = [];
      const consume = ofKind(kind, function* () {
        while (got.length < many.length) got.push(yield* queue.get());
      });
      yield* gather([putting(loop, kind, queue, ...many), loop.createTask(consume)]);
      assert.equal([got, queue.empty()], [many, true]);
    });
  });

  test(`has nobody in its queues who gave up or was cancelled, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    await within(
      loop,
      ofKind(kind, function* () {
        assert.instance(yield* failureOf(waitFor(queue.get(), 0.0001)), TimeoutError);
      }),
    );
    assert.is(String(queue), "<Queue maxsize=1>");
    queue.putNowait(1);
    await within(loop, function* () {
      const put = putting(loop, kind, queue, 2);
      yield* goOn(kind);
      assert.is(String(queue), "<Queue maxsize=1 items=1 putters=1 tasks=1>");
      put.cancel();
      assert.instance(yield* failureOf(put), CancelledError);
    });
    assert.is(String(queue), "<Queue maxsize=1 items=1 tasks=1>");
  });

  test(`has the first item still for one who was cancelled on getting it and tries again, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    await within(loop, function* () {
      const reader = getting(loop, kind, queue);
      yield* goOn(kind);
      queue.putNowait(1);
      queue.putNowait(2);
      reader.cancel();
      assert.instance(yield* failureOf(reader), CancelledError);
      assert.is(yield* getting(loop, kind, queue), 1);
      assert.is(yield* getting(loop, kind, queue), 2);
    });
  });

  test(`loses none of two items when the first of three is cancelled on getting one, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    await within(loop, () =>
      taskGroup(
        ofKind(kind, function* (group) {
          const readers = [1, 2, 3].map(() =>
            group.createTask(
              ofKind(kind, function* () {
                return yield* queue.get();
              }),
            ),
          ) as [Task<number>, Task<number>, Task<number>];
          for (let iteration = 0; iteration < 3; iteration++) yield;
          queue.putNowait(1);
          queue.putNowait(2);
          readers[0].cancel();
          assert.instance(yield* failureOf(readers[0]), CancelledError);
          assert.equal([yield* readers[1], yield* readers[2]].sort(), [1, 2]);
        }),
      ),
    );
    assert.ok(queue.empty());
  });

  test(`has an item once of one who was cancelled on putting it and tries again, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    await within(loop, function* () {
      const writer = putting(loop, kind, queue, 2);
      yield* goOn(kind);
      assert.is(queue.getNowait(), 1);
      writer.cancel();
      assert.instance(yield* failureOf(writer), CancelledError);
      yield* putting(loop, kind, queue, 2);
      assert.equal([queue.getNowait(), queue.qsize()], [2, 0]);
    });
  });

  test(`lets who puts end when somebody has waited for the item, ${kind}`, async (loop) => {
    const queue = new Queue<string>();
    await within(loop, function* () {
      const put = putting(loop, kind, queue, "a");
      assert.is(yield* queue.get(), "a");
      yield* goOn(kind);
      assert.is(put.result(), "done");
      const get = getting(loop, kind, queue);
      yield* goOn(kind);
      yield* queue.put("b");
      assert.is(yield* get, "b");
    });
  });

  test(`has no item of the third who puts when he is cancelled, and lets the second one, ${kind}`, async (loop) => {
    const queue = new Queue<string>(1);
    await within(loop, function* () {
      const [a, b, c] = ["a", "b", "c"].map((item) => putting(loop, kind, queue, item)) as [
        Task<string>,
        Task<string>,
        Task<string>,
      ];
      yield* goOn(kind);
      assert.equal([a.done(), b.done()], [true, false]);
      c.cancel();
      yield* goOn(kind);
      assert.ok(c.cancelled());
      assert.is(queue.getNowait(), "a");
      yield* goOn(kind);
      assert.is(queue.getNowait(), "b");
      yield* b;
    });
    assert.ok(queue.empty());
  });

  test(`lets two who wait for room go on when two items are got at once, ${kind}`, async (loop) => {
    const queue = new Queue<number>(2);
    const got: number[] = [];
    await within(loop, () =>
      taskGroup(
        ofKind(kind, function* (group) {
          group.createTask(
            ofKind(kind, function* () {
              for (let iteration = 0; iteration < 3; iteration++) yield;
              for (let count = queue.qsize(); count > 0; count--) got.push(queue.getNowait());
            }),
          );
          for (const item of [0, 1, 2, 3]) {
            group.createTask(
              ofKind(kind, function* () {
                yield* queue.put(item);
              }),
            );
          }
          yield;
        }),
      ),
    );
    assert.equal([got, queue.getNowait(), queue.getNowait(), queue.empty()], [[0, 1], 2, 3, true]);
  });
}

test("says how many wait, and how much is not done", async (loop) => {
  await within(loop, function* () {
    for (const [Kind] of QUEUES) {
      const queue = new Kind(1);
      const texts = [String(queue)];
      const get = getting(loop, "generator", queue);
      yield;
      texts.push(String(queue));
      queue.putNowait(0);
      assert.is(yield* get, 0);
      queue.putNowait(1);
      const put = putting(loop, "generator", queue, 2);
      yield;
      texts.push(String(queue));
      queue.getNowait();
      yield* put;
      texts.push(String(queue));
      assert.equal(
        texts,
        ["", " getters=1", " items=1 putters=1 tasks=2", " items=1 tasks=3"].map(
          (words) => `<${Kind.name} maxsize=1${words}>`,
        ),
      );
    }
  });
});

test.run();

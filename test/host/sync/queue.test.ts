/** Queues: items, room, and work that is done. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type EventLoop,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  sleep,
  TimeoutError,
  waitFor,
} from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection } from "../loop/both-loops.js";
import { awaiting, iterate, KINDS, type Kind } from "./both-kinds.js";

const test = bothLoops(suite("Queue"));

function getting(loop: EventLoop, kind: Kind, queue: Queue<number>, name: string, trace: string[]) {
  return awaiting(
    loop,
    kind,
    () => queue.get(),
    (item) => trace.push(`${name} gets ${item}`),
  );
}

function putting(loop: EventLoop, kind: Kind, queue: Queue<number>, item: number, trace: string[]) {
  return awaiting(
    loop,
    kind,
    () => queue.put(item),
    () => trace.push(`put ${item}`),
  );
}

for (const kind of KINDS) {
  test(`gives each item to the one who has waited longest, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    for (const name of ["a", "b", "c"]) getting(loop, kind, queue, name, trace);
    await iterate(loop);
    assert.is(String(queue), "<Queue maxsize=0 getters=3>");
    queue.putNowait(1);
    queue.putNowait(2);
    assert.is(thrownBy(() => queue.getNowait()).code, "ERR_QUEUE_EMPTY");
    await iterate(loop);
    assert.equal(trace, ["a gets 1", "b gets 2"]);
    queue.putNowait(3);
    queue.putNowait(4);
    await iterate(loop);
    assert.equal([trace.at(-1), queue.getNowait()], ["c gets 3", 4]);
  });

  test(`lets those put who have waited longest for room, in order, ${kind}`, async (loop) => {
    const queue = new Queue<number>(1);
    const trace: string[] = [];
    for (const item of [1, 2, 3]) putting(loop, kind, queue, item, trace);
    await iterate(loop);
    assert.equal(trace, ["put 1"]);
    assert.is(String(queue), "<Queue maxsize=1 items=1 putters=2 tasks=1>");
    const got: number[] = [];
    for (const expected of [
      ["put 1", "put 2"],
      ["put 1", "put 2", "put 3"],
    ]) {
      got.push(queue.getNowait());
      assert.instance(
        thrownBy(() => queue.putNowait(9)),
        QueueFull,
      );
      await iterate(loop);
      assert.equal(trace, expected);
    }
    got.push(queue.getNowait());
    assert.equal(got, [1, 2, 3]);
    assert.ok(queue.empty());
  });

  test(`gives an item to the next if a ${kind} is cancelled in the turn in which it would be its`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    const first = getting(loop, kind, queue, "a", trace);
    getting(loop, kind, queue, "b", trace);
    await iterate(loop);
    queue.putNowait(1);
    first.cancel();
    await iterate(loop, 4);
    assert.equal([first.cancelled(), trace], [true, ["b gets 1"]]);
  });

  test(`has an item again, as the next one, if the only ${kind} that waited is cancelled just then`, async (loop) => {
    const queue = new Queue<number>();
    const task = getting(loop, kind, queue, "a", []);
    await iterate(loop);
    queue.putNowait(1);
    queue.putNowait(2);
    task.cancel();
    await iterate(loop);
    assert.ok(task.cancelled());
    assert.equal([queue.getNowait(), queue.getNowait()], [1, 2]);
  });

  test(`has no item of a ${kind} that is cancelled while it waits for room, or in the turn in which it has it`, async (loop) => {
    for (const isJustThen of [false, true]) {
      const queue = new Queue<number>(1);
      const trace: string[] = [];
      queue.putNowait(1);
      const task = putting(loop, kind, queue, 2, trace);
      putting(loop, kind, queue, 3, trace);
      await iterate(loop);
      if (isJustThen) assert.is(queue.getNowait(), 1);
      task.cancel();
      await iterate(loop, 4);
      if (!isJustThen) assert.is(queue.getNowait(), 1);
      await iterate(loop);
      assert.equal([task.cancelled(), trace, queue.getNowait(), queue.empty()], [true, ["put 3"], 3, true]);
      queue.taskDone();
      queue.taskDone();
      assert.is(thrownBy(() => queue.taskDone()).code, "ERR_TASK_DONE_TOO_OFTEN");
    }
  });

  test(`once shut down, it gives out what it has, and takes nothing, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    queue.putNowait(1);
    queue.putNowait(2);
    queue.shutdown();
    queue.shutdown();
    assert.is(String(queue), "<Queue maxsize=0 items=2 tasks=2 shutdown>");
    const put = putting(loop, kind, queue, 3, trace);
    for (const name of ["a", "b"]) getting(loop, kind, queue, name, trace);
    const late = getting(loop, kind, queue, "c", trace);
    await iterate(loop, 3);
    assert.equal(trace, ["a gets 1", "b gets 2"]);
    for (const task of [put, late]) assert.instance(task.exception(), QueueShutDown);
    assert.is(thrownBy(() => queue.putNowait(4)).code, "ERR_QUEUE_SHUT_DOWN");
    assert.is(thrownBy(() => queue.getNowait()).code, "ERR_QUEUE_SHUT_DOWN");
  });

  test(`ends those who wait when it is shut down, ${kind}`, async (loop) => {
    const [empty, full] = [new Queue<number>(), new Queue<number>(1)];
    full.putNowait(1);
    const tasks = ["a", "b"].flatMap((name) => [
      getting(loop, kind, empty, name, []),
      putting(loop, kind, full, 2, []),
    ]);
    await iterate(loop);
    for (const queue of [empty, full]) queue.shutdown();
    await iterate(loop, 3);
    for (const task of tasks) assert.instance(task.exception(), QueueShutDown);
    assert.equal([full.getNowait(), full.empty()], [1, true]);
  });

  test(`drops what it has when it is shut down at once, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    const getter = getting(loop, kind, queue, "a", trace);
    await iterate(loop);
    for (const item of [1, 2, 3]) queue.putNowait(item);
    const join = () => queue.join();
    awaiting(loop, kind, join, () => trace.push("joined"));
    await iterate(loop, 0);
    queue.shutdown(true);
    getter.cancel();
    await iterate(loop, 4);
    assert.equal([getter.cancelled(), queue.qsize(), trace], [true, 0, ["joined"]]);
    queue.shutdown(true);
    assert.is(thrownBy(() => queue.taskDone()).code, "ERR_TASK_DONE_TOO_OFTEN");
  });

  test(`join waits until all work is done, ${kind}`, async (loop) => {
    const queue = new Queue<number>();
    const trace: string[] = [];
    await loop.runUntilComplete(
      awaiting(
        loop,
        kind,
        () => queue.join(),
        () => trace.push("nothing to do"),
      ),
    );
    queue.putNowait(1);
    queue.putNowait(2);
    for (const name of ["a", "b"])
      awaiting(
        loop,
        kind,
        () => queue.join(),
        () => trace.push(name),
      );
    queue.getNowait();
    queue.getNowait();
    queue.taskDone();
    await iterate(loop);
    assert.equal(trace, ["nothing to do"]);
    queue.taskDone();
    await iterate(loop);
    assert.equal(trace, ["nothing to do", "a", "b"]);
  });
}

test("passes many items through little room, in order", async (loop) => {
  const queue = new Queue<number>(3);
  const got: number[] = [];
  loop.createTask(async () => {
    for (let item = 0; item < 100; item++) await queue.put(item);
  });
  await loop.runUntilComplete(
    loop.createTask(function* () {
      while (got.length < 100) got.push(yield* queue.get());
    }),
  );
  assert.equal(
    got,
    Array.from({ length: 100 }, (_, index) => index),
  );
});

test("items on which the work is done before they are got are dropped as well", () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  queue.taskDone();
  queue.shutdown(true);
  assert.is(String(queue), "<Queue maxsize=0 shutdown>");
  assert.is(thrownBy(() => queue.shutdown({ immediate: true } as never)).code, "ERR_INVALID_ARG_TYPE");
});

test("put need not be awaited", async (loop) => {
  const queue = new Queue<number>(1);
  await loop.runUntilComplete(
    loop.createTask(function* () {
      for (const item of [1, 2, 3]) queue.put(item);
      assert.is(queue.qsize(), 1);
      assert.equal([yield* queue.get(), yield* queue.get(), yield* queue.get()], [1, 2, 3]);
    }),
  );
});

test("waitFor gives up waiting for an item, which then goes to others", async (loop) => {
  const queue = new Queue<number>();
  const impatient = loop.createTask(async () => {
    await waitFor(queue.get(), 0.001);
  });
  assert.instance(await rejection(loop.runUntilComplete(impatient)), TimeoutError);
  queue.putNowait(1);
  assert.is(queue.getNowait(), 1);
});

test("keeps an item whose getter is cancelled behind a waitFor", async (loop) => {
  for (const iterations of [0, 1]) {
    const queue = new Queue<number>();
    const task = loop.createTask(function* () {
      yield* waitFor(queue.get(), 3600);
    });
    await iterate(loop, 4);
    queue.putNowait(1);
    await iterate(loop, iterations);
    task.cancel();
    await iterate(loop, 5);
    assert.equal([task.cancelled(), queue.getNowait()], [true, 1], `${iterations}`);
  }
});

test("tells what is there, and refuses what is not", async (loop) => {
  const queue = new Queue<string>(2);
  assert.equal([queue.maxsize, queue.qsize(), queue.empty(), queue.full()], [2, 0, true, false]);
  queue.putNowait("a");
  queue.putNowait("b");
  assert.equal([queue.qsize(), queue.empty(), queue.full()], [2, false, true]);
  assert.instance(
    thrownBy(() => queue.putNowait("c")),
    QueueFull,
  );
  assert.equal([queue.getNowait(), queue.getNowait()], ["a", "b"]);
  assert.instance(
    thrownBy(() => queue.getNowait()),
    QueueEmpty,
  );
  assert.is(thrownBy(() => queue.get()).code, "ERR_NO_RUNNING_LOOP");
  assert.is(thrownBy(() => queue.put("a")).code, "ERR_NO_RUNNING_LOOP");
  assert.is(thrownBy(() => new Queue(0.5)).code, "ERR_OUT_OF_RANGE");
  assert.is(thrownBy(() => new Queue("1" as never)).code, "ERR_INVALID_ARG_TYPE");
  for (const maxsize of [0, -1]) {
    const endless = new Queue<number>(maxsize);
    for (let item = 0; item < 100; item++) endless.putNowait(item);
    assert.not(endless.full());
  }
  await loop.runUntilComplete(loop.createTask(async () => void (await sleep(0))));
});

test("takes back NaN like any other item", async (loop) => {
  const queue = new Queue<number>(1);
  queue.putNowait(1);
  const task = loop.createTask(function* () {
    yield* queue.put(Number.NaN);
  });
  await iterate(loop);
  queue.getNowait();
  task.cancel();
  await iterate(loop);
  assert.ok(task.cancelled());
  assert.is(queue.qsize(), 0);
});

test("gives its items to for await until it is shut down", async (loop) => {
  const queue = new Queue<number>(1);
  const got: number[] = [];
  const consumer = loop.createTask(async () => {
    for await (const item of queue) {
      got.push(item);
      queue.taskDone();
    }
  });
  const producer = loop.createTask(async () => {
    for (const item of [1, 2, 3]) await queue.put(item);
    queue.shutdown();
    await queue.join();
  });
  await loop.runUntilComplete(producer);
  await loop.runUntilComplete(consumer);
  assert.equal(got, [1, 2, 3]);
  const cancelled = loop.createTask(async () => {
    for await (const _ of new Queue()) assert.unreachable();
  });
  await iterate(loop);
  cancelled.cancel();
  assert.is(((await rejection(loop.runUntilComplete(cancelled))) as Error).name, "CancelledError");
});

test.run();

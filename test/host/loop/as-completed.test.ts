/** Several things in the order in which they are done. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asCompleted, CancelledError, type Future, setEventLoop, sleep, TimeoutError } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runOnce } from "./both-loops.js";

const test = bothLoops(suite("asCompleted"));

test("gives them in the order in which they are done, to both kinds of coroutine", async (loop) => {
  const delays = [0.003, 0.001, 0.002];
  const generator = loop.createTask(function* () {
    const order: number[] = [];
    for (const next of asCompleted(delays.map((delay) => sleep(delay, delay)))) order.push(yield* next);
    return order;
  });
  assert.equal(await loop.runUntilComplete(generator), [0.001, 0.002, 0.003]);
  const asynchronous = loop.createTask(async () => {
    const order: number[] = [];
    for (const next of asCompleted(delays.map((delay) => sleep(delay, delay)))) order.push(await next);
    return order;
  });
  assert.equal(await loop.runUntilComplete(asynchronous), [0.001, 0.002, 0.003]);
});

test("takes coroutines and promises too, and what is given twice once", async (loop) => {
  setEventLoop(loop);
  function* coroutine() {
    yield;
    return 1;
  }
  const shared = loop.createFuture<number>();
  shared.setResult(3);
  const task = loop.createTask(async () => {
    const seen: number[] = [];
    for (const next of asCompleted([coroutine(), Promise.resolve(2), shared, shared])) seen.push(await next);
    return seen.sort();
  });
  assert.equal(await loop.runUntilComplete(task), [1, 2, 3]);
  assert.equal([...asCompleted([])], []);
  setEventLoop(null);
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

test("one that is cancelled while it waits takes nothing away from the next", async (loop) => {
  const [first, second] = [loop.createFuture<number>(), loop.createFuture<number>()];
  const [one, other] = [...asCompleted([first, second])] as [Future<number>, Future<number>];
  one.cancel();
  second.setResult(2);
  assert.is(await loop.runUntilComplete(other), 2);
  assert.instance(await rejection(one), CancelledError);
  first.cancel();
  await runOnce(loop);
});

test("what is not done in time fails, and goes on", async (loop) => {
  const slow = loop.createFuture<number>();
  const quick = sleepOnLoop();
  const task = loop.createTask(async () => {
    const seen: unknown[] = [];
    for (const next of asCompleted([slow, quick], { timeout: 0.002 })) {
      seen.push(await next.then(undefined, (error) => error));
    }
    return seen;
  });
  const [first, second] = await loop.runUntilComplete(task);
  assert.is(first, 1);
  assert.instance(second, TimeoutError);
  assert.not(slow.done());
  assert.is(String(slow), "<Future pending>");
  slow.cancel();

  function sleepOnLoop(): Future<number> {
    const future = loop.createFuture<number>();
    loop.callLater(0.0005, () => future.setResult(1));
    return future;
  }
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

test("refuses what is no list, and options that it does not know", async (loop) => {
  setEventLoop(loop);
  const future = loop.createFuture();
  assert.is(thrownBy(() => asCompleted(future as never)).code, "ERR_INVALID_ARG_TYPE");
  assert.is(thrownBy(() => asCompleted([1 as never])).code, "ERR_NOT_AWAITABLE");
  assert.is(thrownBy(() => asCompleted([future], { timeot: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.is(thrownBy(() => asCompleted([future], { timeout: "1" as never })).code, "ERR_NOT_A_NUMBER");
  assert.is(thrownBy(() => asCompleted([future], { timeout: Number.NaN })).code, "ERR_BAD_TIME");
  future.cancel();
  setEventLoop(null);
});

test.run();

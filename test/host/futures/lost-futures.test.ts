/** What nobody can reach any more leaves nothing behind, and an exception that nobody looked at is told. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Coroutine, type EventLoop, type Future, StreamReader, SystemExit, waitFor } from "../../../host/index.js";
import { bothLoops, contextsOf, rejection, runFor, runOnce } from "../loop/both-loops.js";
import { captureConsoleDuring } from "../loop/capture-console.js";
import { collectGarbage, collectUntil } from "./collect-garbage.js";

const test = bothLoops(suite("lost futures"));

const slots = (loop: EventLoop): number => loop._scheduler.core.liveSlots();

test("a pending future costs no slot, with callbacks or without, until a task waits for it", async (loop) => {
  const future = loop.createFuture<number>();
  let told = 0;
  for (let callback = 0; callback < 3; callback++) future.addDoneCallback(() => told++);
  void future.then(() => told++);
  assert.is(slots(loop), 0);
  const task = loop.createTask(function* () {
    return yield* future;
  });
  await runOnce(loop);
  // The task, the future, and its four callbacks.
  assert.is(slots(loop), 6);
  for (let round = 0; round < 3; round++) await collectGarbage();
  future.setResult(1);
  assert.is(await loop.runUntilComplete(task), 1);
  assert.is(told, 4);
});

test("one that is lost is collected with its callbacks, and leaves nothing", async (loop) => {
  const references: WeakRef<object>[] = [];
  const lose = (): void => {
    const future = loop.createFuture();
    future.addDoneCallback(() => future.result());
    void (async () => {
      const awaited = loop.createFuture();
      references.push(new WeakRef(awaited));
      await awaited;
    })();
    references.push(new WeakRef(future));
  };
  lose();
  await collectUntil(() => references.every((reference) => reference.deref() === undefined), "all are collected");
  assert.is(slots(loop), 0);
});

test("what an async function has left behind when it ends is collected, done or not", async (loop) => {
  const references: WeakRef<object>[] = [];
  const body = async (): Promise<void> => {
    const done = loop.createFuture<number>();
    const pending = loop.createFuture();
    references.push(new WeakRef(done), new WeakRef(pending));
    void done.then(() => {});
    void pending.then(() => assert.unreachable());
    done.setResult(1);
  };
  await loop.runUntilComplete(loop.createTask(body));
  await collectUntil(() => references.every((reference) => reference.deref() === undefined), "all are collected");
});

test("one that a task waits for is not lost", async (loop) => {
  const resolvers: ((value: string) => void)[] = [];
  const wait = function* (): Coroutine<string> {
    const future = loop.createFuture<string>();
    resolvers.push((value) => future.setResult(value));
    return yield* future;
  };
  const generator = loop.createTask(wait);
  const asyncFunction = loop.createTask(async () => {
    const future = loop.createFuture<string>();
    resolvers.push((value) => future.setResult(value));
    return await future;
  });
  await runOnce(loop);
  for (let round = 0; round < 5; round++) await collectGarbage();
  for (const resolve of resolvers) resolve("kept");
  assert.is(await loop.runUntilComplete(generator), "kept");
  assert.is(await loop.runUntilComplete(asyncFunction), "kept");
});

test("one that lost a race in an async function is lost when the function has ended", async (loop) => {
  const race = async (): Promise<unknown> => {
    const winner = loop.createFuture<string>();
    loop.callSoon(() => winner.setResult("won"));
    return Promise.race([winner, loop.createFuture(), loop.createFuture()]);
  };
  assert.is(await loop.runUntilComplete(loop.createTask(race)), "won");
  await collectUntil(() => slots(loop) === 0, "no slots are left");
});

test("one that a timer settles is not lost", async (loop) => {
  let told = "";
  const arm = (): void => {
    const future = loop.createFuture<string>();
    future.addDoneCallback((done) => {
      told = done.result();
    });
    loop.callLater(0.001, (text: string) => future.setResult(text), "by the timer");
  };
  arm();
  for (let round = 0; round < 5; round++) await collectGarbage();
  await runFor(loop, 0.002);
  await runOnce(loop);
  assert.is(told, "by the timer");
});

test("futures that are lost after their loop was closed do no harm", async (loop) => {
  const lose = (): void => {
    for (let index = 0; index < 20; index++) loop.createFuture().addDoneCallback(() => {});
  };
  lose();
  loop.close();
  for (let round = 0; round < 5; round++) await collectGarbage();
});

test("what has run or was cancelled holds on to neither callback nor arguments", async (loop) => {
  const references: WeakRef<object>[] = [];
  const handles = [] as unknown[];
  const arm = (): void => {
    for (const cancelled of [false, true]) {
      for (const delay of [null, 0.0001]) {
        const argument = { large: new Array(100) };
        const closed = { over: true };
        references.push(new WeakRef(argument), new WeakRef(closed));
        const callback = (_argument: object): unknown => closed;
        const handle = delay === null ? loop.callSoon(callback, argument) : loop.callLater(delay, callback, argument);
        if (cancelled) handle.cancel();
        handles.push(handle);
      }
    }
  };
  arm();
  await runFor(loop, 0.001);
  await collectUntil(() => references.every((reference) => reference.deref() === undefined), "nothing is held");
  assert.is(handles.length, 4);
});

/** Has the handler throw an error that ends the loop, and answers what asks whether it has. */
function endWhenTold(loop: EventLoop): () => boolean {
  let told = false;
  loop.setExceptionHandler(() => {
    told = true;
    throw new SystemExit();
  });
  return () => told;
}

const lose = (loop: EventLoop): void => loop.createFuture().setException(new Error("unseen"));

test.onReal("a handler that ends the loop when it is told of a lost exception ends the run", async (loop) => {
  const told = endWhenTold(loop);
  lose(loop);
  const run = rejection(loop.runForever());
  await collectUntil(told, "the exception is reported");
  assert.instance(await run, SystemExit);
});

test("a handler that ends the loop when it is told of a lost exception between runs ends the next one", async (loop) => {
  const told = endWhenTold(loop);
  lose(loop);
  await collectUntil(told, "the exception is reported");
  assert.instance(await rejection(loop.runForever()), SystemExit);
  loop.setExceptionHandler(null);
});

test("a loop's own way to tell of lost exceptions may throw", async (loop) => {
  let told = false;
  loop.callExceptionHandler = () => {
    told = true;
    throw new Error("no way");
  };
  lose(loop);
  const errors = await captureConsoleDuring("error", () => collectUntil(() => told, "the exception is reported"));
  assert.equal(errors, ["Exception in callExceptionHandler Error: no way"]);
});

test("an exception that nobody looked at is reported when its future is lost", async (loop) => {
  const contexts = contextsOf(loop);
  const error = new Error("unseen");
  const lose = (): void => {
    loop.createFuture().setException(error);
  };
  lose();
  await collectUntil(() => contexts.length > 0, "the handler was told");
  assert.is(contexts.length, 1);
  assert.is(contexts[0]?.message, "Future exception was never retrieved");
  assert.is(contexts[0]?.exception, error);
});

test("so is one whose stack or message cannot be asked for", async (loop) => {
  const contexts = contextsOf(loop);
  const fails = {
    get(): never {
      throw new Error("asked");
    },
  };
  const errors = [
    Object.defineProperty(new Error("mine"), "stack", fails),
    Object.defineProperty(new Error(), "message", fails),
  ];
  const lose = (): void => {
    for (const error of errors) loop.createFuture().setException(error);
  };
  lose();
  await collectUntil(() => contexts.length === 2, "the handler was told");
  assert.ok(errors.every((error) => contexts.some(({ exception }) => exception === error)));
});

test("so is a task's, whatever it ran", async (loop) => {
  const contexts = contextsOf(loop);
  const lose = (): void => {
    loop.createTask(function* (): Coroutine<void> {
      yield;
      throw new Error("generator");
    });
    loop.createTask(async () => {
      throw new Error("async");
    });
  };
  lose();
  for (let round = 0; round < 4; round++) await runOnce(loop);
  await collectUntil(() => contexts.length === 2, "the handler was told");
  assert.equal(contexts.map(({ exception }) => (exception as Error).message).sort(), ["async", "generator"]);
  assert.ok(contexts.every(({ message }) => message === "Task exception was never retrieved"));
});

test("one that somebody looked at is not, in whichever way", async (loop) => {
  const contexts = contextsOf(loop);
  const fail = () => {
    const future = loop.createFuture();
    future.setException(new Error("seen"));
    return future;
  };
  const look = async (): Promise<void> => {
    fail().exception();
    assert.throws(() => fail().result());
    await fail().then(null, () => {});
    await loop
      .runUntilComplete(
        loop.createTask(function* () {
          yield* fail();
        }),
      )
      .catch(() => {});
    await loop.runUntilComplete(fail()).catch(() => {});
    loop.createFuture().cancel();
  };
  await look();
  for (let round = 0; round < 20; round++) await collectGarbage();
  assert.equal(contexts, []);
});

test("one that was given up is not, though it had failed before that", async (loop) => {
  const contexts = contextsOf(loop);
  const giveUp = async (): Promise<void> => {
    const future = loop.createFuture();
    const tasks = [
      loop.createTask(function* () {
        yield* future;
      }),
      loop.createTask(async () => await future),
    ];
    await runOnce(loop);
    future.setException(new Error("mine"));
    assert.is(future.cancel(), false);
    for (let round = 0; round < 3; round++) await runOnce(loop);
    for (const task of tasks) assert.is(task.cancel(), false);
  };
  await giveUp();
  for (let round = 0; round < 20; round++) await collectGarbage();
  assert.equal(contexts, []);
});

test("one that a task does not see, as it is cancelled just then, is not", async (loop) => {
  const contexts = contextsOf(loop);
  const fail = (): Future => {
    const future = loop.createFuture();
    future.setException(new Error("unseen"));
    return future;
  };
  const miss = async (): Promise<void> => {
    const future = loop.createFuture();
    const generator = loop.createTask(function* () {
      yield* future;
    });
    const promise = loop.createTask(async () => {
      promise.cancel();
      await fail();
    });
    await runOnce(loop);
    future.setException(new Error("unseen"));
    generator.cancel();
    for (let round = 0; round < 3; round++) await runOnce(loop);
    assert.ok(generator.cancelled());
    assert.ok(promise.cancelled());
  };
  await miss();
  for (let round = 0; round < 20; round++) await collectGarbage();
  assert.equal(contexts, []);
});

test("one of a call that waitFor was to wait for is not, when that is cancelled before it has begun to", async (loop) => {
  const contexts = contextsOf(loop);
  const miss = async (): Promise<void> => {
    const reader = new StreamReader({ loop });
    reader.setException(new Error("unseen"));
    const task = loop.createTask(() => waitFor(reader.read(), 1));
    await runOnce(loop);
    task.cancel();
    for (let round = 0; round < 3; round++) await runOnce(loop);
    assert.ok(task.cancelled());
  };
  await miss();
  for (let round = 0; round < 20; round++) await collectGarbage();
  assert.equal(contexts, []);
});

test("one that answers a cancellation is reported", async (loop) => {
  const contexts = contextsOf(loop);
  const lose = async (): Promise<void> => {
    const task = loop.createTask(function* () {
      try {
        yield* loop.createFuture();
      } catch {
        throw new Error("of the cleaning up");
      }
    });
    await runOnce(loop);
    task.cancel();
    await runOnce(loop);
  };
  await lose();
  await collectUntil(() => contexts.length === 1, "the handler was told");
});

test("a done callback alone is nobody who looks", async (loop) => {
  const contexts = contextsOf(loop);
  const lose = (): void => {
    const future = loop.createFuture();
    future.addDoneCallback(() => {});
    future.setException(new Error("unseen"));
  };
  lose();
  await runOnce(loop);
  await collectUntil(() => contexts.length === 1, "the handler was told");
});

test.run();

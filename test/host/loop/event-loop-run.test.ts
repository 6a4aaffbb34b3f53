/** Running, stopping and closing a loop: who may do what when. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  EventLoop,
  FatalError,
  KeyboardInterrupt,
  RuntimeError,
  SystemExit,
  sleep,
} from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, countIterations, rejection, runFor, runOnce } from "./both-loops.js";

const test = bothLoops(suite("running a loop"));

test("a loop runs from runForever to stop", async (loop) => {
  assert.not.ok(loop.isRunning());
  let during = false;
  loop.callSoon(() => {
    during = loop.isRunning();
    loop.stop();
  });
  const run = loop.runForever();
  assert.ok(loop.isRunning());
  await run;
  assert.ok(during);
  assert.not.ok(loop.isRunning());
});

test("a loop that runs cannot be run again, nor closed", async (loop) => {
  const run = loop.runForever();
  function* body(): Coroutine<void> {
    yield;
    assert.unreachable("it must not even begin");
  }
  const errors = [
    await rejection(loop.runForever()),
    await rejection(loop.runUntilComplete(body())),
    thrownBy(() => loop.close()),
  ];
  for (const error of errors) {
    assert.instance(error, RuntimeError);
    assert.is(error.code, "ERR_LOOP_RUNNING");
  }
  assert.match(errors[0]?.message ?? "", "This event loop is already running");
  assert.match(errors[2]?.message ?? "", "Cannot close a running event loop");
  loop.stop();
  await run;
});

test("a second loop cannot run in the same thread", async (loop) => {
  const run = loop.runForever();
  for (const other of [new VirtualEventLoop(), new EventLoop()]) {
    for (const error of [
      await rejection(other.runForever()),
      await rejection(other.runUntilComplete(other.createFuture())),
    ]) {
      assert.instance(error, RuntimeError);
      assert.is(error.code, "ERR_ANOTHER_LOOP_RUNNING");
      assert.match(error.message, "Cannot run the event loop while another loop is running");
    }
    assert.not.ok(other.isRunning());
    assert.is(other._scheduler.core.liveSlots(), 0);
    other.close();
  }
  loop.stop();
  await run;
});

test("a loop runs again and again", async (loop) => {
  for (let round = 0; round < 50; round++) {
    let ran = 0;
    loop.callSoon(() => ran++);
    await runFor(loop, 0.0001);
    assert.is(ran, 1);
  }
});

test("stop has no effect on a closed loop, and close none on it either", (loop) => {
  loop.close();
  loop.close();
  loop.stop();
  assert.ok(loop.isClosed());
  assert.not.ok(loop.isRunning());
});

test("Symbol.dispose closes", (loop) => {
  loop[Symbol.dispose]();
  assert.ok(loop.isClosed());
});

test("a closed loop refuses what would have to run", async (loop) => {
  const pending = loop.createFuture();
  const task = loop.createTask(function* (): Coroutine<void> {
    yield* pending;
  });
  await runOnce(loop);
  loop.close();
  const errors = [
    thrownBy(() => loop.callSoon(() => {})),
    thrownBy(() => loop.callSoonThreadsafe(() => {})),
    thrownBy(() => loop.callLater(0, () => {})),
    thrownBy(() => loop.callAt(0, () => {})),
    thrownBy(() => loop.createTask(async () => {})),
    thrownBy(() => loop.addReader(0, () => {})),
    thrownBy(() => loop.addWriter(0, () => {})),
    thrownBy(() => pending.addDoneCallback(() => {})),
    thrownBy(() => pending.setResult(1)),
    thrownBy(() => task.cancel()),
    await rejection(pending),
    await rejection(loop.runForever()),
    await rejection(loop.runUntilComplete(pending)),
  ];
  for (const error of errors) {
    assert.instance(error, RuntimeError);
    assert.is(error.code, "ERR_LOOP_CLOSED");
    assert.match(error.message, "Event loop is closed");
  }
});

test("a closed loop still answers", (loop) => {
  const task = loop.createTask(async () => {});
  const handle = loop.callLater(1, () => {});
  loop.close();
  assert.type(loop.time(), "number");
  assert.ok(loop.isClosed());
  assert.not.ok(loop.isRunning());
  assert.is(loop.removeReader(0), false);
  assert.is(loop.removeWriter(0), false);
  assert.is(loop.getDebug(), loop.getDebug());
  assert.is(loop.getTaskFactory(), null);
  assert.is(loop.getExceptionHandler(), null);
  assert.is(task.cancelling(), 0);
  assert.is(task.uncancel(), 0);
  assert.not.ok(task.done());
  handle.cancel();
  assert.type(handle.when(), "number");
  const future = loop.createFuture<number>();
  future.setResult(1);
  assert.is(future.result(), 1);
});

test("what is pending when a loop is closed never runs", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => trace.push("call"));
  loop.callLater(0, () => trace.push("timer"));
  loop.createTask(async () => trace.push("task"));
  loop.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(trace, []);
});

test("what an async function comes to after its loop was closed is dropped", async (loop) => {
  let finish = (): void => {};
  const task = loop.createTask(() => new Promise<void>((resolve) => (finish = resolve)));
  await runOnce(loop);
  loop.close();
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  assert.not.ok(task.done());
});

for (const Fatal of [FatalError, KeyboardInterrupt, SystemExit]) {
  test(`${Fatal.name} in a callback ends the run at once, and the rest of the batch runs next time`, async (loop) => {
    const contexts = contextsOf(loop);
    const trace: string[] = [];
    const fatal = new Fatal("enough");
    loop.callSoon(() => trace.push("before"));
    loop.callSoon(() => {
      loop.callSoon(() => trace.push("child"));
      throw fatal;
    });
    loop.callSoon(() => trace.push("after"));
    assert.is(await rejection(loop.runForever()), fatal);
    assert.equal(trace, ["before"]);
    assert.not.ok(loop.isRunning());
    await runOnce(loop);
    assert.equal(trace, ["before", "after", "child"]);
    assert.equal(contexts, []);
  });
}

test("a fatal error in a generator ends the run at once", async (loop) => {
  const contexts = contextsOf(loop);
  const trace: string[] = [];
  const fatal = new SystemExit("enough");
  const task = loop.createTask(function* (): Coroutine<void> {
    yield;
    throw fatal;
  });
  await runOnce(loop);
  loop.callSoon(() => trace.push("after"));
  assert.is(await rejection(loop.runForever()), fatal);
  assert.equal(trace, []);
  assert.is(task.exception(), fatal);
  await runOnce(loop);
  assert.equal(trace, ["after"]);
  assert.equal(contexts, []);
});

test("a fatal error in an async function ends the run before the next callback", async (loop) => {
  const contexts = contextsOf(loop);
  const trace: string[] = [];
  const fatal = new SystemExit("enough");
  const task = loop.createTask(async () => {
    await sleep(0);
    loop.callSoon(() => trace.push("after"));
    throw fatal;
  });
  assert.is(await rejection(loop.runForever()), fatal);
  assert.equal(trace, []);
  assert.is(task.exception(), fatal);
  await runOnce(loop);
  assert.equal(trace, ["after"]);
  assert.equal(contexts, []);
});

test("a fatal error that an exception handler throws ends the run", async (loop) => {
  const fatal = new KeyboardInterrupt();
  loop.setExceptionHandler(() => {
    throw fatal;
  });
  loop.callSoon(() => {
    throw new Error("ordinary");
  });
  assert.is(await rejection(loop.runForever()), fatal);
});

test("any other error in a callback goes to the handler, and the loop runs on", async (loop) => {
  const contexts = contextsOf(loop);
  const thrown = [new Error("a"), undefined, null, "text", new CancelledError("c")];
  for (const value of thrown) {
    loop.callSoon(() => {
      throw value;
    });
  }
  await runOnce(loop);
  assert.equal(
    contexts.map(({ exception }) => exception),
    thrown,
  );
});

test.onReal("a loop that does not run costs nothing while a watched fd is readable", async (loop) => {
  const [left, right] = socketpair();
  loop.addReader(left, () => left.recv(1));
  right.send(Buffer.from("xyz"));
  await runOnce(loop);
  const original = globalThis.setImmediate;
  let armed = 0;
  globalThis.setImmediate = ((...args: Parameters<typeof original>) => {
    armed++;
    return original(...args);
  }) as typeof original;
  try {
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    globalThis.setImmediate = original;
  }
  assert.is(armed, 0);
  loop.removeReader(left);
  closeAll(left, right);
});

test("runUntilComplete runs until a future is done, and no longer", async (loop) => {
  const future = loop.createFuture<string>();
  loop.callLater(0.001, () => future.setResult("done"));
  const later = loop.callLater(1000, () => {});
  assert.is(await loop.runUntilComplete(future), "done");
  assert.not.ok(loop.isRunning());
  later.cancel();
});

test("runUntilComplete takes a generator, a promise, and a task", async (loop) => {
  function* body(): Coroutine<string> {
    yield* sleep(0.001);
    return "generator";
  }
  assert.is(await loop.runUntilComplete(body()), "generator");
  assert.is(await loop.runUntilComplete(Promise.resolve("promise")), "promise");
  assert.is(await loop.runUntilComplete(loop.createTask(async () => "task")), "task");
});

test("runUntilComplete of a future that is done already runs one iteration", async (loop) => {
  const future = loop.createFuture<number>();
  future.setResult(1);
  const trace: string[] = [];
  loop.callSoon(() => {
    trace.push("first iteration");
    loop.callSoon(() => trace.push("second iteration"));
  });
  assert.is(await loop.runUntilComplete(future), 1);
  assert.equal(trace, ["first iteration"]);
});

test("runUntilComplete throws what the future failed with", async (loop) => {
  const error = new Error("mine");
  const future = loop.createFuture();
  loop.callSoon(() => future.setException(error));
  assert.is(await rejection(loop.runUntilComplete(future)), error);
  const cancelled = loop.createFuture();
  loop.callSoon(() => cancelled.cancel("away"));
  const cancellation = await rejection(loop.runUntilComplete(cancelled));
  assert.instance(cancellation, CancelledError);
  assert.is(cancellation.message, "away");
});

test("runUntilComplete says so when the loop was stopped first, and forgets the future", async (loop) => {
  const future = loop.createFuture<number>();
  loop.callSoon(() => loop.stop());
  const error = await rejection(loop.runUntilComplete(future));
  assert.instance(error, RuntimeError);
  assert.is(error.code, "ERR_LOOP_STOPPED");
  assert.match(error.message, "Event loop stopped before Future completed.".slice(0, -1));
  future.setResult(1);
  const iterations = countIterations(loop);
  while (iterations.count < 3) await runOnce(loop);
  iterations.stop();
});

test("runUntilComplete refuses what cannot be awaited, and futures of other loops", async (loop) => {
  for (const junk of [undefined, null, 1, "text", {}, [], () => {}, async () => {}]) {
    const error = await rejection(loop.runUntilComplete(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_AWAITABLE");
  }
  const other = new VirtualEventLoop();
  const error = await rejection(loop.runUntilComplete(other.createFuture()));
  assert.instance(error, RangeError);
  assert.is(error.code, "ERR_FOREIGN_FUTURE");
  other.close();
});

test("a fatal error of the task that runUntilComplete waits for is seen once", async (loop) => {
  const contexts = contextsOf(loop);
  const fatal = new SystemExit("enough");
  function* body(): Coroutine<void> {
    yield;
    throw fatal;
  }
  assert.is(await rejection(loop.runUntilComplete(body())), fatal);
  let ran = false;
  loop.callSoon(() => (ran = true));
  await runFor(loop, 0.001);
  assert.ok(ran);
  assert.equal(contexts, []);
});

test.run();

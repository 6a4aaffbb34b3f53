/** Blocking runs: the thread is the loop's until it stops, and what could never go on fails at once. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  type Coroutine,
  ensureFuture,
  getRunningLoop,
  RuntimeError,
  SystemExit,
  sleep,
  UnsupportedError,
} from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, runFor } from "../loop/both-loops.js";

const test = bothLoops(suite("blocking runs"));

test("runForeverSync runs calls and timers in order, and returns when the loop is stopped", (loop) => {
  const trace: string[] = [];
  const start = loop.time();
  loop.callAt(start + 0.002, () => {
    trace.push("later");
    loop.stop();
  });
  loop.callAt(start + 0.001, () => trace.push("sooner"));
  loop.callSoon(() => trace.push(`soon ${getRunningLoop() === loop} ${loop.isRunning()}`));
  loop.runForeverSync();
  assert.equal(trace, ["soon true true", "sooner", "later"]);
  assert.ok(loop.time() - start >= 0.002);
  assert.not.ok(loop.isRunning());
});

test("a loop that was stopped before runs what is ready, once", (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => {
    trace.push("a");
    loop.callSoon(() => trace.push("b"));
  });
  loop.stop();
  loop.runForeverSync();
  assert.equal(trace, ["a"]);
  loop.stop();
  loop.runForeverSync();
  assert.equal(trace, ["a", "b"]);
});

test("runUntilCompleteSync gives back what a coroutine comes to", (loop) => {
  function* body(): Coroutine<string> {
    yield;
    return yield* sleep(0.001, "slept");
  }
  assert.is(loop.runUntilCompleteSync(body()), "slept");
  const future = loop.createFuture<number>();
  loop.callSoon(() => future.setResult(7));
  assert.is(loop.runUntilCompleteSync(future), 7);
});

test("runUntilCompleteSync throws what a coroutine throws, a cancellation too", (loop) => {
  const error = new Error("mine");
  function* failing(): Coroutine<void> {
    yield;
    throw error;
  }
  assert.is(
    thrownBy(() => loop.runUntilCompleteSync(failing())),
    error,
  );
  const task = loop.createTask(function* (): Coroutine<void> {
    yield* loop.createFuture<void>();
  });
  loop.callSoon(() => task.cancel());
  assert.instance(
    thrownBy(() => loop.runUntilCompleteSync(task)),
    CancelledError,
  );
});

test("a loop that is stopped too early says so, and can run again", (loop) => {
  const future = loop.createFuture<number>();
  loop.stop();
  assert.is(
    codeOf(() => loop.runUntilCompleteSync(future)),
    "ERR_LOOP_STOPPED",
  );
  loop.callSoon(() => future.setResult(1));
  assert.is(loop.runUntilCompleteSync(future), 1);
});

test("a loop runs blocking and not, by turns", async (loop) => {
  for (let round = 0; round < 5; round++) {
    await runFor(loop, 0.0001);
    loop.callLater(0.0001, () => loop.stop());
    loop.runForeverSync();
  }
});

test("a loop that runs cannot be run again, in either way, nor closed", (loop) => {
  const codes: unknown[] = [];
  loop.callSoon(() => {
    codes.push(codeOf(() => loop.runForeverSync()));
    codes.push(codeOf(() => loop.runUntilCompleteSync(loop.createFuture())));
    codes.push(codeOf(() => loop.close()));
    loop.stop();
  });
  loop.runForeverSync();
  assert.equal(codes, ["ERR_LOOP_RUNNING", "ERR_LOOP_RUNNING", "ERR_LOOP_RUNNING"]);
  loop.close();
  assert.is(
    codeOf(() => loop.runForeverSync()),
    "ERR_LOOP_CLOSED",
  );
});

test("a loop that runs as a guest cannot be run blocking", async (loop) => {
  let code: unknown;
  loop.callSoon(() => {
    code = codeOf(() => loop.runForeverSync());
    loop.stop();
  });
  await loop.runForever();
  assert.is(code, "ERR_LOOP_RUNNING");
});

test("an exception is reported and the run goes on, a fatal one ends it and leaves the rest queued", (loop) => {
  const contexts = contextsOf(loop);
  const exit = new SystemExit("enough");
  const trace: string[] = [];
  loop.callSoon(() => {
    throw new Error("reported");
  });
  loop.callSoon(() => {
    throw exit;
  });
  loop.callSoon(() => {
    trace.push("rest");
    loop.stop();
  });
  assert.is(
    thrownBy(() => loop.runForeverSync()),
    exit,
  );
  assert.is(contexts.length, 1);
  assert.equal(trace, []);
  loop.runForeverSync();
  assert.equal(trace, ["rest"]);
});

test("an async function is refused, and its task fails with an error that says so", (loop) => {
  const task = loop.createTask(async () => {
    throw new Error("nobody sees this");
  });
  const error = thrownBy(() => loop.runUntilCompleteSync(task)) as UnsupportedError;
  assert.instance(error, UnsupportedError);
  assert.is(error.code, "ERR_BLOCKING_RUN");
  assert.match(error.message, "an async function goes on only on Node's own loop");
});

test("a promise is refused, given to the run or waited for in it", (loop) => {
  assert.is(
    codeOf(() => loop.runUntilCompleteSync(Promise.resolve() as never)),
    "ERR_BLOCKING_RUN",
  );
  function* body(): Coroutine<void> {
    yield* ensureFuture(Promise.resolve());
  }
  assert.is(
    codeOf(() => loop.runUntilCompleteSync(body())),
    "ERR_BLOCKING_RUN",
  );
});

test.onReal("a loop that nothing can wake fails instead of blocking for ever, and can run again", async (loop) => {
  assert.is(
    codeOf(() => loop.runForeverSync()),
    "ERR_DEADLOCK",
  );
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const stuck = loop.createTask(async () => gate);
  loop.stop();
  await loop.runForever();
  const error = thrownBy(() => loop.runUntilCompleteSync(loop.createFuture())) as RuntimeError;
  assert.instance(error, RuntimeError);
  assert.match(error.message, "1 async functions or promises cannot go on");
  goOn();
  await loop.runUntilComplete(stuck);
});

test.onVirtual("a loop that nothing can wake fails instead of blocking for ever", (loop) => {
  assert.is(
    codeOf(() => loop.runForeverSync()),
    "ERR_VIRTUAL_DEADLOCK",
  );
  loop.callSoon(() => loop.stop());
  loop.runForeverSync();
});

test.onReal("descriptors wake it, and one that is no longer watched does not keep it", (loop) => {
  const [left, right] = socketpair();
  const trace: string[] = [];
  loop.addReader(left, () => {
    trace.push(String(left.recv(10)));
    loop.removeReader(left);
  });
  loop.callLater(0.001, () => right.send(Buffer.from("x")));
  assert.is(
    codeOf(() => loop.runForeverSync()),
    "ERR_DEADLOCK",
  );
  assert.equal(trace, ["x"]);
  // Each side counts once, however often its watch was replaced.
  loop.addWriter(left, () => {});
  loop.addWriter(left, () => loop.removeWriter(left));
  assert.is(
    codeOf(() => loop.runForeverSync()),
    "ERR_DEADLOCK",
  );
  closeAll(left, right);
});

test.onReal("calls on sockets go on", (loop) => {
  const [left, right] = socketpair();
  function* body(): Coroutine<string> {
    loop.callLater(0.001, () => right.send(Buffer.from("later")));
    return String(yield* loop.sockRecv(left, 10));
  }
  assert.is(loop.runUntilCompleteSync(body()), "later");
  closeAll(left, right);
});

test.onReal("names are not looked up, but numbers are", (loop) => {
  function* ask(host: string): Coroutine<number> {
    return (yield* loop.getaddrinfo(host, 80)).length;
  }
  assert.is(
    codeOf(() => loop.runUntilCompleteSync(ask("localhost"))),
    "ERR_BLOCKING_RUN",
  );
  assert.ok(loop.runUntilCompleteSync(ask("127.0.0.1")) > 0);
});

test.run();

function codeOf(body: () => unknown): unknown {
  return (thrownBy(body) as { code?: unknown } | undefined)?.code;
}

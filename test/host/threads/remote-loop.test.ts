/** RemoteLoop and `share`, both ends in one thread, where everything that they promise can be watched. */
import { AsyncLocalStorage } from "node:async_hooks";
import { MessageChannel } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, type Coroutine, EventLoop, RuntimeError, sleep, ValueError } from "../../../host/index.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { RemoteLoop, type SharedCallbacks, transfer } from "../../../host/worker.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { contextsOf, rejection } from "../loop/both-loops.js";

const test = leakChecked(suite("a loop that is shared"));

/** Runs `body` with a loop and what another thread would see of it, in a task of the loop. */
async function withRemote<C extends SharedCallbacks>(
  callbacks: C,
  body: (remote: RemoteLoop<C>, loop: EventLoop) => Promise<void>,
): Promise<void> {
  const loop = new EventLoop();
  const remote = new RemoteLoop<C>(loop.share(callbacks));
  try {
    await loop.runUntilComplete(loop.createTask(() => body(remote, loop)));
  } finally {
    loop.close();
  }
}

/** The code of the error that `call` throws. */
function codeOf(call: () => unknown): unknown {
  return (thrownBy(call) as { code?: string } | undefined)?.code;
}

test("callbacks are called with clones of the arguments, in order, inside iterations", async () => {
  const seen: unknown[] = [];
  const sent = { deep: [1] };
  const callbacks = { note: (...args: unknown[]) => seen.push(args) };
  await withRemote(callbacks, async (remote, loop) => {
    remote.callSoonThreadsafe("note", 1, sent);
    remote.callSoonThreadsafe("note");
    sent.deep.push(2);
    while (seen.length < 2) await sleep(0.001);
    assert.equal(seen, [[1, { deep: [1] }], []]);
    assert.ok(loop.isRunning());
  });
});

test("transfer moves arguments and results", async () => {
  let received: ArrayBuffer | null = null;
  const callbacks = {
    take: (buffer: ArrayBuffer) => {
      received = buffer;
    },
    *give(): Coroutine<ArrayBuffer> {
      yield;
      const buffer = new ArrayBuffer(8);
      return transfer(buffer, [buffer]);
    },
  };
  await withRemote(callbacks, async (remote) => {
    const buffer = new ArrayBuffer(16);
    remote.callSoonThreadsafe("take", transfer(buffer, [buffer]));
    assert.is(buffer.byteLength, 0);
    assert.is((await remote.runCoroutineThreadsafe("give")).byteLength, 8);
    assert.is((received as ArrayBuffer | null)?.byteLength, 16);
  });
});

test("coroutines of every kind answer", async () => {
  const callbacks = {
    *generator(a: number, b: number): Coroutine<number> {
      yield* sleep(0);
      return a + b;
    },
    async promise(text: string) {
      await sleep(0);
      return text.toUpperCase();
    },
  };
  await withRemote(callbacks, async (remote) => {
    const sum: number = await remote.runCoroutineThreadsafe("generator", 20, 22);
    assert.is(sum, 42);
    const future = remote.runCoroutineThreadsafe("promise", "loud");
    assert.not.ok(future.done());
    assert.is(await future, "LOUD");
    assert.ok(future.done());
    assert.is(future.result(), "LOUD");
    assert.not.ok(future.cancelled() || future.cancel());
  });
});

test("errors keep their class, message, code and stack", async () => {
  const callbacks = {
    *fails(): Coroutine<void> {
      yield;
      throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
    },
    plain: () => 1,
    *unsendable(): Coroutine<unknown> {
      yield;
      return () => {};
    },
    *throwsNull(): Coroutine<void> {
      yield;
      throw null;
    },
  };
  await withRemote(callbacks, async (remote) => {
    const error = (await rejection(remote.runCoroutineThreadsafe("fails"))) as RangeError & { code?: string };
    assert.instance(error, RangeError);
    assert.equal([error.message, error.code], ["too far", "E_FAR"]);
    assert.match(error.stack as string, "fails");
    const kinds = [remote.runCoroutineThreadsafe("plain"), remote.runCoroutineThreadsafe("unsendable")];
    const codes = await Promise.all(kinds.map(async (each) => ((await rejection(each)) as { code?: string }).code));
    assert.equal(codes, ["ERR_NOT_A_COROUTINE", "ERR_RESULT_NOT_CLONEABLE"]);
    const thrown = await rejection(remote.runCoroutineThreadsafe("throwsNull"));
    assert.equal([thrown.message, thrown.cause], ["the function threw null and no Error: null", null]);
  });
});

test("cancelling reaches the task, and a cancelled task says so", async () => {
  const ends: string[] = [];
  const callbacks = {
    *waits(): Coroutine<void> {
      try {
        yield* sleep(100);
      } finally {
        ends.push("ended");
      }
    },
    *cancelled(): Coroutine<void> {
      yield;
      throw new CancelledError("by itself");
    },
  };
  await withRemote(callbacks, async (remote) => {
    const future = remote.runCoroutineThreadsafe("waits");
    await sleep(0.001);
    assert.ok(future.cancel());
    assert.instance(await rejection(future), CancelledError);
    assert.ok(future.cancelled());
    assert.equal(ends, ["ended"]);
    assert.is((await rejection(remote.runCoroutineThreadsafe("cancelled"))).message, "by itself");
  });
});

test("a callback that throws is reported, and the calls after it are made", async () => {
  const seen: number[] = [];
  const callbacks = {
    call(value: number): void {
      if (value === 1) throw new Error("one");
      seen.push(value);
    },
  };
  await withRemote(callbacks, async (remote, loop) => {
    const contexts = contextsOf(loop);
    for (const value of [0, 1, 2]) remote.callSoonThreadsafe("call", value);
    while (seen.length < 2) await sleep(0.001);
    assert.equal(seen, [0, 2]);
    assert.is(contexts.length, 1);
    assert.match(contexts[0]?.message as string, /Exception in callback <Handle call\(1\)>/);
  });
});

test("callbacks see the stores that were current where they were shared", async () => {
  const storage = new AsyncLocalStorage<string>();
  const loop = new EventLoop();
  const seen: unknown[] = [];
  const callbacks = {
    call: () => seen.push(storage.getStore()),
    *run(): Coroutine<void> {
      yield;
      seen.push(storage.getStore());
    },
  };
  const remote = storage.run("shared", () => new RemoteLoop<typeof callbacks>(loop.share(callbacks)));
  remote.callSoonThreadsafe("call");
  await loop.runUntilComplete(remote.runCoroutineThreadsafe("run"));
  assert.equal(seen, ["shared", "shared"]);
  loop.close();
});

test("calls that were made while the loop did not run are made when it runs", async () => {
  const loop = new EventLoop();
  const seen: number[] = [];
  const remote = new RemoteLoop(loop.share({ note: (value) => seen.push(value), stop: () => loop.stop() }));
  remote.callSoonThreadsafe("note", 1);
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(seen, []);
  remote.callSoonThreadsafe("note", 2);
  remote.callSoonThreadsafe("stop");
  loop.runForeverSync();
  assert.equal(seen, [1, 2]);
  loop.close();
});

test("a loop that is closed says so to whoever calls or waits", async () => {
  const loop = new EventLoop();
  const remote = new RemoteLoop(loop.share({ call: () => {}, *wait() {} }));
  const waiting = remote.runCoroutineThreadsafe("wait");
  assert.not.ok(remote.isClosed());
  loop.close();
  assert.ok(remote.isClosed());
  assert.is(
    codeOf(() => remote.callSoonThreadsafe("call")),
    "ERR_LOOP_CLOSED",
  );
  assert.is(((await rejection(waiting)) as RuntimeError).code, "ERR_LOOP_CLOSED");
  assert.instance(
    thrownBy(() => waiting.result()),
    RuntimeError,
  );
  assert.is(
    codeOf(() => loop.share({})),
    "ERR_LOOP_CLOSED",
  );
});

test("a remote that is closed fails what it waits for, and leaves the loop as it is", async () => {
  await withRemote({ *wait(): Coroutine<void> {} }, async (remote, loop) => {
    const waiting = remote.runCoroutineThreadsafe("wait");
    remote.close();
    assert.is(((await rejection(waiting)) as RuntimeError).code, "ERR_REMOTE_CLOSED");
    assert.is(
      codeOf(() => remote.runCoroutineThreadsafe("wait")),
      "ERR_LOOP_CLOSED",
    );
    await sleep(0.002);
    assert.not.ok(loop.isClosed());
  });
});

test("bad input fails at the call that made it", async () => {
  await withRemote({ call: (_value?: unknown) => {}, *coroutine(): Coroutine<void> {} }, async (remote, loop) => {
    const anyRemote = remote as unknown as RemoteLoop;
    const codes: [code: string, call: () => unknown][] = [
      ["ERR_UNKNOWN_CALLBACK", () => anyRemote.callSoonThreadsafe("toString")],
      ["ERR_UNKNOWN_CALLBACK", () => anyRemote.runCoroutineThreadsafe("other")],
      ["ERR_INVALID_ARG_TYPE", () => anyRemote.callSoonThreadsafe((() => {}) as never)],
      ["ERR_INVALID_ARG_TYPE", () => anyRemote.runCoroutineThreadsafe((async () => {}) as never)],
      ["ERR_COROUTINE_CALLBACK", () => anyRemote.callSoonThreadsafe("coroutine")],
      ["ERR_NOT_CLONEABLE", () => remote.callSoonThreadsafe("call", () => {})],
      ["ERR_DEADLOCK", () => remote.runCoroutineThreadsafe("coroutine").result()],
      ["ERR_NOT_A_NUMBER", () => remote.runCoroutineThreadsafe("coroutine").result("1" as never)],
      ["ERR_BAD_TIME", () => remote.runCoroutineThreadsafe("coroutine").result(Number.NaN)],
      ["ERR_INVALID_ARG_TYPE", () => new RemoteLoop(loop as never)],
      ["ERR_INVALID_ARG_TYPE", () => loop.share(null as never)],
      ["ERR_NOT_CALLABLE", () => loop.share({ call: 1 as never })],
    ];
    assert.equal(
      codes.map(([, call]) => codeOf(call)),
      codes.map(([code]) => code),
    );
  });
  const virtual = new VirtualEventLoop();
  assert.is(
    codeOf(() => virtual.share({})),
    "ERR_NO_OUTSIDE",
  );
  virtual.close();
});

test("a port of something else, or one that is in use, is refused", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage("hello");
  const loop = new EventLoop();
  const port = loop.share({});
  const remote = new RemoteLoop(port);
  for (const each of [port1, port]) {
    const error = thrownBy(() => new RemoteLoop(each));
    assert.instance(error, ValueError);
    assert.is((error as ValueError).code, "ERR_NOT_A_SHARE");
  }
  port1.close();
  remote.close();
  loop.close();
});

test("a port whose loop was closed before makes a remote that is closed", async () => {
  const loop = new EventLoop();
  const port = loop.share({ call: () => {} });
  loop.close();
  const remote = new RemoteLoop(port);
  assert.ok(remote.isClosed());
  assert.is(
    codeOf(() => remote.callSoonThreadsafe("call")),
    "ERR_LOOP_CLOSED",
  );
});

test("a message that is no call is reported", async () => {
  const loop = new EventLoop();
  const contexts = contextsOf(loop);
  const port = loop.share({ call: () => {} });
  const messages = [null, {}, ["constructor", []], ["call"], ["call", 1], [{}]];
  for (const message of messages) port.postMessage(message);
  const all = loop.createTask(async () => {
    while (contexts.length < messages.length) await sleep(0.001);
  });
  await loop.runUntilComplete(all);
  const codes = contexts.map(({ exception }) => (exception as { code?: string }).code);
  assert.equal(
    codes,
    messages.map(() => "ERR_NOT_A_CALL"),
  );
  loop.close();
  port.close();
});

test.run();

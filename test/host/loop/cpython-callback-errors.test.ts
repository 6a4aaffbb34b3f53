/**
 * Errors in callbacks, whatever is thrown and whatever the callback was given, held against the checks of CPython's own:
 * Lib/test/test_asyncio/test_base_events.py and test_events.py of 3.11, exception handlers and HandleTests, and what varies them.
 *
 * Does not own: what exception-handler.test.ts and debug.test.ts say already.
 */
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ensureFuture, partial, sleep } from "../../../host/index.js";
import { socketpair } from "../../../host/net/socket.js";
import { EchoExecutor } from "../executors/echo-executor.js";
import { bothLoops, contextsOf, rejection, runOnce, within } from "./both-loops.js";
import { captureConsoleDuring } from "./capture-console.js";

const test = bothLoops(suite("errors in callbacks, as CPython tests them"));

/** Throws when somebody wants to see it. */
const hostile = {
  [inspect.custom]() {
    throw new Error("nobody looks at me");
  },
};
const bare = Object.create(null);

function fails(..._args: unknown[]): never {
  throw new Error("mine");
}

for (const debug of [false, true]) {
  const mode = debug ? "in debug mode" : "without debug mode";

  test(`are reported though the arguments cannot be shown, and the loop goes on, ${mode}`, async (loop) => {
    loop.setDebug(debug);
    const contexts = contextsOf(loop);
    const trace: string[] = [];
    loop.callSoon(fails, hostile, 1);
    loop.callSoon(partial(fails, hostile), 2);
    loop.callLater(-1, fails, hostile, 3);
    loop.callSoon(() => trace.push("after"));
    await runOnce(loop);
    assert.equal(
      contexts.map(({ exception }) => String(exception)),
      Array(3).fill("Error: mine"),
    );
    for (const [index, { message }] of contexts.entries()) {
      assert.match(message, `fails(<cannot be shown>, ${index + 1})`);
    }
    assert.equal(trace, ["after"]);
    await within(loop, () => sleep(0));
  });

  test(`are reported though the name of the callback is no text, ${mode}`, async (loop) => {
    loop.setDebug(debug);
    const contexts = contextsOf(loop);
    const callback = Object.defineProperty(() => fails(), "name", { value: Symbol("name") });
    loop.callSoon(callback);
    const task = loop.createTask(Object.defineProperty(async () => fails(), "name", { value: Symbol("name") }));
    assert.match(String(task), /^<Task pending name=\S+/);
    assert.is((await rejection(loop.runUntilComplete(task))).message, "mine");
    assert.match(contexts[0]?.message ?? "", "Exception in callback <Handle (anonymous)()");
  });

  test(`tell of a future whose result or exception cannot be shown, ${mode}`, async (loop) => {
    loop.setDebug(debug);
    const future = loop.createFuture<unknown>();
    future.setResult(hostile);
    assert.match(String(future), "<Future finished result=<cannot be shown>");
    const failed = loop.createFuture();
    failed.setException(Object.assign(new Error("m"), hostile));
    assert.match(String(failed), "<Future finished exception=Error: m");
    failed.exception();
  });
}

test("may throw anything, also undefined, and the handler is told just that", async (loop) => {
  const contexts = contextsOf(loop);
  const thrown = [undefined, null, 0, "text", bare, hostile, Symbol.iterator];
  for (const value of thrown) {
    loop.callSoon(() => {
      throw value;
    });
  }
  await runOnce(loop);
  assert.is(contexts.length, thrown.length);
  for (const [index, context] of contexts.entries()) {
    assert.ok("exception" in context);
    assert.is(context.exception, thrown[index]);
  }
});

test("are written also when what was thrown cannot be shown", async (loop) => {
  const written = await captureConsoleDuring("error", async () => {
    loop.callSoon(() => {
      throw hostile;
    });
    loop.callExceptionHandler({ message: "m", extra: hostile });
    await runOnce(loop);
  });
  assert.is(written[0], "m\nextra: <cannot be shown>");
  assert.match(written[1] ?? "", /^Exception in callback [\s\S]*\n<cannot be shown>$/);
  assert.is(written.length, 2);
});

test("of promises and executors that reject with what has no text fail their futures", async (loop) => {
  for (const thrown of [bare, hostile, Symbol("mine"), undefined]) {
    const promised = loop.runUntilComplete(ensureFuture(Promise.reject(thrown), { loop }));
    assert.is((await rejection(promised)).cause, thrown);
    const executor = new EchoExecutor();
    executor.submit = () => Promise.reject(thrown);
    const work = loop.runInExecutor(executor, () => 1);
    assert.is((await rejection(loop.runUntilComplete(work))).cause, thrown);
  }
});

test.onReal("of protocols that throw what has no text lose the connection and fail the call", async (loop) => {
  const contexts = contextsOf(loop);
  for (const thrown of [bare, hostile]) {
    const [first, second] = socketpair();
    const failing = loop.createConnection(
      () => {
        throw thrown;
      },
      null,
      null,
      { sock: first },
    );
    assert.is((await rejection(loop.runUntilComplete(failing))).cause, thrown);
    second.close();

    const [near, far] = socketpair();
    const lost = loop.createFuture<Error | null>();
    const protocol = {
      dataReceived() {
        throw thrown;
      },
      connectionLost: (error: Error | null) => lost.setResult(error),
    };
    await loop.runUntilComplete(loop.createConnection(() => protocol, null, null, { sock: near }));
    far.send(Buffer.from("x"));
    assert.is((await loop.runUntilComplete(lost))?.cause, thrown);
    assert.is(contexts.pop()?.exception, thrown);
    far.close();
  }
});

test.run();

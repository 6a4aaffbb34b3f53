/** Where errors go that nobody else can take: three layers, and their texts. */
import { AsyncLocalStorage } from "node:async_hooks";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FatalError, KeyboardInterrupt } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { bothLoops, rejection, runOnce } from "./both-loops.js";
import { captureConsole } from "./capture-console.js";

const test = bothLoops(suite("the exception handler"));

test("is null by default, can be set, and be taken back", (loop) => {
  assert.is(loop.getExceptionHandler(), null);
  const handler = (): void => {};
  loop.setExceptionHandler(handler);
  assert.is(loop.getExceptionHandler(), handler);
  loop.setExceptionHandler(null);
  assert.is(loop.getExceptionHandler(), null);
});

test("must be a function", (loop) => {
  for (const junk of [undefined, 1, "x", {}, []]) {
    const error = thrownBy(() => loop.setExceptionHandler(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_CALLABLE");
  }
  assert.is(loop.getExceptionHandler(), null);
});

test("is told the loop and the context, as it was given", (loop) => {
  const calls: unknown[][] = [];
  loop.setExceptionHandler((...args) => calls.push(args));
  const context = { message: "m", exception: new Error("e"), extra: 1 };
  loop.callExceptionHandler(context);
  assert.is(calls.length, 1);
  assert.is(calls[0]?.[0], loop);
  assert.is(calls[0]?.[1], context);
});

test("is told of a callback that throws: what was called, and what was thrown", async (loop) => {
  const contexts: Record<string, unknown>[] = [];
  loop.setExceptionHandler((_loop, context) => contexts.push(context));
  const error = new Error("in a callback");
  function tick(..._args: unknown[]): void {
    throw error;
  }
  const handle = loop.callSoon(tick, 1, "two", { three: 3 });
  await runOnce(loop);
  assert.is(contexts.length, 1);
  assert.match(String(contexts[0]?.message), /^Exception in callback <Handle tick\(1, 'two', \{ three: 3 \}\)/);
  assert.is(contexts[0]?.exception, error);
  assert.is(contexts[0]?.handle, handle);
});

test("writes the message, the other keys in order, and the stack", (loop) => {
  const error = new Error("the reason");
  const written = captureConsole("error", () => {
    loop.callExceptionHandler({ message: "something happened", zebra: 1, exception: error, ape: "text" });
  });
  const [text = ""] = written;
  assert.is(written.length, 1);
  assert.is(text.indexOf("something happened\nape: 'text'\nzebra: 1\nError: the reason\n    at "), 0);
  assert.match(text, "exception-handler.test");
});

test("writes a message of its own when there is none", (loop) => {
  const [text] = captureConsole("error", () => loop.defaultExceptionHandler({} as never));
  assert.is(text, "Unhandled exception in event loop");
});

test("may pass on to the default one", (loop) => {
  loop.setExceptionHandler((sameLoop, context) => sameLoop.defaultExceptionHandler(context));
  const [text] = captureConsole("error", () => loop.callExceptionHandler({ message: "passed on" }));
  assert.is(text, "passed on");
});

test("that throws is reported to the default one, with the context it was called with", (loop) => {
  const error = new Error("in the handler");
  loop.setExceptionHandler(() => {
    throw error;
  });
  const reported: Record<string, unknown>[] = [];
  loop.defaultExceptionHandler = (context) => void reported.push(context);
  const context = { message: "original" };
  loop.callExceptionHandler(context);
  assert.equal(
    reported.map(({ message }) => message),
    ["Unhandled error in exception handler"],
  );
  assert.is(reported[0]?.exception, error);
  assert.is(reported[0]?.context, context);
});

test("and the default one may both throw, and the loop goes on", async (loop) => {
  loop.setExceptionHandler(() => {
    throw new Error("in the handler");
  });
  const inDefault = new Error("in the default handler");
  loop.defaultExceptionHandler = () => {
    throw inDefault;
  };
  const [text, logged] = captureConsole("error", () => loop.callExceptionHandler({ message: "original" }));
  assert.is(
    text,
    "Exception in default exception handler while handling an unexpected error in custom exception handler",
  );
  assert.is(logged, inDefault);
  let ran = false;
  loop.callSoon(() => {
    throw new Error("in a callback");
  });
  loop.callSoon(() => (ran = true));
  const original = console.error;
  console.error = () => {};
  try {
    await runOnce(loop);
  } finally {
    console.error = original;
  }
  assert.ok(ran);
});

test("that is the default one and throws is logged", (loop) => {
  const inDefault = new Error("in the default handler");
  loop.defaultExceptionHandler = () => {
    throw inDefault;
  };
  const written = captureConsole("error", () => loop.callExceptionHandler({ message: "original" }));
  assert.equal(written, ["Exception in default exception handler", inDefault]);
});

test("lets fatal errors through, from whichever layer", (loop) => {
  const fatal = new KeyboardInterrupt();
  loop.setExceptionHandler(() => {
    throw fatal;
  });
  assert.is(
    thrownBy(() => loop.callExceptionHandler({ message: "m" })),
    fatal,
  );
  const worse = new FatalError("worse");
  loop.setExceptionHandler(() => {
    throw new Error("ordinary");
  });
  loop.defaultExceptionHandler = () => {
    throw worse;
  };
  assert.is(
    thrownBy(() => loop.callExceptionHandler({ message: "m" })),
    worse,
  );
  loop.setExceptionHandler(null);
  assert.is(
    thrownBy(() => loop.callExceptionHandler({ message: "m" })),
    worse,
  );
});

test("refuses what is no context", (loop) => {
  for (const junk of [undefined, null, 5, "message"]) {
    assert.is(thrownBy(() => loop.callExceptionHandler(junk as never)).code, "ERR_INVALID_ARG_TYPE");
    assert.is(thrownBy(() => loop.defaultExceptionHandler(junk as never)).code, "ERR_INVALID_ARG_TYPE");
  }
});

test("works on a closed loop", (loop) => {
  loop.close();
  const seen: string[] = [];
  loop.setExceptionHandler((_loop, { message }) => seen.push(message));
  loop.callExceptionHandler({ message: "late" });
  assert.equal(seen, ["late"]);
});

test("runs with the stores of the callback or the task that it is told of, as since Python 3.12", async (loop) => {
  const stores = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  loop.setExceptionHandler((_loop, { message }) => {
    seen.push(stores.getStore() ?? message);
    if (stores.getStore() === "throws") throw new KeyboardInterrupt();
  });
  const fail = (): never => {
    throw new Error("mine");
  };
  const failWith = (_argument: number): never => fail();
  loop.callSoon(fail);
  const future = loop.createFuture();
  stores.run("callback", () => loop.callSoon(fail));
  stores.run("with arguments", () => loop.callSoon(failWith, 1));
  stores.run("done callback", () => future.addDoneCallback(fail));
  const task = stores.run("task", () => loop.createTask(function* () {}));
  future.setResult(1);
  await runOnce(loop);
  for (const key of ["task", "future"]) loop.callExceptionHandler({ message: "told", [key]: task });
  stores.run("around", () => loop.callExceptionHandler({ message: "of nothing" }));
  assert.match(seen.shift() as string, "Exception in callback");
  assert.equal(seen, ["callback", "with arguments", "done callback", "task", "task", "around"]);
  stores.run("throws", () => loop.callSoon(fail));
  assert.instance(await rejection(runOnce(loop)), KeyboardInterrupt);
});

test.run();

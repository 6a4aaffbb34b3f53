/** Asynchronous generators that the loop closes: at its end, and when they are lost. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type EventLoop, getRunningLoop, run, sleep } from "../../../host/index.js";
import { thrownBy } from "../../support/sockets.js";
import { collectUntil } from "../futures/collect-garbage.js";
import { bothLoops, contextsOf, rejection, runFor } from "./both-loops.js";

const test = bothLoops(suite("asynchronous generators"));

/** Counts, and says when it is closed; its closing takes a while. */
async function* counting(trace: string[], name = "it"): AsyncGenerator<number, string, string | undefined> {
  try {
    for (let n = 1; ; n++) trace.push(`sent ${yield n}`);
  } finally {
    await sleep(0.001);
    trace.push(`${name} closed`);
  }
}

async function warningsDuring(body: () => Promise<void>): Promise<Error[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on("warning", note);
  await body();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  return warnings;
}

test("are iterated as they are", async (loop) => {
  const trace: string[] = [];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const tracked = loop.trackAsyncgen(counting(trace));
      assert.is(Object.prototype.toString.call(tracked), "[object AsyncGenerator]");
      assert.is(tracked[Symbol.asyncIterator](), tracked);
      assert.equal(await tracked.next(), { value: 1, done: false });
      assert.equal(await tracked.next("a"), { value: 2, done: false });
      assert.equal(await tracked.return("over"), { value: "over", done: true });
      assert.equal(await tracked.next(), { value: undefined, done: true });

      const thrown = new Error("thrown into it");
      const other = loop.trackAsyncgen(counting(trace, "other"));
      await other.next();
      assert.is(await rejection(other.throw(thrown)), thrown);
      await loop.shutdownAsyncgens();
    }),
  );
  assert.equal(trace, ["sent a", "it closed", "other closed"]);
});

test("that are open are closed at the same time, and those that ended or never began are let be", async (loop) => {
  const trace: string[] = [];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const [first, second, ended, fresh] = ["first", "second", "ended", "fresh"].map((name) =>
        loop.trackAsyncgen(counting(trace, name)),
      );
      await first?.next();
      await second?.next();
      await ended?.next();
      await ended?.return("");
      trace.length = 0;
      const before = loop.time();
      await loop.shutdownAsyncgens();
      assert.equal(trace, ["first closed", "second closed"]);
      assert.ok(loop.time() >= before + 0.001);
      assert.equal(await first?.next(), { value: undefined, done: true });
      await fresh?.return("");
      assert.equal(trace, ["first closed", "second closed"]);
      await loop.shutdownAsyncgens();
    }),
  );
  assert.equal(trace, ["first closed", "second closed"]);
});

test.onVirtual("that are closed do not wait for one another", async (loop) => {
  const generators = [1, 2, 3].map(() => loop.trackAsyncgen(counting([])));
  await loop.runUntilComplete(
    loop.createTask(async () => {
      for (const generator of generators) await generator.next();
      await loop.shutdownAsyncgens();
    }),
  );
  assert.is(loop.time(), 0.001);
});

test("whose closing fails are reported, each by itself", async (loop) => {
  const contexts = contextsOf(loop);
  const failing = async function* (message: string): AsyncGenerator<number> {
    try {
      yield 1;
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: failing is the point
      throw new Error(message);
    }
  };
  const stubborn = async function* (): AsyncGenerator<number> {
    try {
      yield 1;
    } finally {
      yield 2;
    }
  };
  const inner = [failing("one"), failing("two"), stubborn()];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      for (const generator of inner) await loop.trackAsyncgen(generator).next();
      await loop.shutdownAsyncgens();
    }),
  );
  assert.equal(
    contexts.map(({ message }) => message),
    Array(3).fill("an error occurred during closing of asynchronous generator"),
  );
  assert.equal(contexts.map(({ exception }) => (exception as Error).message).slice(0, 2), ["one", "two"]);
  assert.match(String(contexts[2]?.exception), "yielded while it was being closed");
  assert.equal(
    contexts.map(({ asyncgen }) => inner.indexOf(asyncgen as never)),
    [0, 1, 2],
  );
});

test("that begin after the end are warned of", async (loop) => {
  const warnings = await warningsDuring(async () => {
    await loop.runUntilComplete(
      loop.createTask(async () => {
        const early = loop.trackAsyncgen(counting([]));
        await early.next();
        await loop.shutdownAsyncgens();
        const late = loop.trackAsyncgen(counting([]));
        await late.next();
        await late.next();
        await late.return("");
      }),
    );
  });
  assert.equal(
    warnings.map(({ name, message }) => `${name}: ${message}`),
    ["ResourceWarning: asynchronous generator was scheduled after loop.shutdownAsyncgens() call: nobody will close it"],
  );
});

test("that are lost are closed", async (loop) => {
  const trace: string[] = [];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      await (async () => void (await loop.trackAsyncgen(counting(trace)).next()))();
      loop.trackAsyncgen(counting(trace, "the one that never began"));
      await collectUntil(() => trace.length > 0, "the generator is closed");
    }),
  );
  assert.equal(trace, ["it closed"]);
});

test("stop being closed when that is cancelled", async (loop) => {
  const trace: string[] = [];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      await loop.trackAsyncgen(counting(trace)).next();
      const shutdown = loop.shutdownAsyncgens();
      await sleep(0);
      assert.ok(shutdown.cancel());
      assert.is((await rejection(shutdown)).name, "CancelledError");
      await sleep(0.01);
    }),
  );
  assert.equal(trace, []);
});

test("are all that can be tracked", (loop) => {
  for (const junk of [undefined, null, 1, counting, (function* () {})(), { next() {} }, [][Symbol.iterator]()]) {
    const error = thrownBy(() => loop.trackAsyncgen(junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_AN_ASYNCGEN");
  }
});

test("cannot be closed on a closed loop", (loop) => {
  loop.close();
  assert.is(thrownBy(() => loop.shutdownAsyncgens()).code, "ERR_LOOP_CLOSED");
});

test.onReal("are closed at the end of run, after the tasks", async () => {
  const trace: string[] = [];
  let left: EventLoop | undefined;
  const given = await run(async () => {
    left = getRunningLoop();
    const tracked = left.trackAsyncgen(counting(trace));
    left.createTask(async () => {
      try {
        await sleep(3600);
      } finally {
        trace.push("task over");
      }
    });
    await sleep(0);
    return (await tracked.next()).value;
  });
  assert.is(given, 1);
  assert.equal(trace, ["task over", "it closed"]);
  assert.ok(left?.isClosed());
});

test("that somebody waits for are reported, and do not keep the end waiting", async (loop) => {
  const contexts = contextsOf(loop);
  const future = loop.createFuture<void>();
  async function* waiting(): AsyncGenerator<number> {
    yield 1;
    await future;
  }
  await loop.runUntilComplete(
    loop.createTask(async () => {
      const tracked = loop.trackAsyncgen(waiting());
      await tracked.next();
      void tracked.next();
      await loop.shutdownAsyncgens();
    }),
  );
  assert.equal(
    contexts.map(({ exception }) => (exception as { code?: string }).code),
    ["ERR_ASYNCGEN_RUNNING"],
  );
  future.setResult();
  await runFor(loop, 0.001);
});

test.run();

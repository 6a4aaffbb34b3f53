/** Code of the program that throws where nobody expects it: the run goes on, and nobody's callback is lost. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Coroutine,
  type EventLoop,
  ensureFuture,
  formatTaskTree,
  KeyboardInterrupt,
  type Task,
} from "../../../host/index.js";
import { bothLoops, contextsOf, rejection, runOnce, within } from "./both-loops.js";

const test = bothLoops(suite("hostile code"));

function refuse(): never {
  throw new Error("refused");
}

/** Throws whatever it is asked. */
const trap = new Proxy(new Error("behind a proxy"), {
  getPrototypeOf: refuse,
  get: refuse,
  has: refuse,
  ownKeys: refuse,
});

const scenes: Record<string, (loop: EventLoop) => void> = {
  "a callback that throws a hostile Proxy": (loop) => loop.callSoon(throwTrap),
  "a timer that throws a hostile Proxy": (loop) => loop.callLater(0, throwTrap),
  "a done callback that throws a hostile Proxy": (loop) => {
    const future = loop.createFuture<void>();
    future.addDoneCallback(throwTrap);
    future.setResult(undefined);
  },
  "a generator that throws a hostile Proxy": (loop) =>
    // biome-ignore lint/correctness/useYield: it is about what it throws
    loop.createTask(function* () {
      throwTrap();
    }),
  "an async function that throws a hostile Proxy": (loop) => loop.createTask(async () => throwTrap()),
  "a promise that rejects with a hostile Proxy": (loop) => ensureFuture(Promise.reject(trap), { loop }),
  "a generator that yields a hostile Proxy": (loop) =>
    loop.createTask(function* () {
      yield trap as never;
    }),
  "a handler that throws a hostile Proxy": (loop) => {
    loop.setExceptionHandler(throwTrap);
    loop.callSoon(refuse);
  },
  "a handler that asks its context for too much": (loop) => {
    loop.setExceptionHandler((_loop, { nothing }) => (nothing as { more: unknown }).more);
    loop.callSoon(refuse);
  },
  "a handle whose toString throws": (loop) => {
    loop.callSoon(refuse).toString = refuse;
  },
  "a task whose names throw": (loop) => {
    const task = loop.createTask(function* () {
      yield;
      refuse();
    });
    Object.assign(task, { getName: refuse, toString: refuse });
    Object.defineProperty(task, "constructor", { get: refuse });
  },
  "a callExceptionHandler that throws": (loop) => {
    loop.callExceptionHandler = refuse;
    loop.callSoon(refuse);
  },
};

function throwTrap(): never {
  throw trap;
}

/** Replaces what the program can be heard by with functions that throw. */
async function silenced(body: () => Promise<void>): Promise<void> {
  const { error, warn } = console;
  const { emitWarning } = process;
  Object.assign(console, { error: refuse, warn: throwTrap });
  process.emitWarning = refuse;
  try {
    await body();
  } finally {
    Object.assign(console, { error, warn });
    process.emitWarning = emitWarning;
  }
}

for (const [name, play] of Object.entries(scenes)) {
  for (const debug of [false, true]) {
    test(`${name} ends no run, ${debug ? "in debug mode" : "without debug mode"}`, async (loop) => {
      await silenced(async () => {
        loop.setDebug(debug);
        loop.slowCallbackDuration = 0;
        play(loop);
        const ran: string[] = [];
        loop.callSoon(() => ran.push("call"));
        loop.callLater(0.001, () => ran.push("timer"));
        loop.callLater(0.002, () => loop.stop());
        await loop.runForever();
        assert.equal(ran, ["call", "timer"]);
        // What nobody has looked at is registered in an immediate.
        await new Promise((resolve) => setImmediate(resolve));
        loop.setExceptionHandler(() => {});
        assert.is(loop._scheduler.iterating, false);
        assert.is(loop._scheduler.currentHandle, null);
        assert.is(loop._currentTask, null);
      });
    });
  }
}

test("a fatal error ends the run though the handler and the console throw", async (loop) => {
  await silenced(async () => {
    loop.callSoon(refuse);
    loop.callSoon(() => {
      throw new KeyboardInterrupt();
    });
    assert.instance(await rejection(loop.runForever()), KeyboardInterrupt);
  });
});

test("a context whose properties throw is reported all the same, in debug mode too", async (loop) => {
  loop.setDebug(true);
  const contexts = contextsOf(loop);
  const context = Object.defineProperty({ message: "mine" }, "task", { get: refuse, enumerable: true });
  loop.callSoon(() => loop.callExceptionHandler(context));
  await runOnce(loop);
  assert.equal(contexts, [context]);
});

test("tasks whose names throw are in the tree, and can be told what they wait for in vain", async (loop) => {
  await within(loop, function* () {
    const task: Task<void> = loop.createTask(function* (): Coroutine<void> {
      yield* task;
    });
    Object.assign(task, { getName: refuse });
    assert.match(formatTaskTree(loop), "<no name>");
    try {
      yield* task;
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, "ERR_AWAITS_ITSELF");
    }
  });
});

test.onVirtual("a loop that nothing can wake says so though its tasks cannot be shown", async (loop) => {
  const task = loop.createTask(async () => await loop.createFuture());
  Object.assign(task, { getStack: refuse, getName: refuse });
  assert.is((await rejection(loop.runForever())).code, "ERR_VIRTUAL_DEADLOCK");
  task.cancel();
  await runOnce(loop);
});

test.onReal("a loop closes all that is open though warnings throw", async (loop) => {
  await silenced(async () => {
    loop.setDebug(true);
    const server = await within(loop, () => loop.createServer(() => ({}) as never, "127.0.0.1", 0));
    loop.close();
    assert.is(server.sockets, null);
  });
});

test.run();

/** Callbacks and tasks see the stores of AsyncLocalStorage that were current where they were registered. */
import { AsyncLocalStorage } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { currentTask, type EventLoop, partial, sleep, socketpair } from "../../../host/index.js";
import { followsContext } from "../../../host/scheduler/context.js";
import { bothLoops, contextsOf, runOnce } from "../loop/both-loops.js";

const test = bothLoops(suite("context"));
const storage = new AsyncLocalStorage<string>();

/** Two things that are registered in one store, and run in another. */
function registerTwice(register: (see: () => void) => void): { seen: (string | undefined)[] } {
  const seen: (string | undefined)[] = [];
  const see = (): void => void seen.push(storage.getStore());
  storage.run("one", register, see);
  storage.run("two", register, see);
  register(see);
  return { seen };
}

const registrations: Record<string, (loop: EventLoop) => (see: () => void) => void> = {
  callSoon: (loop) => (see) => void loop.callSoon(see),
  "callSoon with arguments": (loop) => (see) => void loop.callSoon((run: () => void) => run(), see),
  callSoonThreadsafe: (loop) => (see) => void loop.callSoonThreadsafe(see),
  callLater: (loop) => (see) => void loop.callLater(0, see),
  callAt: (loop) => (see) => void loop.callAt(0, see),
  "createTask of a generator": (loop) => (see) =>
    void loop.createTask(function* () {
      yield* sleep(0);
      see();
    }),
  "createTask of an async function": (loop) => (see) =>
    void loop.createTask(async () => {
      await sleep(0);
      see();
    }),
  "addDoneCallback of a done future": (loop) => (see) => {
    const future = loop.createFuture();
    future.setResult(1);
    future.addDoneCallback(see);
  },
};

for (const [name, registering] of Object.entries(registrations)) {
  test(`of ${name} is that of the call`, async (loop) => {
    const { seen } = registerTwice(registering(loop));
    while (seen.length < 3) await storage.run("elsewhere", () => runOnce(loop));
    assert.equal(seen, ["one", "two", undefined]);
  });
}

test("of a done callback is that of its registration, whoever settles the future, awaited or not", async (loop) => {
  for (const awaited of [false, true]) {
    const future = loop.createFuture<void>();
    if (awaited) {
      loop.createTask(function* () {
        yield* future;
      });
      await runOnce(loop);
    }
    const { seen } = registerTwice((see) => future.addDoneCallback(see));
    storage.run("elsewhere", () => future.setResult());
    await runOnce(loop);
    await runOnce(loop);
    assert.equal(seen.slice(0, 2), ["one", "two"]);
  }
});

test("does not hinder a done callback from being taken back", async (loop) => {
  const future = loop.createFuture<void>();
  const callback = (): void => assert.unreachable();
  storage.run("one", () => future.addDoneCallback(callback));
  assert.is(future.removeDoneCallback(callback), 1);
  future.setResult();
  await runOnce(loop);
});

test.onReal("of a watch is that of its registration", async (loop) => {
  const [left, right] = socketpair();
  const seen: (string | undefined)[] = [];
  const see = (side: string): void => {
    seen.push(`${side} ${storage.getStore()}`);
    if (seen.length === 2) loop.stop();
  };
  right.send(Buffer.from("x"));
  storage.run("one", () => {
    loop.addReader(left, () => {
      see("reader");
      loop.removeReader(left);
    });
  });
  storage.run("two", () => {
    loop.addWriter(right, () => {
      see("writer");
      loop.removeWriter(right);
    });
  });
  await loop.runForever();
  assert.equal(seen.sort(), ["reader one", "writer two"]);
  left.close();
  right.close();
});

test("is not the task that registered a callback", async (loop) => {
  const told: unknown[] = [];
  await loop.runUntilComplete(
    loop.createTask(async () => {
      await storage.run("one", async () => {
        await sleep(0);
        const future = loop.createFuture<void>();
        loop.callSoon(() => told.push(currentTask(), storage.getStore()));
        future.addDoneCallback(() => told.push(currentTask(), storage.getStore()));
        // What a callback begins, and goes on later, belongs to no task either.
        const goesOn = async (): Promise<void> => {
          await sleep(0);
          told.push(currentTask(), storage.getStore());
        };
        loop.callSoon(() => void goesOn());
        future.setResult();
        while (told.length < 6) await sleep(0);
      });
    }),
  );
  assert.equal(told, [null, "one", null, "one", null, "one"]);
});

test("that a task sets is seen by nobody else", async (loop) => {
  const seen: (string | undefined)[] = [];
  const body = function* (name: string): Generator<undefined, void, unknown> {
    storage.enterWith(name);
    seen.push(storage.getStore());
    yield;
  };
  const later = function* (): Generator<undefined, void, unknown> {
    yield;
    seen.push(storage.getStore());
  };
  storage.run("outer", () => {
    loop.createTask(body("first"));
    loop.createTask(later());
    loop.createTask(body("second"));
    loop.callSoon(() => seen.push(storage.getStore()));
  });
  await runOnce(loop);
  await runOnce(loop);
  assert.equal(seen, ["first", "second", "outer", "outer"]);
});

test("leaves what is said of a callback, and what it throws, as they are", async (loop) => {
  const contexts = contextsOf(loop);
  loop.setDebug(false);
  const wrong = new Error("wrong");
  function fail(_argument: number): void {
    throw wrong;
  }
  const [handle, bound] = storage.run("one", () => [loop.callSoon(fail, 1), loop.callSoon(partial(fail, 2))]);
  assert.is(String(handle), "<Handle fail(1)>");
  assert.is(String(bound), "<Handle fail(2)>");
  await runOnce(loop);
  assert.equal(
    contexts.map(({ exception }) => exception),
    [wrong, wrong],
  );
});

test.onReal(
  "is captured from the first use of a storage on, and the methods of the prototype are then as they were",
  () => {
    assert.ok(followsContext());
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const code = `
    import { AsyncLocalStorage } from "node:async_hooks";
    const names = ["run", "enterWith"];
    const before = names.map((name) => AsyncLocalStorage.prototype[name]);
    const same = () => names.every((name, at) => AsyncLocalStorage.prototype[name] === before[at]);
    const { followsContext } = await import(${url("../../../host/scheduler/context.js")});
    const { run, sleep } = await import(${url("../../../host/index.js")});
    const storage = new AsyncLocalStorage();
    storage.getStore();
    await run(async () => { await sleep(0); });
    console.log(followsContext(), same());
    if (process.argv.includes("enterWith")) storage.enterWith(1);
    else storage.run(1, () => {});
    await run(async () => {});
    console.log(followsContext(), same());`;
    for (const method of ["run", "enterWith"]) {
      const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code, method]).toString();
      assert.is(printed, "false false\ntrue true\n");
    }
  },
);

test.run();

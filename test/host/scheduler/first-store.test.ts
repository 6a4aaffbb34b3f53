/**
 * The first store of AsyncLocalStorage in a process, which somebody sets in a callback or a task: nobody else sees it.
 *
 * Owns: what was registered before, when nothing was captured. Each program runs in a process of its own.
 *
 * Does not own: what is registered afterwards (`context.test.ts`).
 */
import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

const BEGINNING = `
import { AsyncLocalStorage } from "node:async_hooks";
const { EventLoop, sleep, socketpair } = await import(${url("../../../host/index.js")});
const { VirtualEventLoop } = await import(${url("../../../host/testing.js")});
const storage = new AsyncLocalStorage();
const other = new AsyncLocalStorage();
const seen = {};
const see = (name) => (seen[name] = storage.getStore() ?? other.getStore() ?? "nothing");
const set = (name) => {
  storage.enterWith(name);
  other.enterWith(name);
};
const loop = process.argv[1] === "virtual" ? new VirtualEventLoop() : new EventLoop();
const run = async () => process.argv[2] === "blocking" ? loop.runForeverSync() : await loop.runForever();
`;
const ENDING = `
loop.callLater(0.002, () => loop.stop());
await run();
see("outside");
loop.callSoon(() => {
  see("next run");
  loop.stop();
});
await run();
loop.close();
console.log(JSON.stringify(seen));
`;

/** What is seen where in a program, on each kind of loop, and how it is run. */
function seenIn(program: string, runs: readonly string[]): Record<string, string>[] {
  return runs.flatMap((run) => {
    const code = BEGINNING + program + ENDING;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code, ...run.split(" ")]);
    return [JSON.parse(printed.toString()) as Record<string, string>];
  });
}

const EVERY_RUN = ["real beside", "real blocking", "virtual beside", "virtual blocking"];
const BESIDE_NODE = ["real beside", "virtual beside"];
const BLOCKING = ["real blocking", "virtual blocking"];

test("of a callback is gone when that has ended, whatever waits, runs again, or is registered by others", () => {
  const all = seenIn(
    `
    const future = loop.createFuture();
    future.addDoneCallback(() => see("done callback"));
    loop.callLater(0.0005, () => see("timer"));
    loop.callSoon(() => set("first"));
    loop.callSoon((name) => see(name), "call with an argument");
    loop.callSoon(() => {
      see("call");
      loop.callSoon(() => see("made by the call"));
      future.setResult(1);
    });`,
    EVERY_RUN,
  );
  for (const seen of all) {
    assert.equal(new Set(Object.values(seen)), new Set(["nothing"]));
    assert.is(Object.keys(seen).length, 7);
  }
});

test("of a callback that throws is gone as well", () => {
  const all = seenIn(
    `
    loop.setExceptionHandler(() => see("handler"));
    loop.callSoon(() => {
      set("first");
      throw new Error("mine");
    });
    loop.callSoon(() => see("call"));`,
    BLOCKING,
  );
  for (const seen of all)
    assert.equal(seen, { handler: "nothing", call: "nothing", outside: "nothing", "next run": "nothing" });
});

test("of a generator is its own, and of none that was made before or after", () => {
  const all = seenIn(
    `
    const body = (name, sets) => function* () {
      if (sets) set(name);
      yield* sleep(0);
      see(name);
    };
    loop.createTask(body("before", false));
    loop.createTask(body("setter", true));
    loop.createTask(body("after", false));
    loop.createTask(body("second setter", true));`,
    EVERY_RUN,
  );
  for (const seen of all) {
    // From Node 24 on what is set later lasts for one step: see README.md.
    const { "second setter": _, ...others } = seen;
    assert.equal(others, {
      before: "nothing",
      setter: "setter",
      after: "nothing",
      outside: "nothing",
      "next run": "nothing",
    });
  }
});

test("of a callback stays when a task that it starts at once has taken its step", () => {
  const all = seenIn(
    `
    loop.callSoon(() => {
      set("first");
      loop.createTask(function* () { see("task"); }, { eagerStart: true });
      see("call");
    });
    loop.callSoon(() => see("next call"));`,
    EVERY_RUN,
  );
  for (const seen of all) {
    assert.is(seen.task, "first");
    assert.is(seen.call, "first");
    assert.is(seen["next call"], "nothing");
  }
});

test("of a task that starts at once is its own, and not of who starts it", () => {
  const all = seenIn(
    `
    loop.callSoon(() => {
      loop.createTask(function* () {
        set("first");
        yield* sleep(0);
        see("task");
      }, { eagerStart: true });
      see("call");
    });`,
    EVERY_RUN,
  );
  for (const seen of all) {
    assert.is(seen.task, "first");
    assert.is(seen.call, "nothing");
  }
});

test("of an async function is its own, and of none that was made before or after", () => {
  const all = seenIn(
    `
    const body = (name, sets) => async () => {
      if (sets) set(name);
      await sleep(0);
      see(name);
    };
    loop.createTask(body("before", false));
    loop.createTask(body("setter", true));
    loop.createTask(body("after", false));
    loop.createTask(body("second setter", true));`,
    BESIDE_NODE,
  );
  for (const seen of all) {
    assert.equal(seen, {
      before: "nothing",
      setter: "setter",
      after: "nothing",
      "second setter": "second setter",
      outside: "nothing",
      "next run": "nothing",
    });
  }
});

test("that run() sets is followed by one of enterWith(), and that is gone too", () => {
  const all = seenIn(
    `
    loop.callSoon(() => {
      storage.run("run", () => see("within"));
      see("behind");
      set("first");
    });
    loop.callSoon(() => see("call"));`,
    BLOCKING,
  );
  for (const seen of all) {
    assert.equal(seen, {
      within: "run",
      behind: "nothing",
      call: "nothing",
      outside: "nothing",
      "next run": "nothing",
    });
  }
});

test("that is set outside of the loop stays, and is that of what is registered there", () => {
  const all = seenIn(
    `
    loop.callSoon(() => see("before"));
    storage.enterWith("app");
    loop.callSoon(() => see("after"));`,
    BESIDE_NODE,
  );
  for (const seen of all) {
    assert.equal(seen, { before: "nothing", after: "app", outside: "app", "next run": "app" });
  }
});

test("of a reader is gone before the next one is called", () => {
  const all = seenIn(
    `
    const pairs = [socketpair(), socketpair()];
    for (const [index, [left, right]] of pairs.entries()) {
      right.send(Buffer.from("x"));
      loop.addReader(left, () => {
        see("reader " + index);
        set("set by " + index);
        loop.removeReader(left);
        left.close();
        right.close();
      });
    }`,
    ["real beside", "real blocking"],
  );
  for (const seen of all) {
    assert.equal(seen, {
      "reader 0": "nothing",
      "reader 1": "nothing",
      outside: "nothing",
      "next run": "nothing",
    });
  }
});

test.run();

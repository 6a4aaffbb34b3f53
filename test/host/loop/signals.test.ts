/** Signals: who is called, when, and what is left afterwards. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  CancelledError,
  currentTask,
  getRunningLoop,
  KeyboardInterrupt,
  run,
  sleep,
  type Task,
} from "../../../host/index.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { VirtualEventLoop } from "../../../host/testing.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("signals"));

const NAMES = ["SIGUSR2", "SIGWINCH", "SIGHUP", "SIGTERM", "SIGALRM"] as const;

function raise(name: NodeJS.Signals): void {
  process.kill(process.pid, name);
}

test(
  "call back with the arguments, inside an iteration, and wake an idle loop",
  onLoop(async ({ loop }) => {
    const got = loop.createFuture<unknown[]>();
    loop.addSignalHandler(
      "SIGUSR2",
      (...args: unknown[]) => got.setResult([...args, loop._scheduler.iterating]),
      1,
      "two",
    );
    raise("SIGUSR2");
    assert.equal(await got, [1, "two", true]);
    assert.ok(loop.removeSignalHandler("SIGUSR2"));
    assert.not(loop.removeSignalHandler("SIGUSR2"));
    assert.is(process.listenerCount("SIGUSR2"), 0);
  }),
);

test(
  "may be named by number, and the second callback takes the place of the first",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    loop.addSignalHandler("SIGUSR2", () => calls.push("first"));
    loop.addSignalHandler(constants.signals.SIGUSR2, () => calls.push("second"));
    assert.is(process.listenerCount("SIGUSR2"), 1);
    raise("SIGUSR2");
    while (calls.length === 0) await sleep(0.001);
    assert.equal(calls, ["second"]);
    assert.ok(loop.removeSignalHandler(constants.signals.SIGUSR2));
  }),
);

test(
  "that have two names are one, whatever they are called by",
  onLoop(async ({ loop }) => {
    const pairs = [
      ["SIGABRT", "SIGIOT"],
      ["SIGIO", "SIGPOLL"],
    ] as const;
    for (const [name, other] of pairs) {
      for (const [first, second] of [[name, other] as const, [other, name] as const]) {
        const calls: string[] = [];
        loop.addSignalHandler(first, () => calls.push("first"));
        loop.addSignalHandler(second, () => calls.push("second"));
        raise(name);
        while (calls.length === 0) await sleep(0.001);
        assert.equal(calls, ["second"]);
        assert.ok(loop.removeSignalHandler(constants.signals[name]));
        assert.not(loop.removeSignalHandler(first));
        assert.equal([process.listenerCount(first), process.listenerCount(second)], [0, 0]);
      }
    }
  }),
);

test(
  "that are pending when the callback is replaced call the second one",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    loop.addSignalHandler("SIGUSR2", () => calls.push("first"));
    raise("SIGUSR2");
    loop.addSignalHandler("SIGUSR2", () => calls.push("second"));
    while (calls.length === 0) await sleep(0.001);
    // One that Node has told of already, and the loop has not.
    process.emit("SIGUSR2", "SIGUSR2");
    loop.addSignalHandler("SIGUSR2", () => calls.push("third"));
    while (calls.length === 1) await sleep(0.001);
    assert.equal(calls, ["second", "third"]);
    assert.is(process.listenerCount("SIGUSR2"), 1);
    assert.is(thrownBy(() => loop.addSignalHandler("SIGUSR2", 5 as never)).code, "ERR_NOT_CALLABLE");
    assert.ok(loop.removeSignalHandler("SIGUSR2"));
  }),
);

test(
  "leave the process's other listeners alone",
  onLoop(async ({ loop }) => {
    let others = 0;
    const listener = (): void => {
      others++;
    };
    process.on("SIGUSR2", listener);
    loop.addSignalHandler("SIGUSR2", () => {});
    loop.removeSignalHandler("SIGUSR2");
    raise("SIGUSR2");
    while (others === 0) await sleep(0.001);
    process.off("SIGUSR2", listener);
  }),
);

test(
  "a thousand of five kinds: none is lost by kind, idle or busy",
  onLoop(async ({ loop, reported }) => {
    const counts = new Map<string, number>(NAMES.map((name) => [name, 0]));
    for (const name of NAMES) loop.addSignalHandler(name, () => counts.set(name, (counts.get(name) ?? 0) + 1));
    const child = spawn("sh", [
      "-c",
      `for n in $(seq 200); do for s in ${NAMES.map((n) => n.slice(3)).join(" ")}; do kill -$s ${process.pid}; done; done`,
    ]);
    let ended = false;
    child.once("close", () => {
      ended = true;
    });
    for (let busy = true; !ended; busy = !busy) {
      if (busy) await iteration(loop);
      else await sleep(0.001);
    }
    // One more of each: whatever was merged on the way, the last one is seen.
    const before = new Map(counts);
    for (const name of NAMES) raise(name);
    while (NAMES.some((name) => counts.get(name) === before.get(name))) await sleep(0.001);
    for (const name of NAMES) assert.ok((before.get(name) as number) > 0, name);
    for (const name of NAMES) loop.removeSignalHandler(name);
    assert.equal(reported, []);
  }),
);

test(
  "an error in the callback goes to the exception handler, and the callback stays",
  onLoop(async ({ loop, reported }) => {
    loop.addSignalHandler("SIGUSR2", () => {
      throw new Error("mine");
    });
    for (let count = 1; count <= 2; count++) {
      raise("SIGUSR2");
      while (reported.length < count) await sleep(0.001);
    }
    assert.match(reported.splice(0)[0]?.message ?? "", "Exception in callback");
    loop.removeSignalHandler("SIGUSR2");
  }),
);

test("are the process's again once the loop is closed", () => {
  const loop = new EventLoop();
  loop.addSignalHandler("SIGUSR2", () => {});
  loop.close();
  assert.is(process.listenerCount("SIGUSR2"), 0);
  assert.is(thrownBy(() => loop.addSignalHandler("SIGUSR2", () => {})).code, "ERR_LOOP_CLOSED");
});

test(
  "that are none, or cannot be caught, are refused",
  onLoop(async ({ loop }) => {
    for (const signal of ["SIGKILL", "SIGSTOP", 9, 19, 0, -1, 1000, 1.5, "SIGNONE", "toString", "int"]) {
      const error = thrownBy(() => loop.addSignalHandler(signal as never, () => {}));
      assert.instance(error, RangeError, String(signal));
      assert.is(error.code, "ERR_BAD_SIGNAL");
    }
    assert.match(thrownBy(() => loop.addSignalHandler("INT" as never, () => {})).message, 'its name is "SIGINT"');
    assert.match(thrownBy(() => loop.addSignalHandler("SIGKILL", () => {})).message, "SIGKILL cannot be caught");
    for (const signal of [undefined, null, {}, 1n]) {
      assert.is(thrownBy(() => loop.addSignalHandler(signal as never, () => {})).code, "ERR_INVALID_ARG_TYPE");
    }
    assert.is(thrownBy(() => loop.removeSignalHandler("SIGNONE" as never)).code, "ERR_BAD_SIGNAL");
    assert.is(thrownBy(() => loop.addSignalHandler("SIGUSR2", 5 as never)).code, "ERR_NOT_CALLABLE");
    assert.is(thrownBy(() => loop.addSignalHandler("SIGUSR2", async () => {})).code, "ERR_COROUTINE_CALLBACK");
    assert.is(process.listenerCount("SIGUSR2"), 0);
  }),
);

test("a blocking run refuses handlers, for which no signal could arrive", () => {
  const loop = new EventLoop();
  let code: unknown;
  loop.callSoon(() => {
    code = thrownBy(() => loop.addSignalHandler("SIGUSR2", () => {})).code;
    loop.stop();
  });
  loop.runForeverSync();
  assert.is(code, "ERR_BLOCKING_RUN");
  assert.is(process.listenerCount("SIGUSR2"), 0);
  loop.close();
});

test("a virtual loop and a worker thread have none, and say so", async () => {
  const loop = new VirtualEventLoop();
  assert.is(thrownBy(() => loop.addSignalHandler("SIGUSR2", () => {})).code, "ERR_NO_OUTSIDE");
  loop.close();
  const index = new URL("../../../host/index.js", import.meta.url).href;
  const code = `
    import(${JSON.stringify(index)}).then(({ newEventLoop }) => {
      const loop = newEventLoop();
      try { loop.addSignalHandler("SIGUSR2", () => {}); } catch (error) { require("node:worker_threads").parentPort.postMessage(error.code); }
      loop.close();
    });`;
  const worker = new Worker(code, { eval: true });
  const [[answer]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  assert.is(answer, "ERR_NOT_MAIN_THREAD");
});

test("SIGINT in run cancels the main task, and is told as a KeyboardInterrupt", async () => {
  const cleaned: string[] = [];
  const program = async (): Promise<void> => {
    setImmediate(raise, "SIGINT");
    try {
      await sleep(3600);
    } finally {
      cleaned.push("yes");
    }
  };
  assert.instance(await rejectionOf(run(program)), KeyboardInterrupt);
  assert.equal(cleaned, ["yes"]);
  assert.is(process.listenerCount("SIGINT"), 0);
});

test("SIGINT in run is no KeyboardInterrupt where the program swallows it, or was cancelled by somebody else too", async () => {
  const interrupted = (end: (task: Task<unknown>) => Promise<string>): Promise<string> =>
    run(async () => {
      const task = currentTask() as Task<unknown>;
      setImmediate(raise, "SIGINT");
      try {
        return await sleep(3600, "slept");
      } catch {
        return await end(task);
      }
    });
  const cancelled = (task: Task<unknown>): Promise<string> => {
    task.cancel("by somebody else");
    return sleep(3600, "slept");
  };
  assert.is(await interrupted(async () => "swallowed"), "swallowed");
  const error = await rejectionOf(interrupted(cancelled));
  assert.instance(error, CancelledError);
  assert.is(error.message, "by somebody else");
  const settled = interrupted((task) => {
    task.uncancel();
    return cancelled(task);
  });
  assert.instance(await rejectionOf(settled), KeyboardInterrupt);
});

test("a program's own handler of SIGINT takes the place of that", async () => {
  const result = await run(async () => {
    const loop = getRunningLoop();
    const got = loop.createFuture<string>();
    loop.addSignalHandler("SIGINT", () => got.setResult("handled"));
    raise("SIGINT");
    return await got;
  });
  assert.is(result, "handled");
});

test("a second SIGINT ends a program that swallows the first", async () => {
  const index = new URL("../../../host/index.js", import.meta.url).href;
  const code = `
    import { run, sleep } from ${JSON.stringify(index)};
    await run(async () => {
      for (;;) {
        try { console.log("waiting"); await sleep(3600); } catch { console.log("swallowed"); }
      }
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
    if (String(text).includes("waiting")) child.kill("SIGINT");
  });
  const [code_, signal] = await once(child, "close");
  assert.equal([code_, signal], [null, "SIGINT"]);
  assert.match(printed, "swallowed");
});

test.run();

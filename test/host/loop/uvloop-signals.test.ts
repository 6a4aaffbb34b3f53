/**
 * Signal handlers, held against the checks of uvloop's own: tests/test_signals.py, and what varies them.
 *
 * Does not own: what signals.test.ts says already.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop, SystemExit, sleep } from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("signals, as uvloop tests them"));

function raise(name: NodeJS.Signals): void {
  process.kill(process.pid, name);
}

test("a handler may end the run as often as it likes, and the loop cleans up after it", async () => {
  const loop = new EventLoop();
  const server = await loop.runUntilComplete(loop.createServer(() => ({}), "127.0.0.1", 0));
  const said: string[] = [];
  loop.addSignalHandler(
    "SIGUSR2",
    (word: string) => {
      said.push(word);
      throw new SystemExit(word);
    },
    "interrupted",
  );
  loop.addSignalHandler("SIGHUP", () => said.push("hung up"));
  for (let round = 0; round < 2; round++) {
    raise("SIGHUP");
    loop.callLater(0.001, raise, "SIGUSR2");
    assert.instance(await rejectionOf(loop.runForever()), SystemExit);
  }
  assert.equal(said, ["hung up", "interrupted", "hung up", "interrupted"]);
  server.close();
  await loop.runUntilComplete(server.waitClosed());
  loop.close();
  assert.is(process.listenerCount("SIGUSR2") + process.listenerCount("SIGHUP"), 0);
});

test(
  "a handler may take another one away, which then hears nothing more",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    loop.addSignalHandler("SIGUSR2", () => calls.push("got it"));
    loop.addSignalHandler("SIGHUP", () => {
      assert.ok(loop.removeSignalHandler("SIGUSR2"));
      calls.push("removed");
    });
    // Without a listener of anybody's it would end the process.
    const listener = (): void => void calls.push("for others");
    process.on("SIGUSR2", listener);
    for (const [signal, count] of [
      ["SIGUSR2", 2],
      ["SIGUSR2", 4],
      ["SIGHUP", 5],
      ["SIGUSR2", 6],
    ] as const) {
      raise(signal);
      while (calls.length < count) await sleep(0.001);
    }
    await iteration(loop);
    assert.equal(calls, ["for others", "got it", "for others", "got it", "removed", "for others"]);
    process.off("SIGUSR2", listener);
    loop.removeSignalHandler("SIGHUP");
  }),
);

test(
  "a handler may take itself away, and put another one in its place",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    loop.addSignalHandler("SIGUSR2", () => {
      calls.push("first");
      loop.addSignalHandler("SIGUSR2", () => calls.push(`second ${loop.removeSignalHandler("SIGUSR2")}`));
      raise("SIGUSR2");
    });
    raise("SIGUSR2");
    while (calls.length < 2) await sleep(0.001);
    assert.equal(calls, ["first", "second true"]);
    assert.not(loop.removeSignalHandler("SIGUSR2"));
  }),
);

test(
  "what has come for a handler that is taken away is not handled",
  onLoop(async ({ loop }) => {
    loop.addSignalHandler("SIGUSR2", () => assert.unreachable());
    process.emit("SIGUSR2", "SIGUSR2");
    assert.ok(loop.removeSignalHandler("SIGUSR2"));
    let calls = 0;
    loop.addSignalHandler("SIGUSR2", () => calls++);
    for (let n = 0; n < 3; n++) await iteration(loop);
    assert.is(calls, 0);
    loop.removeSignalHandler("SIGUSR2");
  }),
);

test("two loops may both have a handler, and each hears of the signal in its own run", async () => {
  const calls: string[] = [];
  const loops = ["first", "second"].map((name) => {
    const loop = new EventLoop();
    loop.addSignalHandler("SIGUSR2", () => {
      calls.push(name);
      loop.stop();
    });
    return loop;
  });
  raise("SIGUSR2");
  for (const loop of loops) await loop.runForever();
  assert.equal(calls, ["first", "second"]);
  for (const loop of loops) loop.close();
});

test(
  "SIGCHLD may be handled, and children are reaped all the same",
  onLoop(async ({ loop }) => {
    const got = loop.createFuture<void>();
    loop.addSignalHandler("SIGCHLD", () => {
      if (!got.done()) got.setResult();
    });
    const child = spawn("true");
    const closed = once(child, "close");
    await got;
    assert.equal(await closed, [0, null]);
    loop.removeSignalHandler("SIGCHLD");
  }),
);

test.run();

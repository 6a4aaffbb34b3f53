/** What one iteration runs, and in which order. */
import { writeSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { socketpair } from "../../../host/net/socket.js";
import { closeAll } from "../../support/sockets.js";
import { bothLoops, countIterations, runOnce } from "./both-loops.js";

const test = bothLoops(suite("an iteration"));

test("runs calls in the order in which they were made, each once", async (loop) => {
  const trace: number[] = [];
  for (let index = 0; index < 200; index++) loop.callSoon((value: number) => trace.push(value), index);
  assert.equal(trace, []);
  await runOnce(loop);
  assert.equal(
    trace,
    Array.from({ length: 200 }, (_, index) => index),
  );
});

test("runs what callbacks schedule in the next one", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => {
    trace.push("a");
    loop.callSoon(() => trace.push("child of a"));
  });
  loop.callSoon(() => trace.push("b"));
  await runOnce(loop);
  assert.equal(trace, ["a", "b"]);
  await runOnce(loop);
  assert.equal(trace, ["a", "b", "child of a"]);
});

test("runs calls before timers that are due, and those by deadline", async (loop) => {
  const trace: string[] = [];
  loop.callLater(0, () => trace.push("timer 0"));
  loop.callLater(-5, () => trace.push("timer -5"));
  loop.callSoon(() => trace.push("call"));
  await runOnce(loop);
  assert.equal(trace, ["call", "timer -5", "timer 0"]);
});

test.onReal("runs calls, then I/O, then timers", async (loop) => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  const trace: string[] = [];
  loop.callLater(0, () => trace.push("timer 0"));
  loop.callLater(-5, () => trace.push("timer -5"));
  loop.addReader(left, () => trace.push("I/O"));
  loop.callSoon(() => trace.push("call"));
  await runOnce(loop);
  assert.equal(trace, ["call", "I/O", "timer -5", "timer 0"]);
  loop.removeReader(left);
  closeAll(left, right);
});

test.onReal("runs the reader of an fd before its writer", async (loop) => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  const trace: string[] = [];
  loop.addWriter(left, () => trace.push("writer"));
  loop.addReader(left, () => trace.push("reader"));
  await runOnce(loop);
  assert.equal(trace, ["reader", "writer"]);
  loop.removeReader(left);
  loop.removeWriter(left);
  closeAll(left, right);
});

test.onReal("asks for I/O even when the loop was stopped before the run", async (loop) => {
  const [left, right] = socketpair();
  let readable = 0;
  loop.addReader(left, () => {
    readable++;
    left.recv(16);
  });
  await runOnce(loop);
  assert.is(readable, 0);
  right.send(Buffer.from("x"));
  await runOnce(loop);
  assert.is(readable, 1);
  loop.removeReader(left);
  closeAll(left, right);
});

test.onReal("sees in the first poll what others wrote between two runs", async (loop) => {
  const [left, right] = socketpair();
  let readable = 0;
  loop.addReader(left, () => {
    readable++;
    left.recv(16);
  });
  // Many iterations that find nothing: polls are skipped by now.
  const iterations = countIterations(loop);
  while (iterations.count < 100) await runOnce(loop);
  writeSync(right.fileno(), "x");
  await runOnce(loop);
  assert.is(readable, 1);
  iterations.stop();
  loop.removeReader(left);
  closeAll(left, right);
});

test("runs the handles after the one that stops the loop", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => trace.push("before"));
  loop.callSoon(() => {
    loop.callSoon(() => trace.push("next run"));
    loop.stop();
    loop.stop();
  });
  loop.callSoon(() => trace.push("after"));
  await loop.runForever();
  assert.equal(trace, ["before", "after"]);
  await runOnce(loop);
  assert.equal(trace, ["before", "after", "next run"]);
});

test(
  "after a stop in a callback that schedules for ever, comes the end",
  async (loop) => {
    let count = 0;
    const again = (): void => {
      count++;
      loop.callSoon(again);
      if (count === 1000) loop.stop();
    };
    loop.callSoon(again);
    await loop.runForever();
    assert.is(count, 1000);
  },
  { leavesPending: true },
);

test("stop outlives neither its run nor more than one", async (loop) => {
  loop.stop();
  loop.stop();
  await loop.runForever();
  let ran = false;
  loop.callLater(0.001, () => {
    ran = true;
    loop.stop();
  });
  await loop.runForever();
  assert.ok(ran);
});

test("does not run what was cancelled earlier in the same batch", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => {
    handle.cancel();
    due.cancel();
  });
  const handle = loop.callSoon(() => trace.push("cancelled call"));
  const due = loop.callLater(-1, () => trace.push("cancelled timer"));
  loop.callSoon(() => trace.push("other"));
  await runOnce(loop);
  assert.equal(trace, ["other"]);
  assert.ok(handle.cancelled());
  assert.ok(due.cancelled());
});

test("runs a done callback one iteration after its future is done", async (loop) => {
  const iterations = countIterations(loop);
  const future = loop.createFuture<string>();
  let settled = 0;
  let told = 0;
  future.addDoneCallback(() => {
    told = iterations.count;
    loop.stop();
  });
  loop.callLater(0, () => {
    settled = iterations.count;
    future.setResult("x");
  });
  await loop.runForever();
  assert.is(told - settled, 1);
  iterations.stop();
});

test("lets promises go on between iterations", async (loop) => {
  const trace: string[] = [];
  const future = loop.createFuture<string>();
  void future.then(() => trace.push("promise"));
  loop.callSoon(() => {
    trace.push("settle");
    future.setResult("x");
    loop.callSoon(() => {
      trace.push("same iteration as the done callback");
      loop.callSoon(() => {
        trace.push("next iteration");
        loop.stop();
      });
    });
  });
  await loop.runForever();
  assert.equal(trace, ["settle", "same iteration as the done callback", "promise", "next iteration"]);
});

test("passes arguments on, however many", async (loop) => {
  const seen: unknown[][] = [];
  for (const args of [[], [1], [1, 2], [1, 2, 3], [undefined]]) {
    loop.callSoon((...rest: unknown[]) => seen.push(rest), ...args);
    loop.callLater(0, (...rest: unknown[]) => seen.push(rest), ...args);
  }
  await runOnce(loop);
  assert.equal(seen.slice(0, 5), [[], [1], [1, 2], [1, 2, 3], [undefined]]);
  assert.equal(seen.slice(5), [[], [1], [1, 2], [1, 2, 3], [undefined]]);
});

test.onReal("takes place when a call is made from outside while the loop is idle", async (loop) => {
  let ran = false;
  setTimeout(() => {
    loop.callSoon(() => {
      ran = true;
      loop.stop();
    });
  }, 5);
  await loop.runForever();
  assert.ok(ran);
});

test("callSoonThreadsafe queues like callSoon, and wakes an idle loop", async (loop) => {
  const trace: string[] = [];
  loop.callSoon(() => trace.push("a"));
  loop.callSoonThreadsafe((text: string) => trace.push(text), "b");
  loop.callSoon(() => trace.push("c"));
  await runOnce(loop);
  assert.equal(trace, ["a", "b", "c"]);
});

test.onReal("callSoonThreadsafe ends the wait of an idle loop", async (loop) => {
  setTimeout(() => loop.callSoonThreadsafe(() => loop.stop()), 5);
  await loop.runForever();
});

test.onReal("stop from outside ends the run of an idle loop", async (loop) => {
  setTimeout(() => loop.stop(), 5);
  await loop.runForever();
  assert.not.ok(loop.isRunning());
});

test.run();

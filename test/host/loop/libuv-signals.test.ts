/**
 * Signals that come faster than the loop looks: held against what libuv's test-signal.c asks of its own.
 *
 * Does not own: what signals.test.ts and uvloop-signals.test.ts say already.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sleep } from "../../../host/index.js";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { leakChecked } from "../../support/leaks.js";
import { iteration, onLoop } from "../net/support.js";

const test = leakChecked(suite("signals, as libuv tests them"));

/** As Node tells of a signal, however many the system has made of several. */
function tell(...names: NodeJS.Signals[]): void {
  for (const name of names) process.emit(name, name);
}

test(
  "the same one, told several times before the loop looks, calls back for each, in order among others",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    for (const name of ["SIGUSR2", "SIGHUP"] as const) loop.addSignalHandler(name, () => calls.push(name));
    tell("SIGUSR2", "SIGUSR2", "SIGHUP", "SIGUSR2");
    while (calls.length < 4) await iteration(loop);
    assert.equal(calls, ["SIGUSR2", "SIGHUP", "SIGUSR2", "SIGUSR2"]);
    for (const name of ["SIGUSR2", "SIGHUP"] as const) loop.removeSignalHandler(name);
  }),
);

test(
  "fifty that come while the loop is idle are fifty calls",
  onLoop(async ({ loop }) => {
    const all = loop.createFuture<void>();
    let calls = 0;
    loop.addSignalHandler("SIGUSR2", () => {
      calls++;
      if (calls === 50) all.setResult(undefined);
    });
    setTimeout(() => tell(...Array.from({ length: 50 }, () => "SIGUSR2" as const)), 1);
    await all;
    loop.removeSignalHandler("SIGUSR2");
  }),
);

test(
  "those that wait are no concern of a handler that was taken away, nor of the next one",
  onLoop(async ({ loop }) => {
    const calls: string[] = [];
    loop.addSignalHandler("SIGUSR2", () => {
      calls.push("first");
      loop.removeSignalHandler("SIGUSR2");
      loop.addSignalHandler("SIGUSR2", () => calls.push("second"));
    });
    tell("SIGUSR2", "SIGUSR2", "SIGUSR2");
    for (let count = 0; count < 5; count++) await iteration(loop);
    assert.equal(calls, ["first"]);
    tell("SIGUSR2");
    while (calls.length < 2) await iteration(loop);
    assert.equal(calls, ["first", "second"]);
    loop.removeSignalHandler("SIGUSR2");
  }),
);

test("those that come between two runs are told in the next one, each", async () => {
  const loop = new EventLoop();
  let calls = 0;
  loop.addSignalHandler("SIGUSR2", () => calls++);
  await loop.runUntilComplete(loop.createTask(async () => await sleep(0)));
  tell("SIGUSR2", "SIGUSR2", "SIGUSR2");
  await loop.runUntilComplete(
    loop.createTask(async () => {
      while (calls < 3) await sleep(0);
    }),
  );
  assert.is(calls, 3);
  loop.close();
});

test.run();

/** What is left of a child's output when nobody reads it to its end. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createSubprocessShell,
  type EventLoop,
  PIPE,
  type ProcessInput,
  type StreamReader,
} from "../../../host/index.js";
import { leakChecked } from "../../support/leaks.js";
import { collectGarbage, collectUntil } from "../futures/collect-garbage.js";
import { iteration, onLoop } from "../net/support.js";

const test = leakChecked(suite("output of processes"));

async function untilPaused(loop: EventLoop, reader: StreamReader): Promise<void> {
  while (!String(reader).includes("paused")) await iteration(loop);
}

test(
  "is closed once the child has ended and nobody can read it",
  onLoop(async ({ loop }) => {
    const leave = async (): Promise<void> => {
      const child = await createSubprocessShell("exec yes", { stdout: PIPE, limit: 100 });
      await untilPaused(loop, child.stdout);
      child.kill();
      await child.wait();
    };
    await leave();
    await collectUntil(() => loop._fdOwners.size === 0, "the pipe is closed");
  }),
);

test(
  "is closed also if it comes only then, from others that have the pipe",
  onLoop(async ({ loop }) => {
    const leave = async (): Promise<void> => {
      const command = "exec 3<&0; { cat <&3; head -c 5000 /dev/zero; } &";
      const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE, limit: 100 });
      await child.wait();
      child.stdin.close();
      await untilPaused(loop, child.stdout);
    };
    await leave();
    await collectUntil(() => loop._fdOwners.size === 0, "the pipes are closed");
  }),
);

test(
  "stays as long as its reader",
  onLoop(async ({ loop }) => {
    const leave = async (): Promise<StreamReader> => {
      const child = await createSubprocessShell("yes | head -c 5000", { stdout: PIPE, limit: 100 });
      await untilPaused(loop, child.stdout);
      await child.wait();
      return child.stdout;
    };
    const reader = await leave();
    for (let round = 0; round < 5; round++) await collectGarbage();
    assert.is((await reader.readexactly(4000)).length, 4000);
    for (let round = 0; round < 5; round++) await collectGarbage();
    assert.is((await reader.read()).length, 1000);
  }),
);

test(
  "stays as long as somebody waits for it",
  onLoop(async ({ loop }) => {
    const read: number[] = [];
    const leave = async (): Promise<ProcessInput> => {
      // Whoever holds the pipe goes on for as long as its stdin.
      const command = "exec 3<&0; cat <&3 & exec head -c 5000 /dev/zero";
      const child = await createSubprocessShell(command, { stdin: PIPE, stdout: PIPE, limit: 100 });
      await untilPaused(loop, child.stdout);
      await child.wait();
      child.stdout.read().addDoneCallback((future) => read.push(future.result().length));
      return child.stdin;
    };
    const stdin = await leave();
    for (let round = 0; round < 5; round++) await collectGarbage();
    assert.equal(read, []);
    stdin.close();
    while (read.length === 0) await iteration(loop);
    assert.equal(read, [5000]);
  }),
);

test("of a loop that was closed is left alone", async () => {
  await onLoop(async ({ loop }) => {
    const child = await createSubprocessShell("yes | head -c 5000", { stdout: PIPE, limit: 100 });
    await untilPaused(loop, child.stdout);
    await child.wait();
  })();
  for (let round = 0; round < 5; round++) await collectGarbage();
});

test.run();

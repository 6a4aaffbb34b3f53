/** Sockets that are forgotten while they are open: who is warned of them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../host/loop/event-loop.js";
import { Socket } from "../../../host/net/socket.js";
import { close } from "../../../host/sys/fd.js";
import { leakChecked } from "../../support/leaks.js";
import { collectGarbage, collectUntil } from "../futures/collect-garbage.js";

const test = leakChecked(suite("lost sockets"));

/** Makes a socket that nobody keeps, and answers its descriptor. */
function lose(): number {
  return new Socket().fileno();
}

/** Runs the body while warnings are noted. */
async function warningsOf(body: (warnings: readonly (Error & { detail?: string })[]) => Promise<void>): Promise<void> {
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on("warning", note);
  try {
    await body(warnings);
  } finally {
    process.off("warning", note);
  }
}

test("are warned of, with the place where they were made, once a loop was in debug mode", async () => {
  const loop = new EventLoop();
  loop.setDebug(true);
  await warningsOf(async (warnings) => {
    const fd = lose();
    await collectUntil(() => warnings.length > 0, "the warning");
    assert.is(warnings[0]?.name, "ResourceWarning");
    assert.is(warnings[0]?.message, `unclosed <Socket fd=${fd} family=2 type=1 proto=0>`);
    assert.match(String(warnings[0]?.detail), /^Object created at:\n *at lose .*lost-sockets\.test/);
    close(fd);
  });
  loop.close();
});

test("are nobody's business when they were closed or given away", async () => {
  const loop = new EventLoop();
  loop.setDebug(true);
  await warningsOf(async (warnings) => {
    new Socket().close();
    close(new Socket().detach());
    for (let round = 0; round < 3; round++) await collectGarbage();
    assert.equal(warnings, []);
  });
  loop.close();
});

test.run();

/**
 * Bad input to every public call of the loop: each is refused with the error that its documentation names, and leaves nothing behind.
 *
 * Owns: trying each row of `bad-input/` on a loop of its own.
 *
 * Does not own: the calls of Socket (`socket-bad-input.test.ts`), and what is refused in the course of a connection (`net/`).
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onClosedLoop } from "./bad-input/closed-loop-rows.js";
import { ioCalls } from "./bad-input/io-rows.js";
import { loopCalls } from "./bad-input/loop-rows.js";
import { onScene } from "./bad-input/scene.js";
import { syncCalls } from "./bad-input/sync-rows.js";
import { contextsOf, runOnce } from "./loop/both-loops.js";

const test = suite("bad input");

for (const [name, rows] of Object.entries({ ...loopCalls, ...ioCalls, ...syncCalls, "a closed loop": onClosedLoop })) {
  for (const [what, call, kind, code] of rows) {
    test(`${name}, ${what}: ${code}`, () =>
      onScene(async (scene) => {
        const contexts = contextsOf(scene.loop);
        const { core } = scene.loop._scheduler;
        const before = core.liveSlots();
        const error = await errorOf(() => call(scene));
        assert.instance(error, kind);
        assert.is(error.code, code, error.message);
        assert.ok(error.message.length > code.length, "the message says more than the code");
        if (!scene.loop.isClosed()) {
          await runOnce(scene.loop);
          assert.is(core.liveSlots(), before, "slots are left");
        }
        assert.equal(contexts, []);
      }));
  }
}

test.run();

/** What a call throws, or its promise is rejected with. */
async function errorOf(call: () => unknown): Promise<Error & { code?: string }> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

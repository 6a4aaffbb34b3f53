/** A slow reader gets every byte, through every kind of connection, and the sender holds back. `gibibyte.ts` is the long form. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { leakChecked } from "../support/leaks.js";
import { runThrough } from "./through.js";

const test = leakChecked(suite("a slow reader"));

for (const reading of ["Protocol", "BufferedProtocol"] as const) {
  for (const kind of ["TCP", "Unix", "TLS"] as const) {
    test(`gets every byte through ${kind} with a ${reading}`, async () => {
      const { same, pauses } = await runThrough(kind, 32 << 20, reading);
      assert.ok(same);
      assert.ok(pauses > 0, "the sender never held back");
    });
  }
}

test.run();

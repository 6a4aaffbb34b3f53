/** Children by the dozen, and megabytes through one. `two-thousand-children.ts` and `quarter-gibibyte.ts` are the long forms. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { leakChecked } from "../support/leaks.js";
import { runChildren } from "./children.js";
import { runCommunication } from "./communication.js";

const test = leakChecked(suite("children"));

test("sixty, fifteen at a time, end as they should, and nothing is left of them", async () => {
  const { wrong, left, liveSlots } = await runChildren(60, 15);
  assert.equal(wrong, []);
  assert.equal(left, []);
  assert.is(liveSlots, 0);
});

test("one that echoes gets every byte, and so do we", async () => {
  const { same, returncode } = await runCommunication("echoes", 16 << 20);
  assert.ok(same);
  assert.is(returncode, 0);
});

test("one that writes first gets every byte, and so do we", async () => {
  const { same, returncode } = await runCommunication("writes first", 16 << 20);
  assert.ok(same);
  assert.is(returncode, 0);
});

test.run();

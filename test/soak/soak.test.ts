/** After the first hundred thousand things, nothing grows any more: `ten-million.ts` goes on for longer. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { whatGrew } from "./growth.js";
import { lives } from "./lives.js";
import { Soak } from "./soak.js";

const FIRST = 100_000;
const LAST = 300_000;
const OF_ONE_KIND = 500;

test("three hundred thousand things of all kinds leave no more behind than the first hundred thousand", async () => {
  const soak = new Soak();
  await soak.make(FIRST);
  const first = await soak.measure();
  await soak.make(LAST);
  const last = await soak.measure();
  soak.close();
  assert.ok(first.made >= FIRST && last.made >= LAST);
  assert.equal(whatGrew(first, last), []);
});

for (const [name, life] of lives) {
  test(`nothing is left of a ${name}`, async () => {
    const soak = new Soak([[name, life]]);
    const { core } = soak.loop._scheduler;
    await soak.make(OF_ONE_KIND);
    assert.is(core.liveSlots() - core.cancelledTimerCount(), 0);
    assert.ok(core.cancelledTimerCount() <= 100);
    soak.close();
  });
}

test.run();

/** Timers of ten thousand random lengths on the real loop: not one is early, by the loop's clock or by another. */
import { hrtime } from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventLoop } from "../../../host/index.js";

const TIMERS = 10_000;
const SECONDS_MAX = 0.5;
/** Timers that wait at a time: the rest is set by those that fire, at any moment of an iteration. */
const AT_ONCE = 1000;

test("ten thousand timers of random length are never early", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const random = mulberry32(seed);
  const loop = new EventLoop();
  const early: string[] = [];
  let set = 0;
  let fired = 0;
  const setOne = (): void => {
    set++;
    const delay = random() ** 4 * SECONDS_MAX;
    const start = hrtime.bigint();
    const handle = loop.callLater(delay, () => {
      const elapsed = Number(hrtime.bigint() - start) / 1e9;
      if (loop.time() < handle.when()) early.push(`${delay} s: fired ${handle.when() - loop.time()} s before its time`);
      if (elapsed < delay) early.push(`${delay} s: fired after ${elapsed} s`);
      if (++fired === TIMERS) loop.stop();
      else if (set < TIMERS) setOne();
    });
  };
  for (let index = 0; index < AT_ONCE; index++) setOne();
  await loop.runForever();
  loop.close();
  assert.is(fired, TIMERS);
  assert.equal(early, [], `seed ${seed}`);
});

/** A small generator of numbers from 0 to 1, whose sequence its seed decides. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.run();

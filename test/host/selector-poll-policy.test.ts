import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PollPolicy, SKIPS_MAX } from "../../host/selector/poll-policy.js";

const test = suite("poll policy");

/** A policy with a clock and an activity counter of its own, which has just found nothing twice, a fraction of a microsecond apart. */
function quietPolicy(): { policy: PollPolicy; activity: { count: number }; clock: { ms: number } } {
  const activity = { count: 0 };
  const clock = { ms: 1000 };
  const policy = new PollPolicy(activity, () => clock.ms);
  policy.polled(0);
  clock.ms += 2 ** -14;
  policy.polled(0);
  return { policy, activity, clock };
}

/** How many polls in a row are skipped, if each iteration takes `iterationMs`. */
function skips(policy: PollPolicy, clock: { ms: number }, iterationMs: number): number {
  let count = 0;
  while (policy.maySkip()) {
    count += 1;
    clock.ms += iterationMs;
  }
  return count;
}

test("skips nothing before the first poll, nor after one that found something", () => {
  const { policy } = quietPolicy();
  assert.not(new PollPolicy({ count: 0 }).maySkip());
  policy.polled(1);
  assert.not(policy.maySkip());
});

test("polls twice in vain before it skips again after one that found something", () => {
  const { policy, clock } = quietPolicy();
  policy.polled(1);
  clock.ms += 2 ** -14;
  policy.polled(0);
  assert.not(policy.maySkip());
  clock.ms += 2 ** -14;
  policy.polled(0);
  assert.ok(policy.maySkip());
});

test("skips a bounded number of polls after one that found nothing", () => {
  const { policy, clock } = quietPolicy();
  assert.is(skips(policy, clock, 2 ** -14), SKIPS_MAX);
  policy.polled(0);
  assert.is(skips(policy, clock, 2 ** -14), SKIPS_MAX);
});

test("skips nothing once this thread has done something", () => {
  const { policy, activity } = quietPolicy();
  assert.ok(policy.maySkip());
  activity.count += 1;
  assert.not(policy.maySkip());
  policy.polled(0);
  assert.ok(policy.maySkip());
});

test("skips fewer polls the longer the iterations", () => {
  const { policy, clock } = quietPolicy();
  clock.ms += 2 ** -8;
  policy.polled(0);
  assert.is(skips(policy, clock, 2 ** -14), 12);
  clock.ms += 10;
  policy.polled(0);
  assert.not(policy.maySkip());
});

test("notices within eight iterations that they have become long", () => {
  const { policy, clock } = quietPolicy();
  assert.ok(skips(policy, clock, 10) < 8);
});

test("skips nothing right after the loop was idle", () => {
  const { policy, clock } = quietPolicy();
  clock.ms += 5000;
  policy.polled(0);
  assert.not(policy.maySkip());
});

test.run();

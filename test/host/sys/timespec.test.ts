import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TIMESPEC_WORDS, writeTimespec } from "../../../host/sys/timespec.js";

const test = suite("timespec");

function written(seconds: number): number[] {
  const words = new Int32Array(TIMESPEC_WORDS).fill(-1);
  writeTimespec(words, 0, seconds);
  return [...words];
}

test("splits seconds into seconds and nanoseconds", () => {
  assert.equal(written(0), [0, 0, 0, 0]);
  assert.equal(written(1.5), [1, 0, 500_000_000, 0]);
  assert.equal(written(0.0025), [0, 0, 2_500_000, 0]);
});

test("rounds up, into the next second if need be", () => {
  assert.equal(written(1e-10), [0, 0, 1, 0]);
  assert.equal(written(Number.MIN_VALUE), [0, 0, 1, 0]);
  assert.equal(written(0.9999999999), [1, 0, 0, 0]);
});

test("takes the past as now and what is too far as 68 years", () => {
  assert.equal(written(-1), [0, 0, 0, 0]);
  assert.equal(written(Number.POSITIVE_INFINITY), [0x7fffffff, 0, 0, 0]);
});

test("is never less than the seconds given, and never more than a nanosecond more", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (seconds) => {
      const [whole, , nanoseconds] = written(seconds) as [number, number, number, number];
      const rest = seconds - whole;
      assert.ok(nanoseconds >= 0 && nanoseconds < 1e9);
      assert.ok(nanoseconds >= rest * 1e9, `${seconds}`);
      assert.ok(nanoseconds <= rest * 1e9 + 1, `${seconds}`);
    }),
  );
});

test.run();

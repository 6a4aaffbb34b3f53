/** The tour's charts, drawn from known values. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bar, columnChart, roundUp } from "../../examples/tour/chart.js";

test("columns reach from 0 to a round number, an eighth of a line at a time", () => {
  const chart = columnChart([0, 1, 8, 12, 31, 32], 4, (value) => `${value}`, ["a", "b"]);
  assert.equal(chart, ["40 ┤    ▁▂", "   │    ██", "20 ┤   ▂██", "   │ ▁▆███", " 0 └──────", "    a    b"]);
});

test("a bar is as long as its share", () => {
  assert.is(bar(0, 8), "");
  assert.is(bar(1, 8), "████████");
  assert.is(bar(0.5, 3), "█▌");
});

test("a number is rounded up to the next step", () => {
  assert.equal(
    [0.7, 1, 1.1, 39_000, 41_000, 99_000].map((value) => roundUp(value, [1, 2, 4, 6, 8, 10])),
    [0.8, 1, 2, 40_000, 60_000, 100_000],
  );
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LEFT_OUT_MAX, SecondLook } from "../../../host/scheduler/second-look.js";

const test = suite("second look");

/** How many events are not looked after before the next look. */
function leftOut(look: SecondLook): number {
  let count = 0;
  while (!look.isDue()) count++;
  return count;
}

test("is taken as long as it finds something", () => {
  const look = new SecondLook();
  for (let event = 0; event < 1000; event++) {
    assert.ok(look.isDue());
    look.looked(true);
  }
});

test("in vain, it is left out for twice as many events each time, up to a limit", () => {
  const look = new SecondLook();
  for (let expected = 1; expected < LEFT_OUT_MAX; expected *= 2) {
    look.looked(false);
    assert.is(leftOut(look), expected);
  }
  for (let more = 0; more < 3; more++) {
    look.looked(false);
    assert.is(leftOut(look), LEFT_OUT_MAX);
  }
});

test("that finds something again is trusted again", () => {
  const look = new SecondLook();
  for (let vain = 0; vain < 20; vain++) look.looked(false);
  leftOut(look);
  look.looked(true);
  assert.is(leftOut(look), 0);
  look.looked(false);
  assert.is(leftOut(look), 1);
});

test.run();

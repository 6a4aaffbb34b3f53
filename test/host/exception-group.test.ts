/** Groups of errors, and taking them apart. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, ExceptionGroup, run, TimeoutError, taskGroup, ValueError } from "../../host/index.js";
import { thrownBy } from "../support/sockets.js";

const test = suite("ExceptionGroup");

const timeouts = [new TimeoutError("one"), new TimeoutError("two")] as const;
const value = new ValueError("ERR_X", "three");
const inner = new ExceptionGroup("inner", [timeouts[1], value]);
const outer = new ExceptionGroup("outer", [timeouts[0], inner, "no error at all"]);

test("says how many there are", () => {
  assert.is(outer.message, "outer (3 sub-exceptions)");
  assert.is(new ExceptionGroup("alone", [value]).message, "alone (1 sub-exception)");
  assert.instance(outer, AggregateError);
});

test("gives those of a class, in groups as they were, and the others", () => {
  const [meant, others] = outer.split(TimeoutError) as [ExceptionGroup, ExceptionGroup];
  assert.is(meant.message, "outer (2 sub-exceptions)");
  assert.is(meant.errors[0], timeouts[0]);
  assert.equal([meant.errors[1].message, meant.errors[1].errors], ["inner (1 sub-exception)", [timeouts[1]]]);
  assert.is(meant.cause, outer);
  assert.equal([others.errors[0].message, others.errors[0].errors], ["inner (1 sub-exception)", [value]]);
  assert.is(others.errors[1], "no error at all");
  assert.equal(outer.subgroup(TimeoutError)?.errors.length, 2);
});

test("gives those of several classes, and those that a function picks", () => {
  assert.is(inner.split([TimeoutError, RangeError])[1], null);
  const [strings, others] = outer.split((error) => typeof error === "string");
  assert.equal(strings?.errors, ["no error at all"]);
  assert.is(others?.errors.length, 2);
});

test("is taken whole where it is meant itself, and is null where there is nothing", () => {
  for (const whole of [ExceptionGroup, Error]) {
    const [meant, others] = outer.split(whole);
    assert.is(meant, outer);
    assert.is(others, null);
  }
  assert.is(outer.subgroup(CancelledError), null);
  const [nothing, all] = outer.split(CancelledError);
  assert.is(nothing, null);
  assert.is(all?.errors.length, 3);
});

test("is asked with a class, classes or a function", () => {
  for (const wrong of [null, undefined, "TimeoutError", {}, [TimeoutError, 5]]) {
    assert.is(thrownBy(() => outer.split(wrong as never)).code, "ERR_INVALID_ARG_TYPE", String(wrong));
  }
});

test("is what the tasks of a group have thrown", async () => {
  const seen: string[] = [];
  await run(async () => {
    try {
      await taskGroup(async (group) => {
        group.createTask(async () => {
          throw value;
        });
      });
    } catch (error) {
      const [values, others] = (error as ExceptionGroup).split(ValueError);
      seen.push(...(values?.errors.map(({ message }: Error) => message) ?? []), String(others));
    }
  });
  assert.equal(seen, ["three", "null"]);
});

test.run();

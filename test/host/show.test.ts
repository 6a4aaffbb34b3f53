/** Words for values: what they are for those that cannot be shown. */
import { inspect } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { asError, isError, nameOf, show, textOf } from "../../host/show.js";

const test = suite("words for values");

const bare = Object.create(null);
const hostile = {
  [inspect.custom]() {
    throw new Error("nobody looks at me");
  },
  toString() {
    throw new Error("nobody reads me");
  },
};

test("a value is shown as inspect does, unless that throws", () => {
  assert.is(show("text"), "'text'");
  assert.is(show({ deep: { deeper: 1 } }, { depth: 0 }), "{ deep: [Object] }");
  assert.is(show(hostile), "<cannot be shown>");
});

test("a function has the name that it says, if that is a text", () => {
  function named(): void {}
  assert.is(nameOf(named), "named");
  assert.is(
    nameOf(() => {}),
    "",
  );
  const symbolic = Object.defineProperty(() => {}, "name", { value: Symbol("name") });
  assert.is(nameOf(symbolic), "");
  const { proxy, revoke } = Proxy.revocable(named, {});
  revoke();
  assert.is(nameOf(proxy), "");
});

test("a text is what String makes of a value, or else how it is shown", () => {
  assert.is(textOf("text"), "text");
  assert.is(textOf(Symbol("mine")), "Symbol(mine)");
  assert.is(textOf(bare), "[Object: null prototype] {}");
  assert.is(textOf(hostile), "<cannot be shown>");
});

test("whatever was thrown is an error, or the cause of one", () => {
  const error = new RangeError("mine");
  assert.is(asError(error), error);
  for (const [thrown, message] of [
    [undefined, "undefined"],
    ["text", "text"],
    [bare, "[Object: null prototype] {}"],
    [hostile, "<cannot be shown>"],
  ] as const) {
    assert.is(asError(thrown).message, message);
    assert.is(asError(thrown).cause, thrown);
  }
});

test("what cannot be asked whether it is an error is none", () => {
  assert.is(isError(new RangeError("mine")), true);
  assert.is(isError("text"), false);
  const { proxy, revoke } = Proxy.revocable(new Error("mine"), {});
  revoke();
  assert.is(isError(proxy), false);
});

test.run();

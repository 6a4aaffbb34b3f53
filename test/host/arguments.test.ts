/** What calls of every kind refuse, and how they say so. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkAbsent, checkBoolean, checkBytes, checkInteger, checkOptions } from "../../host/arguments.js";
import { thrownBy } from "../support/sockets.js";

const test = suite("arguments");

test("a key that nobody knows is named, with those that are known", () => {
  checkOptions("call", {}, ["one"]);
  checkOptions("call", { one: 1, two: undefined }, ["one", "two"]);
  const error = thrownBy(() => checkOptions("call", { one: 1, tow: undefined }, ["one", "two"]));
  assert.instance(error, TypeError);
  assert.is(error.code, "ERR_UNKNOWN_OPTION");
  assert.is(error.message, 'call() has no option "tow": it knows one, two');
  assert.is(thrownBy(() => checkOptions("call", { toString: 1 }, [])).code, "ERR_UNKNOWN_OPTION");
});

test("options must be an object", () => {
  for (const options of [null, 5, "x", true]) {
    assert.is(thrownBy(() => checkOptions("call", options as never, [])).code, "ERR_INVALID_ARG_TYPE");
  }
});

test("an option that makes no sense beside another one is named", () => {
  checkAbsent("sock is given", { host: null, port: undefined });
  const error = thrownBy(() => checkAbsent("sock is given", { host: null, port: 0 }));
  assert.instance(error, RangeError);
  assert.is(error.message, "port cannot be given when sock is given: leave one of them out");
});

test("what is on or off is a boolean", () => {
  for (const fine of [true, false, undefined]) checkBoolean("on", fine);
  for (const wrong of [0, "true", null])
    assert.is(thrownBy(() => checkBoolean("on", wrong)).code, "ERR_INVALID_ARG_TYPE");
});

test("integers are whole, and in range", () => {
  for (const fine of [1, 5, 9]) assert.is(checkInteger("The size", fine, 1, 9), fine);
  for (const wrong of [0, 10, 1.5, Number.NaN]) {
    const error = thrownBy(() => checkInteger("The size", wrong, 1, 9));
    assert.is(error.code, "ERR_OUT_OF_RANGE");
    assert.is(error.message, `The size must be an integer from 1 to 9, not ${wrong}`);
  }
  for (const wrong of ["5", null, 5n]) {
    assert.is(thrownBy(() => checkInteger("The size", wrong, 1, 9)).code, "ERR_INVALID_ARG_TYPE");
  }
});

test("bytes are a Uint8Array, and text is to be encoded", () => {
  const bytes = new Uint8Array(3);
  assert.is(checkBytes("The data", bytes), bytes);
  assert.match(thrownBy(() => checkBytes("The data", "text")).message, "encode it first, with Buffer.from");
  for (const wrong of [null, [1, 2], new ArrayBuffer(3)]) {
    assert.is(thrownBy(() => checkBytes("The data", wrong)).code, "ERR_INVALID_ARG_TYPE");
  }
});

test.run();

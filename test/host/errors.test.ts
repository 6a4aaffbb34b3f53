/** Our errors: what catches them, what tells them apart, and words for what was passed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as errors from "../../host/errors.js";
import * as index from "../../host/index.js";

test("each is caught by the class that one would expect", () => {
  assert.instance(new errors.ValueError("CODE", "m"), RangeError);
  assert.instance(errors.typeError("CODE", "m"), TypeError);
  assert.instance(new errors.RuntimeError("CODE", "m"), Error);
  assert.instance(new errors.UnsupportedError("CODE", "m"), errors.RuntimeError);
  for (const Fatal of [errors.KeyboardInterrupt, errors.SystemExit]) {
    assert.instance(new Fatal("m"), errors.FatalError);
    assert.is(new Fatal("m").name, Fatal.name);
  }
  assert.not.instance(new errors.CancelledError(), errors.FatalError);
});

test("each has a stable code, a name and its message", () => {
  const made: [Error & { code?: string }, string, string][] = [
    [new errors.ValueError("ERR_X", "m"), "ValueError", "ERR_X"],
    [new errors.RuntimeError("ERR_X", "m"), "RuntimeError", "ERR_X"],
    [new errors.UnsupportedError("ERR_X", "m"), "UnsupportedError", "ERR_X"],
    [errors.typeError("ERR_X", "m"), "TypeError", "ERR_X"],
    [new errors.CancelledError("m"), "CancelledError", "ERR_CANCELLED"],
    [new errors.InvalidStateError("m"), "InvalidStateError", "ERR_INVALID_STATE"],
    [new errors.TimeoutError("m"), "TimeoutError", "ERR_TIMEOUT"],
  ];
  for (const [error, name, code] of made) {
    assert.is(error.name, name);
    assert.is(error.code, code);
    assert.is(error.message, "m");
    assert.match(error.stack ?? "", "errors.test");
  }
  assert.is(new errors.CancelledError().message, "");
});

test("a cancellation has a message, whatever was given as one", () => {
  for (const [given, message] of [
    [Symbol("mine"), "Symbol(mine)"],
    [Object.create(null), "[Object: null prototype] {}"],
    [new DOMException("aborted", "AbortError"), "AbortError: aborted"],
    [5, "5"],
  ]) {
    assert.is(new errors.CancelledError(given as string).message, message);
  }
});

test("users get all of them", () => {
  const classes = Object.values(errors).filter((value) => /^class /.test(String(value)));
  for (const one of classes) assert.is((index as Record<string, unknown>)[(one as { name: string }).name], one);
  assert.ok(classes.length >= 9);
});

test("what was passed is described in a few words", () => {
  class Foo {}
  const words: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [1.5, "the number 1.5"],
    [Number.NaN, "the number NaN"],
    ["text", "a string"],
    [true, "a boolean"],
    [1n, "a bigint"],
    [Symbol("s"), "a symbol"],
    [function named() {}, "the function named"],
    [() => {}, "the function (anonymous)"],
    [new Foo(), "an instance of Foo"],
    [[], "an instance of Array"],
    [{}, "an instance of Object"],
    [Object.create(null), "an object"],
  ];
  for (const [value, text] of words) assert.is(errors.describe(value), text);
});

test("whatever was thrown has a message", () => {
  assert.is(errors.messageOf(new Error("m")), "m");
  assert.is(errors.messageOf("text"), "text");
  assert.is(errors.messageOf(undefined), "undefined");
  assert.is(errors.messageOf(Object.create(null)), "[Object: null prototype] {}");
});

test.run();

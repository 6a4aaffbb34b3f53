import { suite } from "uvu";
import * as assert from "uvu/assert";
import { errorCode, errorText, isSystemError, systemError } from "../../../host/sys/errors.js";

const test = suite("system errors");

test("read like Node's own", () => {
  const error = systemError("connect", -111, { address: "127.0.0.1", port: 1 });
  assert.is(error.message, "connect ECONNREFUSED 127.0.0.1:1");
  assert.equal({ ...error }, { errno: -111, code: "ECONNREFUSED", syscall: "connect", address: "127.0.0.1", port: 1 });
  assert.instance(error, Error);
});

test("have a negative errno whatever the sign they were made with", () => {
  assert.is(systemError("recv", 11).errno, -11);
  assert.is(systemError("recv", -11).errno, -11);
  assert.is(systemError("recv", 11).code, "EAGAIN");
});

test("have no address or port that they were not given", () => {
  assert.equal(Object.keys(systemError("recv", -11)), ["errno", "code", "syscall"]);
});

test("put words between the code and the place", () => {
  const error = systemError("bind", -98, { message: errorText(-98), address: "127.0.0.1", port: 80 });
  assert.is(error.message, "bind EADDRINUSE: address already in use 127.0.0.1:80");
});

test("show the NUL of an abstract path as @", () => {
  assert.is(systemError("connect", -111, { address: "\0name" }).message, "connect ECONNREFUSED @name");
});

test("name errnos that libuv does not know, and call unheard-of ones UNKNOWN", () => {
  assert.is(errorCode(-42), "ENOMSG");
  assert.is(errorCode(4000), "UNKNOWN");
  assert.is(errorText(4000), "error 4000");
});

test("are told from others, whatever was thrown", () => {
  assert.ok(isSystemError(systemError("recv", -11)));
  const hostile = Object.defineProperty(new Error(), "syscall", {
    get() {
      throw new Error("asked");
    },
  });
  for (const thrown of [new Error("mine"), null, undefined, "text", Object.create(null), hostile]) {
    assert.not(isSystemError(thrown));
  }
});

test.run();

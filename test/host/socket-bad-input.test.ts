import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } from "../../host/constants.js";
import { FileDescriptor } from "../../host/net/pipe.js";
import { Socket, socketpair } from "../../host/net/socket.js";
import { leakChecked } from "../support/leaks.js";
import { closeAll, thrownBy } from "../support/sockets.js";

const test = leakChecked(suite("sockets and bad input"));

/** What the types would not let through. */
type Loose = (...args: unknown[]) => unknown;
const loose = (target: object, method: string): Loose =>
  (target as Record<string, Loose>)[method]?.bind(target) as Loose;

const NOT_BYTES = [
  "text",
  "",
  null,
  undefined,
  5,
  [1, 2],
  {},
  new ArrayBuffer(4),
  new Uint16Array(2),
  new DataView(new ArrayBuffer(4)),
];
const NOT_INTEGERS = ["1", null, {}, [], true, 5n];
const OUT_OF_RANGE = [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 53];

test("what is sent must be a Uint8Array", () => {
  const [left, right] = socketpair();
  for (const value of NOT_BYTES) {
    for (const method of ["send", "sendto", "recvInto"]) {
      const error = thrownBy(() => loose(left, method)(value));
      assert.instance(error, TypeError, `${method} ${String(value)}`);
      assert.is(error.code, "ERR_INVALID_ARG_TYPE");
    }
  }
  assert.is(
    thrownBy(() => loose(left, "send")("text")).message,
    "The data must be a Uint8Array, not a string: encode it first, with Buffer.from",
  );
  closeAll(left, right);
});

test("sizes must be integers that make sense", () => {
  const [left, right] = socketpair();
  for (const method of ["recv", "recvfrom"]) {
    for (const value of [...NOT_INTEGERS, undefined])
      assert.instance(
        thrownBy(() => loose(left, method)(value)),
        TypeError,
      );
    for (const value of OUT_OF_RANGE) {
      const error = thrownBy(() => loose(left, method)(value));
      assert.equal([error.name, error.code], ["ValueError", "ERR_OUT_OF_RANGE"], `${method} ${value}`);
      assert.instance(error, RangeError);
    }
  }
  assert.is(thrownBy(() => left.recvInto(Buffer.alloc(4), 5)).code, "ERR_OUT_OF_RANGE");
  closeAll(left, right);
});

test("kinds, backlogs, options and flags must be integers", () => {
  const socket = new Socket();
  const calls: ((value: unknown) => unknown)[] = [
    (value) => new Socket(value as number),
    (value) => new Socket(AF_INET, value as number),
    (value) => new Socket(AF_INET, SOCK_STREAM, value as number),
    (value) => loose(socket, "listen")(value),
    (value) => loose(socket, "shutdown")(value),
    (value) => loose(socket, "setsockopt")(value, 1, 1),
    (value) => loose(socket, "setsockopt")(1, value, 1),
    (value) => loose(socket, "setsockopt")(1, 2, value),
    (value) => loose(socket, "getsockopt")(value, 1),
    (value) => loose(socket, "getsockopt")(1, value),
    (value) => loose(socket, "getsockopt")(1, 2, value),
    (value) => loose(socket, "recv")(1, value),
    (value) => loose(socket, "send")(Buffer.alloc(1), value),
  ];
  for (const call of calls) {
    for (const value of ["x", {}, true, 5n])
      assert.instance(
        thrownBy(() => call(value)),
        TypeError,
        String(call),
      );
    for (const value of [Number.NaN, 1.5, 2 ** 40]) {
      assert.is(thrownBy(() => call(value)).code, "ERR_OUT_OF_RANGE", `${call} ${value}`);
    }
  }
  socket.close();
});

test("addresses must be of the shape that the family has", () => {
  const wrong = (family: number, address: unknown): [string, string | undefined] => {
    const socket = new Socket(family);
    const error = thrownBy(() => loose(socket, "connect")(address));
    assert.equal(thrownBy(() => loose(socket, "bind")(address)).message, error.message);
    assert.equal(thrownBy(() => loose(socket, "connectEx")(address)).message, error.message);
    socket.close();
    return [error.name, error.code];
  };
  for (const address of [undefined, null, 5, "127.0.0.1:80", true, [], {}, { host: 5, port: 1 }]) {
    assert.equal(wrong(AF_INET, address), ["TypeError", "ERR_INVALID_ADDRESS"], String(address));
  }
  for (const host of ["localhost", "::1", "127.0.0.1\0", "127.1", "1.2.3.4.5", " 127.0.0.1", "[::1]"]) {
    assert.equal(wrong(AF_INET, { host, port: 1 }), ["ValueError", "ERR_INVALID_ADDRESS"], host);
  }
  for (const host of ["localhost", "127.0.0.1", "::1%nowhere", "[::1]", ":::"]) {
    assert.equal(wrong(AF_INET6, { host, port: 1 }), ["ValueError", "ERR_INVALID_ADDRESS"], host);
  }
  for (const port of [-1, 65536, 1.5, Number.NaN]) {
    assert.equal(wrong(AF_INET, { host: "127.0.0.1", port }), ["ValueError", "ERR_OUT_OF_RANGE"], String(port));
  }
  for (const port of ["80", null, undefined]) {
    assert.equal(wrong(AF_INET, { host: "127.0.0.1", port }), ["TypeError", "ERR_INVALID_ARG_TYPE"], String(port));
  }
  assert.equal(wrong(AF_INET6, { host: "::1", port: 1, scopeId: -1 }), ["ValueError", "ERR_OUT_OF_RANGE"]);
  assert.equal(wrong(AF_INET6, { host: "::1", port: 1, flowinfo: 2 ** 20 }), ["ValueError", "ERR_OUT_OF_RANGE"]);
  for (const path of [5, null, undefined, { host: "127.0.0.1", port: 1 }, new Uint16Array(4)]) {
    assert.equal(wrong(AF_UNIX, path), ["TypeError", "ERR_INVALID_ADDRESS"], String(path));
  }
  const tooLong = ["/".repeat(108), "ü".repeat(54), `\0${"a".repeat(108)}`, Buffer.alloc(108, "/")];
  for (const path of [...tooLong, "/tmp/with\0inside", Buffer.from("/tmp/with\0inside")]) {
    assert.equal(wrong(AF_UNIX, path), ["ValueError", "ERR_INVALID_ADDRESS"], String(path));
  }
});

test("the host may be empty, which is every address", () => {
  for (const [family, host] of [
    [AF_INET, "0.0.0.0"],
    [AF_INET6, "::"],
  ] as const) {
    const socket = new Socket(family);
    socket.bind({ host: "", port: 0 });
    assert.is((socket.getsockname() as { host: string }).host, host);
    socket.close();
  }
});

test("a descriptor that is taken over must be an open socket of that kind", () => {
  const take = (fileno: unknown, family?: number): string | undefined =>
    thrownBy(() => new Socket(family, undefined, undefined, { fileno: fileno as number })).code;
  const [left, right] = socketpair();
  const fd = left.fileno();
  assert.is(take(fd, AF_INET), "ERR_SOCKET_KIND");
  for (const junk of [-1, Number.NaN, 1.5, 2 ** 31, "5", null, {}, { fileno: () => "5" }, () => {}]) {
    assert.is(take(junk), "ERR_INVALID_FILE", String(junk));
  }
  closeAll(left, right);
  assert.is(take(left), "ERR_INVALID_FILE");
  assert.is(take(fd), "EBADF");
  const file = new FileDescriptor(openSync(fileURLToPath(import.meta.url), "r"));
  assert.is(take(file), "ENOTSOCK");
  file.close();
});

test("no arguments whatever do worse than throw", () => {
  const methods = [
    "bind",
    "listen",
    "connect",
    "connectEx",
    "recv",
    "recvInto",
    "recvfrom",
    "send",
    "sendto",
    "getsockopt",
    "shutdown",
  ];
  const value = fc.oneof(
    fc.anything(),
    fc.constantFrom(Buffer.alloc(8), { host: "127.0.0.1", port: 0 }, "", 0, 1, 2 ** 31, 2 ** 32, -1, Number.NaN),
  );
  fc.assert(
    fc.property(fc.constantFrom(...methods), fc.array(value, { maxLength: 4 }), (method, args) => {
      const socket = new Socket(AF_INET, SOCK_STREAM);
      try {
        loose(socket, method)(...args);
      } catch (error) {
        assert.instance(error, Error);
        assert.type((error as { code?: unknown }).code, "string", String(error));
      } finally {
        socket.close();
      }
    }),
    { numRuns: 500 },
  );
});

test.run();

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { socketpair } from "../../../host/net/socket.js";
import { EFAULT } from "../../../host/sys/errno.js";
import { Memory } from "../../../host/sys/memory.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";

const test = leakChecked(suite("memory"));

test("clamps a length to what lies inside", () => {
  const memory = new Memory(10);
  assert.is(memory.clamp(0, 10), 10);
  assert.is(memory.clamp(4, 10), 6);
  assert.is(memory.clamp(9, 2 ** 53), 1);
});

test("answers -1 where nothing lies inside", () => {
  const memory = new Memory(10);
  for (const [offset, wanted] of [
    [10, 1],
    [11, 1],
    [-1, 1],
    [0, 0],
    [0, -1],
    [0, 0.5],
    [Number.NaN, 1],
    [0, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
    [Number.NEGATIVE_INFINITY, 1],
  ] as const) {
    assert.is(memory.clamp(offset, wanted), -1, `${offset}, ${wanted}`);
  }
});

test("never lets C write outside, whatever the numbers", () => {
  const [left, right] = socketpair();
  const memory = new Memory(64);
  const number = fc.oneof(fc.integer({ min: -5, max: 70 }), fc.double(), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53));
  fc.assert(
    fc.property(number, number, (offset, length) => {
      memory.bytes.fill(0);
      left.send(Buffer.alloc(64, 1));
      const result = right._recvInto(memory, offset, length);
      const first = memory.bytes.indexOf(1);
      if (result > 0) {
        assert.is(first, Math.trunc(offset));
        assert.is(memory.bytes.lastIndexOf(1), first + result - 1);
      } else {
        assert.is(result, -EFAULT);
        assert.is(first, -1);
      }
      if (result < 64) right.recv(64);
    }),
  );
  closeAll(left, right);
});

test("is left alone once its buffer was transferred", () => {
  const [left, right] = socketpair();
  const memory = new Memory(64);
  const buffer = memory.bytes.buffer as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
  left.send(Buffer.from("x"));
  assert.is(right._recvInto(memory, 0, 64), -EFAULT);
  assert.is(right.recv(1).toString(), "x");
  closeAll(left, right);
});

test.run();

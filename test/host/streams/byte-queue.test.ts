import { test } from "uvu";
import * as assert from "uvu/assert";
import { ByteQueue } from "../../../host/streams/byte-queue.js";

function queueOf(...pieces: string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const piece of pieces) queue.push(Buffer.from(piece));
  return queue;
}

test("takes from several pieces, and leaves the rest", () => {
  const queue = queueOf("abc", "de", "fgh");
  assert.is(queue.take(1).toString(), "a");
  assert.is(queue.take(5).toString(), "bcdef");
  assert.is(queue.size, 2);
  assert.is(queue.take(9).toString(), "gh");
  assert.is(queue.size, 0);
  assert.is(queue.take(1).length, 0);
});

test("does not copy what is one piece, nor what is pushed", () => {
  const piece = new Uint8Array(8);
  const queue = new ByteQueue();
  queue.push(piece.subarray(2));
  const taken = queue.take(3);
  assert.is(taken.buffer, piece.buffer);
  assert.is(taken.byteOffset, 2);
  assert.is(queue.size, 3);
});

test("finds what Buffer.indexOf finds, however the bytes are cut", () => {
  const text = "aabaabaaabaacaab";
  for (const separator of ["a", "b", "ab", "aab", "aaab", "aac", "caab", "zz", "abaabaaab"]) {
    for (let cuts = 0; cuts < 1 << (text.length - 1); cuts += 7) {
      const queue = queueOf(...cut(text, cuts));
      for (const from of [0, 1, 5, text.length - 2, text.length]) {
        const expected = from === text.length ? -1 : Buffer.from(text).indexOf(separator, from);
        const found = queue.find(Buffer.from(separator), from);
        if (found !== expected) assert.is(found, expected, `${separator} from ${from} in ${cut(text, cuts)}`);
      }
    }
  }
});

test("finds where it is after bytes were taken", () => {
  const queue = queueOf("ab", "c\r", "\nd", "\r\n");
  queue.take(3);
  assert.is(queue.find(Buffer.from("\r\n"), 0), 0);
  assert.is(queue.find(Buffer.from("\r\n"), 1), 3);
});

test("very many small pieces are taken one by one", () => {
  const queue = new ByteQueue();
  const count = 200_000;
  for (let index = 0; index < count; index++) queue.push(Buffer.of(index & 0xff));
  assert.is(queue.find(Buffer.of(0xff), 1000), 1023);
  for (let index = 0; index < count; index++) if (queue.take(1)[0] !== (index & 0xff)) assert.unreachable();
  assert.is(queue.size, 0);
});

function cut(text: string, cuts: number): string[] {
  const pieces = [""];
  for (const [index, letter] of [...text].entries()) {
    if (index > 0 && (cuts >> (index - 1)) & 1) pieces.push("");
    pieces.push(pieces.pop() + letter);
  }
  return pieces;
}

test.run();

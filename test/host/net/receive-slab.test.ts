import { deepStrictEqual } from "node:assert";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ReceiveSlab } from "../../../host/net/receive-slab.js";
import { type Socket, socketpair } from "../../../host/net/socket.js";
import { EAGAIN } from "../../../host/sys/errno.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";
import { collectGarbage, collectUntil } from "../futures/collect-garbage.js";

const test = leakChecked(suite("ReceiveSlab"));

function receive(slab: ReceiveSlab, socket: Socket, size: number): Buffer {
  const received = slab.receive(socket, size);
  assert.ok(received > 0, String(received));
  return slab.take(received);
}

function attempt(action: () => unknown): void {
  try {
    action();
  } catch {}
}

test("hands out views of one slab that do not overlap", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  right.send(Buffer.from("first"));
  const first = receive(slab, left, 100);
  right.send(Buffer.from("second"));
  const second = receive(slab, left, 100);
  assert.is(first.toString(), "first");
  assert.is(second.toString(), "second");
  assert.is(first.buffer, second.buffer);
  assert.is(first.byteOffset % 8, 0);
  assert.is(second.byteOffset % 8, 0);
  assert.ok(second.byteOffset >= first.byteOffset + first.byteLength);
  closeAll(left, right);
});

test("hands out plain Buffers", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  right.send(Buffer.from("hello"));
  const view = receive(slab, left, 100);
  assert.ok(Buffer.isBuffer(view));
  assert.is(Object.getPrototypeOf(view), Buffer.prototype);
  deepStrictEqual(view, Buffer.from("hello"));
  closeAll(left, right);
});

test("receives as much as is asked for at the most", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  right.send(Buffer.from("hello"));
  assert.is(receive(slab, left, 2).toString(), "he");
  assert.is(receive(slab, left, 2).toString(), "ll");
  closeAll(left, right);
});

test("answers errnos and the end of the stream", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  assert.is(slab.receive(left, 10), -EAGAIN);
  right.close();
  assert.is(slab.receive(left, 10), 0);
  left.close();
});

test("begins a new slab when little is left of the old one, whose views stay as they are", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  const views: Buffer[] = [];
  for (let index = 0; index < 200; index++) {
    right.send(Buffer.alloc(10_000, index));
    views.push(receive(slab, left, 65536));
  }
  assert.ok(new Set(views.map(({ buffer }) => buffer)).size >= 2);
  for (const [index, view] of views.entries()) assert.ok(view.equals(Buffer.alloc(10_000, index)));
  closeAll(left, right);
});

test("its views cannot be transferred, and a slab that is lost all the same is replaced", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  right.send(Buffer.from("first"));
  const first = receive(slab, left, 100);
  const { buffer } = first as { buffer: ArrayBuffer & { transfer?(): ArrayBuffer } };
  // Refused, or ignored by Node 20.
  attempt(() => structuredClone(first, { transfer: [buffer] }));
  assert.is(first.toString(), "first");
  // Refused, except by Node 22. Node 20 has no such method.
  attempt(() => buffer.transfer?.());
  right.send(Buffer.from("second"));
  assert.is(receive(slab, left, 100).toString(), "second");
  closeAll(left, right);
});

test("small messages that are kept do not keep what came between them", async () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  const large = Buffer.alloc(60_000, "large");
  const kept: Buffer[] = [];
  await collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 10_000; index++) {
    right.send(large);
    for (let rest = large.length; rest > 0; ) rest -= receive(slab, left, rest).length;
    right.send(Buffer.alloc(100, index));
    kept.push(receive(slab, left, 65536));
  }
  // The slabs in use are among them, which count for 7 MiB.
  const isLittle = () => process.memoryUsage().arrayBuffers - before < 10 * 1024 * 1024;
  await collectUntil(isLittle, "less than 10 MiB are held for 1,000,000 bytes");
  for (const [index, view] of kept.entries()) assert.ok(view.equals(Buffer.alloc(100, index)));
  closeAll(left, right);
});

test("messages of every size around the largest that is copied arrive whole", () => {
  const slab = new ReceiveSlab();
  const [left, right] = socketpair();
  const views: Buffer[] = [];
  for (let size = 4096 - 40; size <= 4096 + 40; size++) {
    right.send(Buffer.alloc(size, size));
    views.push(receive(slab, left, 65536));
  }
  for (const view of views) assert.ok(view.equals(Buffer.alloc(view.length, view.length)) && view.byteOffset % 8 === 0);
  assert.is(views.at(0)?.length, 4056);
  assert.is(views.at(-1)?.length, 4136);
  closeAll(left, right);
});

test.run();

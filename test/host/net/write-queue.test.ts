import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SO_SNDBUF, SOL_SOCKET } from "../../../host/constants.js";
import { type Socket, socketpair } from "../../../host/net/socket.js";
import { WriteQueue } from "../../../host/net/write-queue.js";
import { EPIPE } from "../../../host/sys/errno.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";

const test = leakChecked(suite("WriteQueue"));

/** Receives all that is there. */
function drain(socket: Socket): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    try {
      chunks.push(socket.recv(1 << 20));
    } catch {
      return Buffer.concat(chunks);
    }
  }
}

/** A socket that counts its system calls. */
function counted(socket: Socket): { socket: Socket; sends: number } {
  const counter = { socket, sends: 0 };
  const send = socket._send.bind(socket);
  socket._send = (bytes) => {
    counter.sends++;
    return send(bytes);
  };
  return counter;
}

test("sends many small pieces in one system call", () => {
  const queue = new WriteQueue();
  const [left, right] = socketpair();
  const counter = counted(left);
  const pieces = Array.from({ length: 1000 }, (_, index) => Buffer.from(`piece ${index}\n`));
  for (const piece of pieces) queue.push(piece, 0);
  assert.is(queue.size, Buffer.concat(pieces).length);
  assert.is(queue.flush(left), 0);
  assert.is(queue.size, 0);
  assert.ok(counter.sends <= 6, String(counter.sends));
  assert.ok(drain(right).equals(Buffer.concat(pieces)));
  closeAll(left, right);
});

test("uses memory again when all in it was sent, and not before", () => {
  const [left, right] = socketpair();
  const allocate = Buffer.allocUnsafeSlow;
  let allocated = 0;
  Buffer.allocUnsafeSlow = (size) => {
    if (size === 30_000) allocated++;
    return allocate(size);
  };
  try {
    const first = new WriteQueue();
    const second = new WriteQueue();
    for (let round = 0; round < 10; round++) {
      first.push(Buffer.alloc(30_000, "a"), 0);
      second.push(Buffer.alloc(30_000, "b"), 0);
      first.flush(left);
      second.flush(left);
      const [a, b] = [Buffer.alloc(30_000, "a"), Buffer.alloc(30_000, "b")];
      assert.ok(drain(right).equals(Buffer.concat([a, b])));
    }
  } finally {
    Buffer.allocUnsafeSlow = allocate;
    closeAll(left, right);
  }
  // One of the two blocks is kept each time.
  assert.ok(allocated <= 11, String(allocated));
});

test("keeps copies, from where it is told", () => {
  const queue = new WriteQueue();
  const [left, right] = socketpair();
  const piece = Buffer.from("hello");
  queue.push(piece, 2);
  piece.fill("x");
  assert.is(queue.size, 3);
  queue.flush(left);
  assert.is(drain(right).toString(), "llo");
  closeAll(left, right);
});

test("goes on where the kernel has stopped, while more is pushed", () => {
  const queue = new WriteQueue();
  const [left, right] = socketpair();
  left.setsockopt(SOL_SOCKET, SO_SNDBUF, 8192);
  const expected: Buffer[] = [];
  const received: Buffer[] = [];
  // Sizes around those of the blocks.
  for (const size of [1, 1023, 1024, 1025, 65_535, 65_536, 65_537, 200_000, 3, 70_000, 12]) {
    const piece = Buffer.alloc(size, `${size} `);
    expected.push(piece);
    queue.push(piece, 0);
    assert.is(queue.flush(left), 0);
    received.push(drain(right));
  }
  while (queue.size > 0) {
    assert.is(queue.flush(left), 0);
    received.push(drain(right));
  }
  assert.ok(Buffer.concat(received).equals(Buffer.concat(expected)));
  closeAll(left, right);
});

test("answers the errno of a socket that is broken", () => {
  const queue = new WriteQueue();
  const [left, right] = socketpair();
  right.close();
  queue.push(Buffer.from("x"), 0);
  assert.is(queue.flush(left), -EPIPE);
  left.close();
});

test("drops what waits, and can be used again", () => {
  const queue = new WriteQueue();
  const [left, right] = socketpair();
  queue.push(Buffer.from("dropped"), 0);
  queue.clear();
  assert.is(queue.size, 0);
  assert.is(queue.flush(left), 0);
  assert.is(thrownBy(() => right.recv(10)).code, "EAGAIN");
  queue.push(Buffer.from("kept"), 0);
  queue.flush(left);
  assert.is(drain(right).toString(), "kept");
  closeAll(left, right);
});

test.run();

import { closeSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, EFAULT, EPIPE } from "../../../host/sys/errno.js";
import * as fds from "../../../host/sys/fd.js";
import { Memory } from "../../../host/sys/memory.js";
import { createPipe } from "../../../host/sys/pipe.js";
import { createSocketPair } from "../../../host/sys/socket.js";
import { leakChecked } from "../../support/leaks.js";

const test = leakChecked(suite("descriptors"));

const JUNK = [Number.NaN, -1, 1.5, 2 ** 20, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY];
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

function madePipe(): [number, number] {
  const ends = createPipe();
  assert.type(ends, "object");
  return ends as [number, number];
}

/** As the kernel tells them, O_CLOEXEC included. */
function flagsOf(fd: number): number {
  return Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "", 8);
}

test("are closed once, and then are no descriptors", () => {
  const [read, write] = madePipe();
  assert.ok(fds.isOpen(read));
  assert.is(fds.close(read), 0);
  assert.not(fds.isOpen(read));
  assert.is(fds.close(read), -EBADF);
  assert.is(fds.close(write), 0);
});

test("are announced to the listeners while they are still open", () => {
  const [read, write] = madePipe();
  const heard: unknown[] = [];
  const listener = (fd: number): void => {
    heard.push(fd, fds.isOpen(fd));
  };
  fds.closeListeners.add(listener);
  fds.close(read);
  fds.closeListeners.delete(listener);
  fds.close(write);
  assert.equal(heard, [read, true]);
});

test("must be integers that can name one", () => {
  const memory = new Memory(1);
  for (const fd of JUNK) {
    assert.is(fds.close(fd), -EBADF, String(fd));
    assert.is(fds.isOpen(fd), false);
    assert.is(fds.setNonblocking(fd), -EBADF);
    assert.is(fds.isNonblocking(fd), -EBADF);
    assert.is(fds.duplicate(fd), -EBADF);
    assert.is(fds.descriptorKind(fd), -EBADF);
    assert.is(fds.read(fd, memory, 0, 1), -EBADF);
    assert.is(fds.write(fd, memory.bytes), -EBADF);
  }
});

test("come from pipe and socketpair non-blocking and closed on exec", () => {
  const made = [...madePipe(), ...(createSocketPair(1, 1, 0) as [number, number])];
  for (const fd of made) {
    assert.is(flagsOf(fd) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
    fds.close(fd);
  }
});

test("change between waiting and not waiting", () => {
  const [read, write] = madePipe();
  assert.is(fds.isNonblocking(read), 1);
  assert.is(fds.setNonblocking(read, false), 0);
  assert.is(fds.isNonblocking(read), 0);
  assert.is(fds.isNonblocking(write), 1);
  assert.is(fds.setNonblocking(read), 0);
  assert.is(fds.isNonblocking(read), 1);
  fds.close(read);
  fds.close(write);
});

test("are duplicated closed on exec", () => {
  const [read, write] = madePipe();
  const copy = fds.duplicate(read);
  assert.ok(copy > 0 && copy !== read);
  assert.ok(flagsOf(copy) & O_CLOEXEC);
  for (const fd of [read, write, copy]) fds.close(fd);
});

test("know of what kind they are", () => {
  const [pipeEnd, otherEnd] = madePipe();
  const [socket, otherSocket] = createSocketPair(1, 1, 0) as [number, number];
  const file = openSync(fileURLToPath(import.meta.url), "r");
  const directory = openSync(tmpdir(), "r");
  const device = openSync("/dev/null", "r");
  assert.is(fds.descriptorKind(pipeEnd), "fifo");
  assert.is(fds.descriptorKind(socket), "socket");
  assert.is(fds.descriptorKind(file), "regular");
  assert.is(fds.descriptorKind(directory), "directory");
  assert.is(fds.descriptorKind(device), "character");
  for (const fd of [pipeEnd, otherEnd, socket, otherSocket]) fds.close(fd);
  for (const fd of [file, directory, device]) closeSync(fd);
  assert.is(fds.descriptorKind(file), -EBADF);
});

test("read what was written, then nothing yet, then the end", () => {
  const [read, write] = madePipe();
  const memory = new Memory(8);
  memory.bytes.fill(0);
  assert.is(fds.write(write, Buffer.from("hello")), 5);
  assert.is(fds.read(read, memory, 2, 100), 5);
  assert.is(memory.bytes.toString(), "\0\0hello\0");
  assert.is(fds.read(read, memory, 0, 1), -EAGAIN);
  assert.is(fds.read(read, memory, 8, 1), -EFAULT);
  fds.close(write);
  assert.is(fds.read(read, memory, 0, 1), 0);
  fds.close(read);
});

test("read into a view, all of it at the most", () => {
  const [read, write] = madePipe();
  fds.write(write, Buffer.from("hello"));
  const bytes = Buffer.from("......");
  assert.is(fds.readInto(read, bytes.subarray(1, 4)), 3);
  assert.is(bytes.toString(), ".hel..");
  assert.is(fds.readInto(read, bytes), 2);
  assert.is(fds.readInto(read, bytes), -EAGAIN);
  fds.close(write);
  assert.is(fds.readInto(read, bytes), 0);
  fds.close(read);
  for (const fd of [read, ...JUNK]) assert.is(fds.readInto(fd, bytes), -EBADF);
});

test("know what they were opened for", () => {
  const [read, write] = madePipe();
  const [socket, otherSocket] = createSocketPair(1, 1, 0) as [number, number];
  assert.equal(fds.accessOf(read), { reads: true, writes: false });
  assert.equal(fds.accessOf(write), { reads: false, writes: true });
  assert.equal(fds.accessOf(socket), { reads: true, writes: true });
  for (const fd of [read, write, socket, otherSocket]) fds.close(fd);
  for (const fd of [read, ...JUNK]) assert.is(fds.accessOf(fd), -EBADF);
});

test("know whether anybody is at the other end", () => {
  const [read, write] = madePipe();
  const [socket, otherSocket] = createSocketPair(1, 1, 0) as [number, number];
  assert.equal([fds.isHungUp(write), fds.isHungUp(socket)], [false, false]);
  fds.write(otherSocket, Buffer.from("x"));
  assert.not(fds.isHungUp(socket));
  fds.close(read);
  fds.close(otherSocket);
  assert.equal([fds.isHungUp(write), fds.isHungUp(socket)], [true, true]);
  fds.close(write);
  fds.close(socket);
  for (const fd of [write, ...JUNK]) assert.ok(fds.isHungUp(fd));
});

test("are announced when they are let go, and stay open", () => {
  const [read, write] = madePipe();
  const heard: number[] = [];
  const listener = (fd: number): void => {
    heard.push(fd);
  };
  fds.closeListeners.add(listener);
  fds.letGo(read);
  fds.closeListeners.delete(listener);
  assert.equal([heard, fds.isOpen(read)], [[read], true]);
  fds.close(read);
  fds.close(write);
});

test("answer EPIPE when nobody reads any more", () => {
  const [read, write] = madePipe();
  fds.close(read);
  assert.is(fds.write(write, Buffer.from("x")), -EPIPE);
  fds.close(write);
});

test.run();

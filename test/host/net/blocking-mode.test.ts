import { closeSync, constants, openSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { holdNonblocking, restoreBlocking } from "../../../host/net/blocking-mode.js";
import { FileDescriptor, pipe } from "../../../host/net/pipe.js";
import { close, duplicate, isNonblocking, setNonblocking } from "../../../host/sys/fd.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll, thrownBy } from "../../support/sockets.js";

const test = leakChecked(suite("blocking mode"));

/** The two descriptors of one open file, which blocks. */
function twins(): [fd: number, twin: number] {
  const fd = openSync("/dev/null", constants.O_RDWR);
  return [fd, duplicate(fd)];
}

function modes(...fds: number[]): number[] {
  return fds.map((fd) => isNonblocking(fd));
}

test("what blocked is put back when it is let go, and the listener to the end of the process goes", () => {
  const before = process.listenerCount("exit");
  const [fd, twin] = twins();
  holdNonblocking(fd);
  holdNonblocking(fd);
  assert.equal(modes(fd, twin), [1, 1]);
  assert.is(process.listenerCount("exit"), before + 1);
  restoreBlocking(fd);
  restoreBlocking(fd);
  assert.equal(modes(fd, twin), [0, 0]);
  assert.is(process.listenerCount("exit"), before);
  closeSync(fd);
  closeSync(twin);
});

test("closing puts it back for whoever else has it open", () => {
  const [fd, twin] = twins();
  holdNonblocking(fd);
  close(fd);
  assert.is(isNonblocking(twin), 0);
  close(twin);
});

test("what did not block is left alone", () => {
  const [fd, twin] = twins();
  setNonblocking(twin);
  holdNonblocking(fd);
  restoreBlocking(fd);
  assert.equal(modes(fd, twin), [1, 1]);
  close(fd);
  close(twin);
});

test("of several that are one open file, the last one puts it back, in whatever order they go", () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const [fd, twin] = twins();
    const third = duplicate(fd);
    const held = [fd, twin];
    for (const each of held) holdNonblocking(each);
    restoreBlocking(held[order[0]] as number);
    assert.equal(modes(fd, twin, third), [1, 1, 1]);
    restoreBlocking(held[order[1]] as number);
    assert.equal(modes(fd, twin, third), [0, 0, 0]);
    for (const each of [fd, twin, third]) close(each);
  }
});

test("others are not touched by what one open file needs", () => {
  const [fd, twin] = twins();
  const [reader, writer] = pipe();
  holdNonblocking(fd);
  close(fd);
  assert.equal(modes(twin, reader.fileno(), writer.fileno()), [0, 1, 1]);
  closeAll(reader, writer);
  close(twin);
});

test("a FileDescriptor puts back what it has taken over, when it is closed and when it is given away", () => {
  const [fd, twin] = twins();
  const descriptor = new FileDescriptor(fd);
  assert.equal(modes(fd, twin), [1, 1]);
  assert.is(descriptor.detach(), fd);
  assert.equal(modes(fd, twin), [0, 0]);
  new FileDescriptor(fd).close();
  assert.is(isNonblocking(twin), 0);
  close(twin);
});

test("what is not open cannot be held", () => {
  const [fd, twin] = twins();
  close(fd);
  close(twin);
  const error = thrownBy(() => holdNonblocking(fd));
  assert.equal([error.code, error.syscall], ["EBADF", "fcntl"]);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FileDescriptor, pipe } from "../../host/net/pipe.js";
import { duplicate } from "../../host/sys/fd.js";
import { leakChecked } from "../support/leaks.js";
import { closeAll, thrownBy } from "../support/sockets.js";

const test = leakChecked(suite("pipes"));

test("carry bytes from the second end to the first, to the end", () => {
  const [read, write] = pipe();
  assert.is(write.write(Buffer.from("hello")), 5);
  assert.is(read.read(2).toString(), "he");
  assert.is(read.read(2 ** 40).toString(), "llo");
  assert.is(read.read(0).length, 0);
  assert.is(thrownBy(() => read.read(1)).message, "read EAGAIN: resource temporarily unavailable");
  write.close();
  assert.is(read.read(1).length, 0);
  read.close();
});

test("take what there is room for, and then nothing", () => {
  const [read, write] = pipe();
  const taken = write.write(Buffer.alloc(1 << 20));
  assert.ok(taken > 0 && taken < 1 << 20);
  assert.is(thrownBy(() => write.write(Buffer.alloc(1))).code, "EAGAIN");
  closeAll(read, write);
});

test("break with EPIPE once nobody reads", () => {
  const [read, write] = pipe();
  read.close();
  assert.is(thrownBy(() => write.write(Buffer.alloc(1))).code, "EPIPE");
  write.close();
});

test("are closed once, and say so afterwards", () => {
  const [read, write] = pipe();
  read.close();
  read.close();
  read[Symbol.dispose]();
  assert.equal([read.closed, read.fileno()], [true, -1]);
  for (const call of [() => read.read(1), () => read.write(Buffer.alloc(1)), () => read.detach()]) {
    assert.is(thrownBy(call).code, "ERR_FILE_CLOSED");
  }
  write.close();
});

test("refuse what is no size, no bytes and no descriptor", () => {
  const [read, write] = pipe();
  assert.is(thrownBy(() => read.read(-1)).code, "ERR_OUT_OF_RANGE");
  assert.instance(
    thrownBy(() => read.read("1" as never)),
    TypeError,
  );
  assert.instance(
    thrownBy(() => write.write("text" as never)),
    TypeError,
  );
  const fd = read.fileno();
  closeAll(read, write);
  assert.is(thrownBy(() => new FileDescriptor(fd)).code, "EBADF");
  assert.is(thrownBy(() => new FileDescriptor(-1)).code, "ERR_INVALID_FILE");
});

test("give their descriptor away", () => {
  const [read, write] = pipe();
  const copy = new FileDescriptor(duplicate(read.fileno()));
  const taken = new FileDescriptor(read.detach());
  assert.ok(read.closed);
  write.write(Buffer.from("ab"));
  assert.is(taken.read(1).toString() + copy.read(1).toString(), "ab");
  closeAll(read, write, taken, copy);
});

test.run();

/** addReader, removeReader and their like: what wakes whom, and which fds are refused. */
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RuntimeError, UnsupportedError } from "../../../host/index.js";
import { pipe } from "../../../host/net/pipe.js";
import { socketpair } from "../../../host/net/socket.js";
import { close } from "../../../host/sys/fd.js";
import { closeAll, thrownBy } from "../../support/sockets.js";
import { bothLoops, contextsOf, runFor, runOnce } from "./both-loops.js";

const test = bothLoops(suite("watching fds"));

test.onReal("a reader is called in every iteration in which its fd is readable", async (loop) => {
  const [left, right] = socketpair();
  const seen: string[] = [];
  loop.addReader(left, (prefix: string) => seen.push(prefix + left.recv(1)), "got ");
  right.send(Buffer.from("abc"));
  await runOnce(loop);
  assert.equal(seen, ["got a"]);
  await runOnce(loop);
  await runOnce(loop);
  await runOnce(loop);
  assert.equal(seen, ["got a", "got b", "got c"]);
  assert.is(loop.removeReader(left), true);
  assert.is(loop.removeReader(left), false);
  right.send(Buffer.from("d"));
  await runOnce(loop);
  assert.is(seen.length, 3);
  closeAll(left, right);
});

test.onReal("an fd may be a number, or anything with fileno", async (loop) => {
  const [left, right] = socketpair();
  let called = 0;
  loop.addReader(left.fileno(), () => called++);
  loop.addWriter({ fileno: () => left.fileno() }, () => called++);
  right.send(Buffer.from("x"));
  await runOnce(loop);
  assert.is(called, 2);
  assert.is(loop.removeReader({ fileno: () => left.fileno() }), true);
  assert.is(loop.removeWriter(left.fileno()), true);
  closeAll(left, right);
});

test.onReal("taking one side away leaves the other", async (loop) => {
  const [left, right] = socketpair();
  const seen: string[] = [];
  loop.addReader(left, () => seen.push("reader"));
  loop.addWriter(left, () => seen.push("writer"));
  right.send(Buffer.from("x"));
  loop.removeWriter(left);
  await runOnce(loop);
  assert.equal(seen, ["reader"]);
  loop.addWriter(left, () => seen.push("writer"));
  loop.removeReader(left);
  await runOnce(loop);
  assert.equal(seen, ["reader", "writer"]);
  loop.removeWriter(left);
  closeAll(left, right);
});

test.onReal("who comes second takes the place of the first, even when that was queued already", async (loop) => {
  const [left, right] = socketpair();
  const [other, otherRight] = socketpair();
  const seen: string[] = [];
  loop.addReader(left, () => {
    seen.push("left");
    loop.addReader(other, () => seen.push("second"));
    loop.addWriter(left, () => seen.push("second writer"));
  });
  loop.addWriter(left, () => seen.push("first writer"));
  loop.addReader(other, () => seen.push("first"));
  right.send(Buffer.from("x"));
  otherRight.send(Buffer.from("x"));
  await runOnce(loop);
  // Whichever of the two fds the kernel names first, neither first writer nor both readers of `other` may run.
  assert.not.ok(seen.includes("first writer"));
  assert.ok(seen.filter((name) => name === "first").length <= 1);
  loop.removeReader(left);
  seen.length = 0;
  await runOnce(loop);
  assert.equal(seen.sort(), ["second", "second writer"]);
  for (const socket of [left, other]) {
    loop.removeReader(socket);
    loop.removeWriter(socket);
  }
  closeAll(left, right, other, otherRight);
});

test.onReal("a watch that is taken away while it is queued does not run", async (loop) => {
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  const seen: string[] = [];
  loop.addReader(left, () => {
    seen.push("reader");
    loop.removeReader(left);
    loop.removeWriter(left);
  });
  loop.addWriter(left, () => seen.push("writer"));
  await runOnce(loop);
  assert.equal(seen, ["reader"]);
  closeAll(left, right);
});

test.onReal("a peer that hangs up wakes reader and writer", async (loop) => {
  const [read, write] = pipe();
  const seen: string[] = [];
  loop.addReader(read, () => {
    seen.push("end");
    loop.removeReader(read);
  });
  write.close();
  await runOnce(loop);
  const [read2, write2] = pipe();
  loop.addWriter(write2, () => {
    seen.push("broken");
    loop.removeWriter(write2);
  });
  read2.close();
  await runOnce(loop);
  assert.equal(seen, ["end", "broken"]);
  closeAll(read, write2);
});

test.onReal("an error in a watch goes to the handler, and the watch stays", async (loop) => {
  const contexts = contextsOf(loop);
  const [left, right] = socketpair();
  right.send(Buffer.from("x"));
  const error = new Error("in a reader");
  function reader(): void {
    throw error;
  }
  loop.addReader(left, reader);
  await runOnce(loop);
  await runOnce(loop);
  assert.equal(
    contexts.map(({ exception }) => exception),
    [error, error],
  );
  assert.match(contexts[0]?.message ?? "", /^Exception in callback <\w*Handle reader\(\)/);
  loop.removeReader(left);
  closeAll(left, right);
});

test.onReal("a socket that is closed is watched no longer, and its number may be watched again", async (loop) => {
  const [left, right] = socketpair();
  let called = 0;
  loop.addReader(left, () => called++);
  loop.addWriter(left, () => called++);
  const fd = left.fileno();
  closeAll(left, right);
  assert.is(loop.removeReader(fd), false);
  const [again, peer] = socketpair();
  peer.send(Buffer.from("x"));
  await runOnce(loop);
  assert.is(called, 0);
  loop.addReader(again, () => {
    called++;
    again.recv(1);
  });
  await runOnce(loop);
  assert.is(called, 1);
  loop.removeReader(again);
  closeAll(again, peer);
});

test.onReal("an fd that was closed behind our back and opened again is watched anew", async (loop) => {
  const [left, right] = socketpair();
  let stale = 0;
  loop.addReader(left, () => stale++);
  const fd = left.detach();
  closeSync(fd);
  const [again, peer] = socketpair();
  assert.is(again.fileno(), fd);
  peer.send(Buffer.from("x"));
  let called = 0;
  loop.addReader(again, () => {
    called++;
    again.recv(1);
  });
  await runOnce(loop);
  assert.equal([stale, called], [0, 1]);
  assert.is(loop.removeReader(again), true);
  closeAll(right, again, peer);
});

test.onReal("what is no fd, or none that can be watched, is refused", async (loop) => {
  for (const junk of [
    -1,
    0.5,
    Number.NaN,
    2 ** 20,
    2 ** 31,
    2 ** 32 + 1,
    2 ** 53,
    "0",
    null,
    undefined,
    {},
    { fileno: 1 },
    { fileno: () => -1 },
    { fileno: () => "x" },
  ]) {
    for (const method of ["addReader", "addWriter", "removeReader", "removeWriter"] as const) {
      const error = thrownBy(() => loop[method](junk as never, () => {}));
      assert.instance(error, RangeError, `${method} ${String(junk)}`);
      assert.is(error.code, "ERR_INVALID_FILE");
    }
  }
  assert.match(thrownBy(() => loop.addReader({ fd: 0 } as never, () => {})).message, "Pass its fd");
  const [left, right] = socketpair();
  for (const junk of [null, undefined, 1, "x", {}]) {
    const error = thrownBy(() => loop.addReader(left, junk as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_NOT_CALLABLE");
  }
  const closed = left.fileno();
  closeAll(left, right);
  assert.is(thrownBy(() => loop.addReader(closed, () => {})).code, "EBADF");
  assert.is(thrownBy(() => loop.addWriter(closed, () => {})).code, "EBADF");
  assert.is(loop.removeReader(closed), false);
  for (const path of ["/proc/self/status", tmpdir()]) {
    const file = openSync(path, "r");
    const error = thrownBy(() => loop.addReader(file, () => {}));
    assert.is(error.code, "EPERM");
    assert.is(error.syscall, "epoll_ctl");
    close(file);
  }
});

test.onReal("an fd that a transport owns is refused", (loop) => {
  const [left, right] = socketpair();
  const owner = new (class Owner {})();
  loop._fdOwners.set(left.fileno(), owner);
  for (const method of ["addReader", "addWriter", "removeReader", "removeWriter"] as const) {
    const error = thrownBy(() => loop[method](left, () => {}));
    assert.instance(error, RuntimeError);
    assert.is(error.code, "ERR_FD_IN_USE");
    assert.match(error.message, `File descriptor ${left.fileno()} is used by`);
  }
  loop._fdOwners.delete(left.fileno());
  closeAll(left, right);
});

test.onReal("many fds are watched at once, and each wakes its own", async (loop) => {
  const pairs = Array.from({ length: 200 }, () => socketpair());
  const seen = new Set<number>();
  for (const [index, [left]] of pairs.entries()) {
    loop.addReader(left, () => {
      seen.add(index);
      left.recv(1);
    });
  }
  for (const [index, [, right]] of pairs.entries()) if (index % 3 === 0) right.send(Buffer.from("x"));
  await runFor(loop, 0.002);
  assert.equal(
    [...seen].sort((a, b) => a - b),
    pairs.map((_, index) => index).filter((index) => index % 3 === 0),
  );
  for (const [left] of pairs) loop.removeReader(left);
  closeAll(...pairs.flat());
});

test.onReal("closing the loop ends every watch", (loop) => {
  const [left, right] = socketpair();
  loop.addReader(left, () => assert.unreachable());
  loop.close();
  right.send(Buffer.from("x"));
  assert.is(String(left.recv(4)), "x");
  closeAll(left, right);
});

test.onVirtual("a virtual loop has no fds, and says so", (loop) => {
  for (const method of ["addReader", "addWriter"] as const) {
    const error = thrownBy(() => loop[method](0, () => {}));
    assert.instance(error, UnsupportedError);
    assert.is(error.code, "ERR_NO_DESCRIPTORS");
  }
  assert.is(loop.removeReader(0), false);
  assert.is(loop.removeWriter(0), false);
});

test.run();

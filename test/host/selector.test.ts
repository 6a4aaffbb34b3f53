import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EVENT_CAPACITY, EVENT_RECORD_WORDS, EventKind, Readiness } from "../../assembly/abi.js";
import { FileDescriptor, pipe } from "../../host/net/pipe.js";
import { Socket, socketpair } from "../../host/net/socket.js";
import { EpollSelector } from "../../host/selector/epoll-selector.js";
import { EBADF, EINVAL, EPERM } from "../../host/sys/errno.js";
import { duplicate } from "../../host/sys/fd.js";
import { leakChecked } from "../support/leaks.js";
import { closeAll, listener, tcpPair, thrownBy } from "../support/sockets.js";

const test = leakChecked(suite("selector"));

const Read = Readiness.Read;
const Write = Readiness.Write;
const Hangup = Readiness.Hangup;
const events = new Int32Array(EVENT_CAPACITY * EVENT_RECORD_WORDS);

/** The records of a real poll, each as [fd, readiness, generation]. */
function ready(selector: EpollSelector): number[][] {
  return recordsOf(selector.pollNow(events));
}

function recordsOf(count: number): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const [kind, ...record] = events.subarray(index * EVENT_RECORD_WORDS, (index + 1) * EVENT_RECORD_WORDS);
    assert.is(kind, EventKind.FdReady);
    return record;
  });
}

test("reports what is readable, for as long as it is", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const fd = left.fileno();
  assert.is(selector.watch(fd, Read, 11), 0);
  assert.equal(ready(selector), []);
  right.send(Buffer.from("x"));
  assert.equal(ready(selector), [[fd, Read, 11]]);
  assert.equal(ready(selector), [[fd, Read, 11]]);
  left.recv(1);
  assert.equal(ready(selector), []);
  closeAll(selector, left, right);
});

test("changes and ends a watch", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const fd = left.fileno();
  right.send(Buffer.from("x"));
  selector.watch(fd, Write, 1);
  assert.equal(ready(selector), [[fd, Write, 1]]);
  selector.watch(fd, Read | Write, 2);
  assert.equal(ready(selector), [[fd, Read | Write, 2]]);
  assert.is(selector.watch(fd, 0, 0), 0);
  assert.equal(ready(selector), []);
  assert.is(selector.watch(fd, 0, 0), 0);
  closeAll(selector, left, right);
});

test("reports a hang-up to whoever watches, be it a writer only", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  right.close();
  selector.watch(left.fileno(), Read, 1);
  assert.equal(ready(selector), [[left.fileno(), Read | Hangup, 1]]);
  selector.watch(left.fileno(), Write, 1);
  assert.equal(ready(selector), [[left.fileno(), Write | Hangup, 1]]);
  closeAll(selector, left);
});

test("reports a half-closed connection as readable and nothing else", () => {
  const selector = new EpollSelector();
  const [client, server] = tcpPair();
  selector.watch(server.fileno(), Read, 1);
  client.shutdown(1);
  assert.equal(ready(selector), [[server.fileno(), Read, 1]]);
  closeAll(selector, client, server);
});

test("reports the failure of a connection to its writer", () => {
  const selector = new EpollSelector();
  const target = listener();
  const address = target.getsockname();
  target.close();
  const client = new Socket();
  client.connectEx(address);
  selector.watch(client.fileno(), Write, 1);
  const [record] = recordsOf(selector.select(events, Number.POSITIVE_INFINITY));
  assert.equal(record, [client.fileno(), Write | Hangup, 1]);
  closeAll(selector, client);
});

test("reports the end of a pipe's reader to its writer", () => {
  const selector = new EpollSelector();
  const [read, write] = pipe();
  selector.watch(write.fileno(), Write, 1);
  read.close();
  assert.equal(ready(selector), [[write.fileno(), Write | Hangup, 1]]);
  closeAll(selector, write);
});

test("refuses what cannot be watched", () => {
  const selector = new EpollSelector();
  const file = new FileDescriptor(openSync(fileURLToPath(import.meta.url), "r"));
  const fd = file.fileno();
  assert.is(selector.watch(fd, Read, 1), -EPERM);
  file.close();
  assert.is(selector.watch(fd, Read, 1), -EBADF);
  for (const junk of [-1, Number.NaN, 1.5, 2 ** 31]) assert.is(selector.watch(junk, Read, 1), -EBADF, String(junk));
  assert.is(selector.watch(selector.fd, Read, 1), -EINVAL);
  selector.close();
});

test("does not let its own descriptors be watched, nor their watches be ended", () => {
  const selector = new EpollSelector();
  for (let fd = selector.fd + 1; fd < selector.fd + 8; fd++) {
    selector.watch(fd, Read, 1);
    selector.watch(fd, 0, 0);
  }
  selector.wake();
  assert.is(selector.select(events, Number.POSITIVE_INFINITY), 0);
  selector.close();
});

test("forgets a descriptor that is closed, though a duplicate lives on", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const copy = duplicate(left.fileno());
  selector.watch(left.fileno(), Read, 1);
  right.send(Buffer.from("x"));
  left.close();
  assert.equal(ready(selector), []);
  closeAll(selector, right, new FileDescriptor(copy));
});

test("watches a number that was closed and opened again behind its back", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const fd = left.detach();
  selector.watch(fd, Read, 1);
  closeSync(fd);
  const again = new Socket();
  assert.is(again.fileno(), fd);
  assert.is(selector.watch(fd, Write, 2), 0);
  assert.equal(ready(selector), [[fd, Write | Hangup, 2]]);
  closeAll(selector, again, right);
});

test("watches a number that it has given up and the kernel has not", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const fd = left.detach();
  const copy = duplicate(fd);
  selector.watch(fd, Write, 1);
  closeSync(fd);
  assert.is(selector.watch(fd, Write, 2), -EBADF);
  assert.is(duplicate(copy), fd);
  assert.is(selector.watch(fd, Write, 3), 0);
  assert.equal(ready(selector), [[fd, Write, 3]]);
  closeAll(selector, new FileDescriptor(fd), new FileDescriptor(copy), right);
});

test("tells of more descriptors than one poll has room for in the polls after", () => {
  const selector = new EpollSelector();
  const pairs = Array.from({ length: 300 }, () => socketpair());
  for (const socket of pairs.flat()) selector.watch(socket.fileno(), Write, 1);
  const seen = new Set<number>();
  let polls = 0;
  let told = 0;
  while (told < 600) {
    const records = ready(selector);
    assert.ok(records.length > 0);
    for (const [fd] of records) seen.add(fd as number);
    told += records.length;
    polls++;
  }
  assert.ok(polls > 1);
  assert.is(seen.size, 600, "those that were not told of come before the others come again");
  closeAll(selector, ...pairs.flat());
});

test("comes back from a blocked select at its timeout, not before", () => {
  const selector = new EpollSelector();
  const before = performance.now();
  assert.is(selector.select(events, 0.0033), 0);
  assert.ok(performance.now() - before >= 3.3);
  selector.close();
});

test("comes back at its deadline, not before, with nothing to report", () => {
  const selector = new EpollSelector();
  for (const seconds of [0.0021, 0.0004, 0, -1]) {
    const before = performance.now();
    selector.setDeadline(seconds);
    assert.is(selector.select(events, Number.POSITIVE_INFINITY), 0);
    assert.ok(performance.now() - before >= seconds * 1000, `${seconds} s`);
  }
  selector.close();
});

test("keeps the last deadline only, and none after infinity", () => {
  const selector = new EpollSelector();
  selector.setDeadline(0.001);
  selector.setDeadline(Number.POSITIVE_INFINITY);
  const before = performance.now();
  selector.select(events, 0.005);
  assert.ok(performance.now() - before >= 5);
  selector.setDeadline(0);
  selector.setDeadline(86400);
  selector.setDeadline(0.001);
  selector.select(events, Number.POSITIVE_INFINITY);
  selector.close();
});

test("comes back when it is woken, as often as it is", () => {
  const selector = new EpollSelector();
  for (let round = 0; round < 3; round++) {
    selector.wake();
    selector.wake();
    assert.is(selector.select(events, Number.POSITIVE_INFINITY), 0);
    const before = performance.now();
    assert.is(selector.select(events, 0.001), 0);
    assert.ok(performance.now() - before >= 1);
  }
  selector.close();
});

test("its own descriptor is readable just while there is something to poll", () => {
  const outer = new EpollSelector();
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  const isReadable = (): boolean => ready(outer).length > 0;
  outer.watch(selector.fd, Read, 1);
  selector.watch(left.fileno(), Read, 1);
  assert.not(isReadable());
  selector.wake();
  assert.ok(isReadable());
  selector.pollNow(events);
  assert.not(isReadable());
  right.send(Buffer.from("x"));
  assert.ok(isReadable());
  selector.pollNow(events);
  assert.ok(isReadable());
  left.recv(1);
  assert.not(isReadable());
  selector.setDeadline(0);
  assert.is(outer.select(events, Number.POSITIVE_INFINITY), 1);
  selector.pollNow(events);
  assert.not(isReadable());
  closeAll(outer, selector, left, right);
});

test("once closed it watches nothing, wakes nobody and cannot be polled", () => {
  const selector = new EpollSelector();
  selector.close();
  selector.close();
  selector.wake();
  selector.setDeadline(1);
  assert.is(selector.fd, -1);
  assert.is(selector.watch(0, Read, 1), -EBADF);
  for (const poll of [() => selector.pollNow(events), () => selector.select(events, 1)]) {
    assert.is(thrownBy(poll).code, "ERR_SELECTOR_CLOSED");
  }
});

test("refuses an event buffer that is too small to hold what may come", () => {
  const selector = new EpollSelector();
  assert.is(thrownBy(() => selector.pollNow(new Int32Array(8))).code, "ERR_ASSERTION");
  selector.close();
});

test("leaves a poll out only where this thread has done nothing since the last", () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  selector.watch(left.fileno(), Read, 1);
  for (let poll = 0; poll < 1000; poll++) assert.is(selector.poll(events), 0);
  right.send(Buffer.from("x"));
  assert.is(selector.poll(events), 1);
  assert.is(selector.poll(events), 1);
  left.recv(1);
  assert.is(selector.poll(events), 0);
  closeAll(selector, left, right);
});

test("sees what another thread has sent within a bounded number of polls", async () => {
  const selector = new EpollSelector();
  const [left, right] = socketpair();
  selector.watch(left.fileno(), Read, 1);
  for (let poll = 0; poll < 100; poll++) selector.poll(events);
  const worker = new Worker(`require("fs").writeSync(${right.fileno()}, "x")`, { eval: true });
  await new Promise((resolve) => worker.once("exit", resolve));
  let polls = 1;
  while (selector.poll(events) === 0) polls += 1;
  assert.ok(polls <= 129, `${polls} polls`);
  closeAll(selector, left, right);
});

test.run();

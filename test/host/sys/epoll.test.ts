import { suite } from "uvu";
import * as assert from "uvu/assert";
import { socketpair } from "../../../host/net/socket.js";
import {
  createEpoll,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  Epoll,
} from "../../../host/sys/epoll.js";
import { EBADF, EEXIST, ENOENT } from "../../../host/sys/errno.js";
import { close } from "../../../host/sys/fd.js";
import { createTimerfd, TimerSetting } from "../../../host/sys/timerfd.js";
import { leakChecked } from "../../support/leaks.js";
import { closeAll } from "../../support/sockets.js";

const test = leakChecked(suite("epoll"));

test("answers the fd, the bits and the generation of what is ready", () => {
  const epoll = new Epoll(createEpoll(), 4);
  const [left, right] = socketpair();
  assert.is(epoll.control(EPOLL_CTL_ADD, left.fileno(), EPOLLIN, 0x7fffffff), 0);
  assert.is(epoll.poll(), 0);
  right.send(Buffer.from("x"));
  assert.is(epoll.poll(), 1);
  assert.equal([epoll.fdAt(0), epoll.bitsAt(0), epoll.generationAt(0)], [left.fileno(), EPOLLIN, 0x7fffffff]);
  assert.is(epoll.control(EPOLL_CTL_MOD, left.fileno(), EPOLLIN | EPOLLOUT, 2), 0);
  right.close();
  assert.is(epoll.poll(), 1);
  assert.is(epoll.bitsAt(0), EPOLLIN | EPOLLOUT | EPOLLHUP);
  assert.is(epoll.generationAt(0), 2);
  closeAll(left, { close: () => close(epoll.fd) });
});

test("answers no more events than it has room for, and the others next time", () => {
  const epoll = new Epoll(createEpoll(), 2);
  const pairs = Array.from({ length: 3 }, () => socketpair());
  for (const [left] of pairs) epoll.control(EPOLL_CTL_ADD, left.fileno(), EPOLLOUT, 0);
  const seen = new Set<number>();
  for (let poll = 0; poll < 2; poll++) {
    assert.is(epoll.poll(), 2);
    for (const index of [0, 1]) seen.add(epoll.fdAt(index));
  }
  assert.is(seen.size, 3);
  closeAll(...pairs.flat(), { close: () => close(epoll.fd) });
});

test("says what is wrong with a registration", () => {
  const epoll = new Epoll(createEpoll(), 1);
  const [left, right] = socketpair();
  const fd = left.fileno();
  assert.is(epoll.control(EPOLL_CTL_MOD, fd, EPOLLIN, 0), -ENOENT);
  assert.is(epoll.control(EPOLL_CTL_ADD, fd, EPOLLIN, 0), 0);
  assert.is(epoll.control(EPOLL_CTL_ADD, fd, EPOLLIN, 0), -EEXIST);
  assert.is(epoll.control(EPOLL_CTL_DEL, fd, 0, 0), 0);
  closeAll(left, right);
  for (const junk of [fd, -1, Number.NaN, 0.5, 2 ** 31]) {
    assert.is(epoll.control(EPOLL_CTL_ADD, junk, EPOLLIN, 0), -EBADF, String(junk));
  }
  close(epoll.fd);
});

test("waits for as long as it is told, to the fraction of a millisecond", () => {
  const epoll = new Epoll(createEpoll(), 1);
  for (const seconds of [0.0001, 0.00123, 0.0042]) {
    const before = performance.now();
    assert.is(epoll.wait(seconds), 0);
    assert.ok(performance.now() - before >= seconds * 1000, `${seconds} s`);
  }
  close(epoll.fd);
});

test("waits no longer than for the first event", () => {
  const epoll = new Epoll(createEpoll(), 1);
  const timer = createTimerfd();
  const setting = new TimerSetting();
  epoll.control(EPOLL_CTL_ADD, timer, EPOLLIN, 5);
  for (const timeout of [Number.POSITIVE_INFINITY, 86400, 1e300]) {
    const before = performance.now();
    assert.is(setting.set(timer, 0.0025), 0);
    assert.is(epoll.wait(timeout), 1);
    assert.is(epoll.generationAt(0), 5);
    assert.ok(performance.now() - before >= 2.5);
  }
  for (const fd of [epoll.fd, timer]) close(fd);
});

test("a timer is due at once in the past, and not at all when set to infinity", () => {
  const epoll = new Epoll(createEpoll(), 1);
  const timer = createTimerfd();
  const setting = new TimerSetting();
  epoll.control(EPOLL_CTL_ADD, timer, EPOLLIN, 0);
  for (const seconds of [0, -1, Number.NEGATIVE_INFINITY]) {
    setting.set(timer, seconds);
    assert.is(epoll.wait(Number.POSITIVE_INFINITY), 1);
    setting.set(timer, Number.POSITIVE_INFINITY);
    assert.is(epoll.poll(), 0);
  }
  for (const fd of [epoll.fd, timer]) close(fd);
  assert.is(setting.set(timer, 1), -EBADF);
});

test.run();

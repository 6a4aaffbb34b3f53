import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VirtualEventLoop } from "../../../host/loop/virtual-event-loop.js";
import { checkHost, checkPort, checkProtocol, checkProtocolFactory } from "../../../host/net/options.js";
import { socketpair } from "../../../host/net/socket.js";
import { closeAll, thrownBy } from "../../support/sockets.js";

const test = suite("options");

test("a virtual loop has no sockets, and opens nothing on the way to saying so", () => {
  const loop = new VirtualEventLoop();
  const [left, right] = socketpair();
  const before = readdirSync("/proc/self/fd").length;
  const calls: (() => unknown)[] = [
    () => loop.connectAcceptedSocket(() => ({}), left),
    () => loop.connectReadPipe(() => ({}), left.fileno()),
    () => loop.sockRecv(left, 1),
    () => loop.sockSendall(left, Buffer.from("x")),
    () => loop.sockConnect(left, "/no/such/path"),
    () => loop.sockAccept(left),
  ];
  for (const call of calls) assert.is(thrownBy(call).code, "ERR_NO_DESCRIPTORS", String(call));
  assert.is(readdirSync("/proc/self/fd").length, before);
  assert.is(thrownBy(() => right.recv(1)).code, "EAGAIN");
  closeAll(left, right);
  loop.close();
});

test("ports are integers in range, or text for the resolver", () => {
  for (const port of [0, 65535, "80", "http", null, undefined]) checkPort(port);
  for (const port of [-1, 65536, 0.5, Number.NaN]) {
    assert.is(thrownBy(() => checkPort(port)).code, "ERR_OUT_OF_RANGE");
  }
  for (const port of [true, {}, 5n]) assert.is(thrownBy(() => checkPort(port)).code, "ERR_INVALID_ARG_TYPE");
});

test("protocols are objects", () => {
  const protocol = {};
  assert.is(checkProtocol(protocol), protocol);
  for (const wrong of [null, undefined, 5, "x"]) {
    assert.is(thrownBy(() => checkProtocol(wrong)).code, "ERR_NOT_A_PROTOCOL");
  }
});

test("hosts are text, and come before ports", () => {
  for (const host of ["::1", "localhost", "", null, undefined]) checkHost(host);
  for (const host of [80, { host: "::1", port: 80 }, true]) {
    const error = thrownBy(() => checkHost(host));
    assert.is(error.code, "ERR_INVALID_ARG_TYPE");
    assert.match(error.message, "comes before the port");
  }
});

test("protocol factories are functions, and no classes", () => {
  class Echo {}
  for (const fine of [() => new Echo(), function make() {}, Echo.bind(null)]) checkProtocolFactory(fine);
  for (const wrong of [null, new Echo(), Echo, class extends Echo {}]) {
    const error = thrownBy(() => checkProtocolFactory(wrong));
    assert.is(error.code, "ERR_NOT_CALLABLE");
    assert.match(error.message, "such as () => new MyProtocol()");
  }
  assert.match(thrownBy(() => checkProtocolFactory(Echo)).message, "not the class Echo:");
});

test.run();

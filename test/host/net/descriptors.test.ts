/** What stands for a descriptor: one order and one error, wherever one is taken. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newEventLoop, Socket } from "../../../host/index.js";
import { checkDescriptor, checkPipeLike } from "../../../host/net/checks.js";
import { checkStdio } from "../../../host/processes/stdio.js";
import { thrownBy } from "../../support/sockets.js";

const both = { fileno: () => 0, fd: 1 };

test("fileno() comes before fd, wherever both count", () => {
  assert.is(checkPipeLike(both), 0);
  assert.is(checkPipeLike({ fd: 1 }), 1);
  assert.is(checkDescriptor(both), 0);
  checkStdio({ stdin: { fileno: () => 0, fd: -1 } as never });
  assert.is(thrownBy(() => checkStdio({ stdin: { fileno: () => -1, fd: 0 } as never })).code, "ERR_INVALID_FILE");
});

test("what is no descriptor is the same error in every call, which names what was passed", () => {
  const loop = newEventLoop();
  const calls: ((value: never) => unknown)[] = [
    (value) => loop.addReader(value, () => {}),
    (value) => loop.removeWriter(value),
    (value) => loop.connectReadPipe(() => ({}), value),
    (value) => new Socket(undefined, undefined, undefined, { fileno: value }),
    (value) => checkStdio({ stdout: value }),
  ];
  for (const call of calls) {
    for (const [value, text] of [
      [{}, "an instance of Object"],
      [{ fileno: 1 }, "an instance of Object"],
      [{ fileno: () => -1 }, "Invalid file descriptor: -1. The file may be closed"],
      [{ fileno: () => 0.5 }, "an integer from 0 to"],
    ] as const) {
      const error = thrownBy(() => call(value as never));
      assert.is(error.code, "ERR_INVALID_FILE");
      assert.match(error.message, text);
    }
  }
  loop.close();
});

test("where fd does not count, the error says how to pass it", () => {
  assert.match(thrownBy(() => checkDescriptor({ fd: 0 } as never)).message, "Pass its fd");
});

test.run();

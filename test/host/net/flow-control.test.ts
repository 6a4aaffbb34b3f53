import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FatalError } from "../../../host/errors.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { FlowControl } from "../../../host/net/flow-control.js";
import type { BaseProtocol } from "../../../host/protocols.js";
import { thrownBy } from "../../support/sockets.js";

const test = suite("FlowControl");

/** Something that writes and whose size is what the test says. */
class Writer extends FlowControl {
  readonly trace: string[] = [];
  readonly reported: string[] = [];
  #size = 0;
  protocol: BaseProtocol = {
    pauseWriting: () => void this.trace.push("PW"),
    resumeWriting: () => void this.trace.push("RW"),
  };

  override getProtocol(): BaseProtocol {
    return this.protocol;
  }

  override getWriteBufferSize(): number {
    return this.#size;
  }

  protected override get _flowLoop(): EventLoop {
    return { callExceptionHandler: ({ message }: { message: string }) => this.reported.push(message) } as never;
  }

  set size(size: number) {
    const grows = size > this.#size;
    this.#size = size;
    if (grows) this._pauseIfHigh();
    else this._resumeIfLow();
  }
}

test("the limits follow from each other as in asyncio", () => {
  const writer = new Writer();
  assert.equal(writer.getWriteBufferLimits(), [16384, 65536]);
  const cases: [limits: { high?: number; low?: number } | undefined, expected: [number, number]][] = [
    [{ high: 100 }, [25, 100]],
    [{ high: 0 }, [0, 0]],
    [{ low: 100 }, [100, 400]],
    [{ low: 0 }, [0, 0]],
    [{ high: 7, low: 7 }, [7, 7]],
    [{ high: 7 }, [1, 7]],
    [{ high: Number.POSITIVE_INFINITY, low: 5 }, [5, Number.POSITIVE_INFINITY]],
    [{}, [16384, 65536]],
    [undefined, [16384, 65536]],
  ];
  for (const [limits, expected] of cases) {
    writer.setWriteBufferLimits(limits);
    assert.equal(writer.getWriteBufferLimits(), expected);
  }
});

test("limits that make no sense change nothing", () => {
  const writer = new Writer();
  for (const limits of [{ high: 1, low: 2 }, { high: -1 }, { low: -1 }, { high: Number.NaN }, { low: Number.NaN }]) {
    const error = thrownBy(() => writer.setWriteBufferLimits(limits));
    assert.instance(error, RangeError);
    assert.is(error.code, "ERR_OUT_OF_RANGE");
  }
  assert.is(
    thrownBy(() => writer.setWriteBufferLimits({ high: 1, low: 2 })).message,
    "high (1) must be >= low (2) must be >= 0",
  );
  for (const limits of [5, null, { high: "1" }, { low: {} }]) {
    const error = thrownBy(() => writer.setWriteBufferLimits(limits as never));
    assert.instance(error, TypeError);
    assert.is(error.code, "ERR_INVALID_ARG_TYPE");
  }
  assert.is(thrownBy(() => writer.setWriteBufferLimits({ hihg: 1 } as never)).code, "ERR_UNKNOWN_OPTION");
  assert.equal(writer.getWriteBufferLimits(), [16384, 65536]);
});

test("pauses above the high mark, once, and resumes at the low mark, once", () => {
  const writer = new Writer();
  writer.setWriteBufferLimits({ high: 100, low: 50 });
  writer.size = 100;
  assert.equal(writer.trace, []);
  writer.size = 101;
  writer.size = 200;
  assert.equal(writer.trace, ["PW"]);
  writer.size = 51;
  assert.equal(writer.trace, ["PW"]);
  writer.size = 50;
  writer.size = 0;
  assert.equal(writer.trace, ["PW", "RW"]);
});

test("a protocol without the two methods is none the wiser", () => {
  const writer = new Writer();
  writer.protocol = {};
  writer.size = 100_000;
  writer.size = 0;
  assert.equal(writer.reported, []);
});

test("errors of the protocol are reported, fatal ones thrown on", () => {
  const writer = new Writer();
  writer.protocol = {
    pauseWriting: () => {
      throw new Error("no");
    },
    resumeWriting: () => {
      throw new FatalError("the end");
    },
  };
  writer.size = 100_000;
  assert.equal(writer.reported, ["protocol.pauseWriting() failed"]);
  const error = thrownBy(() => {
    writer.size = 0;
  });
  assert.is(error.message, "the end");
});

test.run();

/** Each read on a reader that is fed by hand: what CPython's test_streams.py asks of StreamReader, and more. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CancelledError, IncompleteReadError, LimitOverrunError } from "../../../host/errors.js";
import type { EventLoop } from "../../../host/loop/event-loop.js";
import { type ReadableTransport, StreamReader } from "../../../host/streams/stream-reader.js";
import { leakChecked } from "../../support/leaks.js";
import { thrownBy } from "../../support/sockets.js";
import { iteration, onLoop, rejectionOf } from "../net/support.js";

const test = leakChecked(suite("StreamReader"));

function fed(loop: EventLoop, text: string, limit?: number): StreamReader {
  const reader = new StreamReader({ loop, limit });
  feed(reader, text);
  return reader;
}

function feed(reader: StreamReader, ...texts: string[]): void {
  for (const text of texts) reader.feedData(Buffer.from(text));
}

/** A transport that notes when it is paused and resumed. */
class FakeTransport implements ReadableTransport {
  readonly trace: string[] = [];
  pauseReading(): void {
    this.trace.push("pause");
  }
  resumeReading(): void {
    this.trace.push("resume");
  }
  toString(): string {
    return "<FakeTransport>";
  }
}

test(
  "read(n) answers what is there, at most n bytes, and waits only for the first",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "hello");
    assert.is(String(await reader.read(2)), "he");
    assert.is(String(await reader.read(100)), "llo");
    const waiting = reader.read(4);
    await iteration(loop);
    assert.not(waiting.done());
    feed(reader, "more than that");
    assert.ok(waiting.done());
    assert.is(String(await waiting), "more");
    reader.feedEof();
    assert.is(String(await reader.read(100)), " than that");
    assert.is((await reader.read(100)).length, 0);
    assert.is((await reader.read(0)).length, 0);
  }),
);

test(
  "read() reads to the end, past the limit, without holding the transport back",
  onLoop(async ({ loop }) => {
    const transport = new FakeTransport();
    const reader = new StreamReader({ loop, limit: 3 });
    reader.setTransport(transport);
    const all = reader.read();
    feed(reader, "a line\n", "and another one");
    await iteration(loop);
    assert.not(all.done());
    assert.equal(transport.trace, []);
    reader.feedEof();
    assert.is(String(await all), "a line\nand another one");
    assert.ok(reader.atEof());
    assert.is((await reader.read()).length, 0);
  }),
);

test(
  "readexactly waits for as many bytes",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "abc", 1);
    assert.is((await reader.readexactly(0)).length, 0);
    const seven = reader.readexactly(7);
    feed(reader, "def");
    assert.not(seven.done());
    feed(reader, "gh");
    assert.is(String(await seven), "abcdefg");
    const rest = reader.readexactly(5);
    reader.feedEof();
    const error = await rejectionOf(rest);
    assert.instance(error, IncompleteReadError);
    assert.is(error.code, "ERR_INCOMPLETE_READ");
    assert.is(error.message, "1 bytes read on a total of 5 expected bytes");
    assert.equal([String((error as IncompleteReadError).partial), (error as IncompleteReadError).expected], ["h", 5]);
    assert.ok(reader.atEof());
  }),
);

test(
  "readline answers line after line, and the last one without a newline",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "one\ntw");
    assert.is(String(await reader.readline()), "one\n");
    const two = reader.readline();
    feed(reader, "o", "\n\nthr", "ee");
    assert.is(String(await two), "two\n");
    assert.is(String(await reader.readline()), "\n");
    const three = reader.readline();
    reader.feedEof();
    assert.is(String(await three), "three");
    assert.is((await reader.readline()).length, 0);
  }),
);

test(
  "readline over the limit drops that line: what has come of it, or all of it",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "too long\nfine\n", 5);
    const whole = await rejectionOf(reader.readline());
    assert.instance(whole, RangeError);
    assert.is(whole.code, "ERR_LINE_TOO_LONG");
    assert.is(String(await reader.readline()), "fine\n");
    const waiting = reader.readline();
    feed(reader, "lon", "ger", "st");
    assert.is((await rejectionOf(waiting)).code, "ERR_LINE_TOO_LONG");
    feed(reader, "\n");
    assert.is(String(await reader.readline()), "st\n");
  }),
);

test(
  "a line as long as the limit is fine, not counting its newline",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "12345\n", 5);
    assert.is(String(await reader.readline()), "12345\n");
    feed(reader, "123456\n");
    assert.is((await rejectionOf(reader.readline())).code, "ERR_LINE_TOO_LONG");
  }),
);

test(
  "readuntil finds a separator that comes in pieces",
  onLoop(async ({ loop }) => {
    const reader = new StreamReader({ loop });
    const separator = Buffer.from("\r\n\r\n");
    const head = reader.readuntil(separator);
    separator.fill(0);
    feed(reader, "GET /\r\n", "\r", "x\r\n\r");
    assert.not(head.done());
    feed(reader, "\nbody");
    assert.is(String(await head), "GET /\r\n\rx\r\n\r\n");
    assert.is(String(await reader.read(9)), "body");
    feed(reader, "a\nb");
    assert.is(String(await reader.readuntil()), "a\n");
    reader.feedEof();
    const error = (await rejectionOf(reader.readuntil())) as IncompleteReadError;
    assert.instance(error, IncompleteReadError);
    assert.equal([String(error.partial), error.expected], ["b", null]);
  }),
);

test(
  "readuntil with several separators reads as little as it can",
  onLoop(async ({ loop }) => {
    const separators = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));
    for (const [texts, given, expected] of [
      [["a\r\nb\n"], separators("\n", "\r\n"), "a\r\n"],
      [["aXYZb"], separators("XYZ", "Y"), "aXY"],
      [["aXYZb"], separators("Y", "XYZ", "ZZZ"), "aXY"],
      [["abcXX"], separators("XXXX", "bcX"), "abcX"],
      [["a", "b", "E", "N", "D", "!"], separators("!", "END"), "abEND"],
      [["Q"], separators("a long one", "Q"), "Q"],
    ] as [string[], Buffer[], string][]) {
      const reader = new StreamReader({ loop });
      const reading = reader.readuntil(given);
      feed(reader, ...texts);
      assert.is(String(await reading), expected);
    }
    const reader = fed(loop, "123456;", 5);
    const error = (await rejectionOf(reader.readuntil(separators("a long one", ";")))) as LimitOverrunError;
    assert.is(error.consumed, 6);
    assert.is(
      thrownBy(() => reader.readuntil([])).message,
      "Separator should be one or more: use read() to read to the end",
    );
    assert.is(thrownBy(() => reader.readuntil(separators("x", ""))).code, "ERR_EMPTY_SEPARATOR");
    assert.is(thrownBy(() => reader.readuntil(["x"] as never)).code, "ERR_INVALID_ARG_TYPE");
  }),
);

test(
  "readuntil over the limit leaves everything to be read",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "some dataAA", 7);
    const early = (await rejectionOf(reader.readuntil(Buffer.from("AAA")))) as LimitOverrunError;
    assert.instance(early, LimitOverrunError);
    assert.is(early.message, "Separator is not found, and chunk exceed the limit");
    assert.is(early.consumed, 9);
    feed(reader, "A");
    const late = (await rejectionOf(reader.readuntil(Buffer.from("AAA")))) as LimitOverrunError & { code: string };
    assert.is(late.message, "Separator is found, but chunk is longer than limit");
    assert.equal([late.consumed, late.code], [9, "ERR_LIMIT_OVERRUN"]);
    assert.is(String(await reader.readexactly(12)), "some dataAAA");
  }),
);

test(
  "the transport is paused above twice the limit, and resumed at the limit",
  onLoop(async ({ loop }) => {
    const transport = new FakeTransport();
    const reader = new StreamReader({ loop, limit: 3 });
    reader.setTransport(transport);
    feed(reader, "123456");
    assert.equal(transport.trace, []);
    feed(reader, "7");
    feed(reader, "8");
    assert.equal(transport.trace, ["pause"]);
    await reader.read(4);
    assert.equal(transport.trace, ["pause"]);
    await reader.read(1);
    assert.equal(transport.trace, ["pause", "resume"]);
  }),
);

test(
  "a read that needs more than is there resumes a paused transport",
  onLoop(async ({ loop }) => {
    const transport = new FakeTransport();
    const reader = new StreamReader({ loop, limit: 1 });
    reader.setTransport(transport);
    feed(reader, "12345");
    const reading = reader.readexactly(7);
    assert.equal(transport.trace, ["pause", "resume"]);
    feed(reader, "6");
    assert.equal(transport.trace, ["pause", "resume"]);
    feed(reader, "7890");
    assert.is(String(await reading), "1234567");
    assert.equal(transport.trace, ["pause", "resume", "pause"]);
  }),
);

test(
  "only one read waits at a time",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "ab");
    const first = reader.readexactly(3);
    for (const second of [
      () => reader.read(1),
      () => reader.readexactly(0),
      () => reader.readline(),
      () => reader.readuntil(),
    ]) {
      assert.is(thrownBy(second).code, "ERR_READER_BUSY");
    }
    feed(reader, "c");
    assert.is(String(await reader.read(0)), "");
    assert.is(String(await first), "abc");
  }),
);

test(
  "a read that is cancelled has taken nothing, and the next one may come",
  onLoop(async ({ loop }) => {
    for (const begin of ["read", "readexactly", "readline"] as const) {
      const reader = fed(loop, "ab");
      const reading =
        begin === "readexactly" ? reader.readexactly(9) : begin === "read" ? reader.read() : reader.readline();
      assert.ok(reading.cancel());
      assert.instance(await rejectionOf(reading), CancelledError);
      feed(reader, "c");
      assert.is(String(await reader.read(9)), "abc");
    }
  }),
);

test(
  "nobody else gives a read its result",
  onLoop(async ({ loop }) => {
    const reader = new StreamReader({ loop });
    const reading = reader.read(1);
    assert.is(thrownBy(() => reading.setResult(Buffer.alloc(1))).code, "ERR_OWN_RESULT");
    feed(reader, "x");
    assert.is(String(await reading), "x");
  }),
);

test(
  "an exception ends the read that waits, and all that follow",
  onLoop(async ({ loop }) => {
    const reader = new StreamReader({ loop });
    assert.is(reader.exception(), null);
    const waiting = reader.read(1);
    const broken = new Error("broken");
    reader.setException(broken);
    assert.is(await rejectionOf(waiting), broken);
    assert.is(reader.exception(), broken);
    for (const next of [reader.read(), reader.read(0), reader.readexactly(1), reader.readline(), reader.readuntil()]) {
      assert.is(await rejectionOf(next), broken);
    }
  }),
);

test(
  "generators read with yield*, and tasks are cancelled at a read",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "a\n");
    const task = loop.createTask(function* () {
      const line: Buffer = yield* reader.readline();
      const rest: Buffer = yield* reader.readexactly(2);
      return `${line}${rest}`;
    });
    await iteration(loop);
    feed(reader, "bc");
    assert.is(await task, "a\nbc");
    const cancelled = loop.createTask(async () => {
      for await (const line of reader) assert.unreachable(String(line));
    });
    await iteration(loop);
    cancelled.cancel();
    assert.instance(await rejectionOf(cancelled), CancelledError);
    feed(reader, "d");
    assert.is(String(await reader.read(1)), "d");
  }),
);

test(
  "iterates over the lines",
  onLoop(async ({ loop }) => {
    const reader = fed(loop, "one\ntwo\nthree");
    reader.feedEof();
    const lines: string[] = [];
    for await (const line of reader) lines.push(String(line));
    assert.equal(lines, ["one\n", "two\n", "three"]);
  }),
);

test(
  "feeding: nothing is nothing, the end is the end",
  onLoop(async ({ loop }) => {
    const reader = new StreamReader({ loop });
    const waiting = reader.read(1);
    reader.feedData(new Uint8Array(0));
    assert.not(waiting.done());
    reader.feedEof();
    assert.is((await waiting).length, 0);
    assert.is(thrownBy(() => feed(reader, "x")).code, "ERR_FEED_AFTER_EOF");
  }),
);

test(
  "wrong arguments are refused at the call",
  onLoop(async ({ loop }) => {
    const reader = new StreamReader({ loop });
    const wrong: [call: () => unknown, code: string][] = [
      [() => new StreamReader({ loop, limit: 0 }), "ERR_OUT_OF_RANGE"],
      [() => new StreamReader({ loop, limit: "1" as never }), "ERR_INVALID_ARG_TYPE"],
      [() => new StreamReader({ loop, size: 1 } as never), "ERR_UNKNOWN_OPTION"],
      [() => new StreamReader({ loop: {} as never }), "ERR_NOT_A_LOOP"],
      [() => reader.read(-2), "ERR_OUT_OF_RANGE"],
      [() => reader.read(1.5), "ERR_OUT_OF_RANGE"],
      [() => reader.readexactly(-1), "ERR_OUT_OF_RANGE"],
      [() => reader.readexactly("1" as never), "ERR_INVALID_ARG_TYPE"],
      [() => reader.readuntil("\n" as never), "ERR_INVALID_ARG_TYPE"],
      [() => reader.readuntil(new Uint8Array(0)), "ERR_EMPTY_SEPARATOR"],
      [() => reader.feedData("x" as never), "ERR_INVALID_ARG_TYPE"],
      [() => reader.setException("x" as never), "ERR_NOT_AN_ERROR"],
    ];
    for (const [call, code] of wrong) assert.is(thrownBy(call).code, code, String(call));
    reader.setTransport(new FakeTransport());
    assert.is(thrownBy(() => reader.setTransport(new FakeTransport())).code, "ERR_TRANSPORT_SET");
  }),
);

test(
  "says how it is, as asyncio's does",
  onLoop(async ({ loop }) => {
    assert.is(String(new StreamReader()), "<StreamReader>");
    const reader = fed(loop, "abc", 7);
    reader.setTransport(new FakeTransport());
    assert.is(String(reader), "<StreamReader 3 bytes limit=7 transport=<FakeTransport>>");
    const waiting = reader.readexactly(4);
    assert.is(String(reader), "<StreamReader 3 bytes limit=7 waiting transport=<FakeTransport>>");
    waiting.cancel();
    feed(reader, "0123456789abcdef");
    reader.feedEof();
    assert.is(String(reader), "<StreamReader 19 bytes eof limit=7 transport=<FakeTransport> paused>");
  }),
);

test.run();

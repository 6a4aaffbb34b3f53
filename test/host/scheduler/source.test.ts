/** Finding the line of the user's code, and none of ours. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noteSource, siteOf, sourceOf } from "../../../host/scheduler/source.js";
import { VirtualEventLoop } from "../../../host/testing.js";

const thisFile = /^file:.*\/test\/host\/scheduler\/source\.test\.js:\d+:\d+$/;

test("is the innermost place outside the package", () => {
  const made = {};
  noteSource(made);
  assert.match(siteOf(made) ?? "", thisFile);
});

test("skips the package's own frames, and the core's", async () => {
  const loop = new VirtualEventLoop();
  loop.setDebug(true);
  let inner = "";
  const outer = loop.callSoon(function first() {
    inner = String(loop.callSoon(function second() {}));
    loop.stop();
  });
  assert.match(String(outer), /^<Handle first\(\) created at file:.*\/source\.test\.js:\d+:\d+>$/);
  await loop.runForever();
  assert.match(inner, /^<Handle second\(\) created at file:.*\/source\.test\.js:\d+:\d+>$/);
  loop.close();
});

test("keeps ten frames of the user's, the innermost first", () => {
  const made = {};
  const deeper = (depth: number): void => (depth === 0 ? noteSource(made) : deeper(depth - 1));
  deeper(20);
  const frames = (sourceOf(made) ?? "").split("\n");
  assert.is(frames.length, 10);
  for (const frame of frames) assert.match(frame, /^ {4}at deeper \(file:.*source\.test\.js:\d+:\d+\)$/);
});

test("is unknown of what was made without it", () => {
  assert.is(sourceOf({}), null);
  assert.is(siteOf({}), null);
});

test("leaves the limit of stack traces as it was", () => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 3;
  noteSource({});
  assert.is(Error.stackTraceLimit, 3);
  Error.stackTraceLimit = before;
});

test("goes by the program's limit where that cannot be changed", () => {
  const before = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit") as PropertyDescriptor;
  Object.defineProperty(Error, "stackTraceLimit", { value: 10, writable: false });
  try {
    const made = {};
    noteSource(made);
    assert.match(siteOf(made) ?? "", thisFile);
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", before);
  }
});

test("is unknown where the program has a way of its own to make stacks, and no error", () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const fails = () => {
    throw new Error("mine");
  };
  try {
    for (const prepare of [(_error: Error, sites: NodeJS.CallSite[]) => sites, fails]) {
      Error.prepareStackTrace = prepare;
      const made = {};
      noteSource(made);
      assert.is(sourceOf(made), null);
      assert.is(Error.stackTraceLimit, stackTraceLimit);
    }
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
});

test("is what the program's own way to make stacks makes of the program's frames", () => {
  const { prepareStackTrace } = Error;
  const files: string[] = [];
  const prepare = (error: Error, sites: NodeJS.CallSite[]): string => {
    files.push(...sites.map((site) => String(site.getFileName())));
    return [error, ...sites].join("\n    at ");
  };
  try {
    Error.prepareStackTrace = prepare;
    const made = {};
    noteSource(made);
    assert.match(siteOf(made) ?? "", thisFile);
    assert.is(Error.prepareStackTrace, prepare);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  assert.match(files[0] ?? "", "source.test");
  for (const file of files) assert.not.match(file, /^node:|^wasm:|\/host\/scheduler\/(source|user-frames)\.[jt]s$/);
});

test("is known with source maps on as well", () => {
  process.setSourceMapsEnabled(true);
  try {
    const made = {};
    noteSource(made);
    assert.match(siteOf(made) ?? "", thisFile);
  } finally {
    process.setSourceMapsEnabled(false);
  }
});

test.run();

/**
 * The same core does the same in another host: runs that are recorded in Node are played again under wasmtime, by a host in Python
 * that knows nothing but the log.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, runPython } from "../support/wasmtime.js";
import { RandomHost } from "./random-host.js";
import { Recorder } from "./recorder.js";

const folder = mkdtempSync(join(tmpdir(), "wasyncio-replay-"));

test.after(() => rmSync(folder, { recursive: true }));

/** Runs a random program in this process. Returns its log. */
function record(seed: number, iterations: number, inParts: boolean): string {
  const host = new RandomHost(seed);
  const recorder = new Recorder(host);
  host.attach(recorder.core);
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (inParts) host.iterateInParts();
    else host.iterate();
  }
  host.close();
  return recorder.log();
}

/** Plays a log under wasmtime. */
function replay(log: string): Promise<Ended> {
  const file = join(folder, "log.txt");
  writeFileSync(file, log);
  return runPython("test/replay/replay.py", "build/core.wasm", file);
}

function numberOfLines(log: string): number {
  return log.split("\n").length - 1;
}

for (const seed of [1, 42, 0xc0ffee]) {
  for (const inParts of [false, true]) {
    test(`the program of seed ${seed}${inParts ? ", run in parts," : ""} does the same under wasmtime, to the last byte`, async () => {
      const log = record(seed, 400, inParts);
      assert.ok(numberOfLines(log) > 10_000, `${numberOfLines(log)} lines`);
      const { code, output } = await replay(log);
      assert.is(output, `${numberOfLines(log)} lines agree\n`);
      assert.is(code, 0);
    });
  }
}

test("a program leaves the same log each time", () => {
  assert.is(record(7, 300, false), record(7, 300, false));
  assert.is(record(7, 300, true), record(7, 300, true));
});

test("the replay names the first line that differs", async () => {
  const lines = record(1, 200, false).split("\n");
  const changes: [find: RegExp, change: (line: string) => string][] = [
    [/^R \d+$/, (line) => `${line}1`],
    [/^I dispatch/, (line) => `${line}1`],
    [/^I select/, () => "I now"],
    [/^H/, (line) => `${line.slice(0, -4)}0000`],
  ];
  for (const [find, change] of changes) {
    const index = lines.findIndex((line) => find.test(line));
    const { code, output } = await replay(lines.with(index, change(lines[index] as string)).join("\n"));
    assert.is(code, 1, output);
    assert.match(output, `line ${index + 1}: `);
  }
});

test("the replay says when the log ends too early", async () => {
  const lines = record(1, 50, false).split("\n");
  const { code, output } = await replay(lines.slice(0, 500).join("\n"));
  assert.is(code, 1);
  assert.match(output, "line 500: the log ends too early");
});

test.run();

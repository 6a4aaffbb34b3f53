/**
 * The same programs on wasyncio as on CPython: equal events in equal order at equal times.
 *
 * Owns: the comparison with the recorded traces, and a message that shows the first difference and the program that makes it.
 *
 * Does not own: the traces (`oracle.py` records them from CPython 3.13) or the interpreter.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "./interpreter.js";
import { print, type Recorded } from "./program.js";

const { ORACLE_TRACES, ORACLE_EAGER_TRACES } = process.env;
const recorded = recordedIn(ORACLE_TRACES ?? checkedIn("traces.jsonl"));
const eager = recordedIn(ORACLE_EAGER_TRACES ?? checkedIn("eager-traces.jsonl"));

/** Events shown before the first difference. */
const CONTEXT = 6;

const titles: Record<string, string> = {
  written: "runs the hand-written programs as CPython does",
  calls: "runs callSoon, callLater, callAt, cancel and stop as CPython does",
  futures: "finishes futures and calls their callbacks as CPython does",
  tasks: "steps tasks as CPython does",
  cancellation: "cancels tasks as CPython does",
  gather: "gathers and shields as CPython does",
  mixed: "runs everything together, over several runs of the loop, as CPython does",
  groups: "ends task groups and time limits, and what their cancellations cross, as CPython does",
  things: "hands locks, semaphores and items of queues from task to task, and sets events, as CPython does",
  timers: "runs hundreds of timers, most of them cancelled, as CPython does",
};

test("there are a few hundred recorded programs, some of every kind", () => {
  assert.ok(recorded.length >= 300, `${recorded.length} programs in traces.jsonl`);
  assert.equal(new Set(recorded.map(({ kind }) => kind)), new Set(Object.keys(titles)));
});

for (const [kind, title] of Object.entries(titles)) {
  test(title, () => compare(recorded.filter((each) => each.kind === kind)));
}

test("starts tasks at once as CPython does", async () => {
  assert.ok(eager.length >= 90 && eager.every((program) => program.eager), `${eager.length} programs`);
  await compare(eager);
});

test.run();

function checkedIn(name: string): string {
  return fileURLToPath(new URL(`../../../test/oracle/${name}`, import.meta.url));
}

function recordedIn(file: string): Recorded[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Recorded);
}

async function compare(programs: readonly Recorded[]): Promise<void> {
  const different: string[] = [];
  for (const program of programs) {
    const difference = firstDifference(program, await run(program));
    if (difference) different.push(difference);
  }
  assert.is(
    different.length,
    0,
    `${different.length} programs differ. The shortest difference:\n${shortest(different)}`,
  );
}

/** Undefined when the trace is the recorded one. */
function firstDifference(program: Recorded, got: readonly string[]): string | undefined {
  const expected = program.trace;
  const length = Math.max(expected.length, got.length);
  for (let index = 0; index < length; index++) {
    if (expected[index] === got[index]) continue;
    return [
      `${program.kind} ${program.name ?? `program of seed ${program.seed}`}`,
      print(program),
      ...expected.slice(Math.max(0, index - CONTEXT), index).map((event) => `          ${event}`),
      `event ${index}`,
      `expected  ${expected[index] ?? "no more events"}`,
      `got       ${got[index] ?? "no more events"}`,
    ].join("\n");
  }
  return undefined;
}

function shortest(texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length < best.length ? text : best), texts[0] ?? "");
}

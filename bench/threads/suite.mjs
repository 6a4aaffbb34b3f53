/**
 * The thread benchmark: calls from another thread, as many as it can make, and one at a time into a loop that sleeps.
 *
 * Owns: alternating the runners, each repetition in a fresh process.
 */
import { join } from "node:path";
import { run } from "../lib/child-process.mjs";
import { BENCH } from "../lib/folders.mjs";
import { number, table } from "../lib/table.mjs";

export const name = "threads";

const RUNNERS = ["asyncio", "uvloop", "bare MessagePort", "wasyncio", "wasyncio blocking"];
const PYTHON = ["asyncio", "uvloop"];

/** The metrics, and what each is called in the results. */
const RATE = { id: "calls of one thread", metric: "rate", unit: "/s" };
const MEDIAN = { id: "wake-up of an idle loop", metric: "median", unit: "µs" };
const LATE = { id: "wake-up of an idle loop", metric: "p99", unit: "µs" };

/**
 * Measures all of them.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  const [repetitions, calls, wakeUps] = context.quick ? [3, 100_000, 500] : [7, 500_000, 1_500];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const runner of RUNNERS) {
      if (!context.takesPart(name, runner)) continue;
      context.progress(`${name}: ${runner}, ${repetition}/${repetitions}`);
      const rate = await context.attempt(name, runner, () => measureOne(context, runner, "rate", calls));
      if (rate === undefined) continue;
      add(context, runner, RATE, rate[0]);
      const delays = await context.attempt(name, runner, () => measureOne(context, runner, "wake", wakeUps));
      if (delays === undefined) continue;
      add(context, runner, MEDIAN, delays[0]);
      add(context, runner, LATE, delays[1]);
    }
  }
}

async function measureOne({ python }, runner, metric, count) {
  const words = [runner, metric, String(count)];
  const printed = PYTHON.includes(runner)
    ? await run(python.command("threads.py", ...words), { env: python.env })
    : await run([process.execPath, join(BENCH, "threads", "calls.mjs"), ...words]);
  return printed.trim().split(" ").map(Number);
}

function add({ measurements }, runner, { id, metric, unit }, value) {
  measurements.add({ suite: name, case: id, runner, metric, unit }, value);
}

/**
 * One table.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements }) {
  const shown = ({ id, metric }, runner) => {
    const found = measurements.find(name, id, runner, metric);
    return found === undefined ? "–" : number(found.median);
  };
  const rows = RUNNERS.map((runner) => [runner, ...[RATE, MEDIAN, LATE].map((each) => shown(each, runner))]);
  return [
    "Threads: calls from another thread",
    "",
    table(["", "calls a second", "wake-up, µs", "99th percentile"], rows),
  ].join("\n");
}

/**
 * The groups of the chart.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const groups = [RATE, MEDIAN].map(({ id, metric, unit }) => {
    const bars = RUNNERS.map((runner) => ({ label: runner, found: measurements.find(name, id, runner, metric) }));
    return { title: id, note: "", unit, bars };
  });
  return [{ title: "Threads", subtitle: "calls from another thread", groups }];
}

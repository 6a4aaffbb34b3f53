/**
 * The executor benchmark: what a loop adds to the pool library that its executors are built on.
 *
 * Owns: alternating the two, each repetition in a fresh process.
 */
import { join } from "node:path";
import { run } from "../lib/child-process.mjs";
import { BENCH } from "../lib/folders.mjs";
import { number, table } from "../lib/table.mjs";

export const name = "executor";

/** The name of the one case. */
export const CASE = "round trips, 1 thread";

const RUNNERS = ["workerpool", "wasyncio"];

/**
 * Measures both.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  const [repetitions, operations] = context.quick ? [5, 5_000] : [9, 50_000];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const runner of RUNNERS) {
      if (!context.takesPart(name, runner)) continue;
      context.progress(`${name}: ${runner} ${repetition}/${repetitions}`);
      const command = [process.execPath, join(BENCH, "executor", "round-trips.mjs"), runner, String(operations)];
      const rate = await context.attempt(name, runner, () => run(command));
      if (rate === undefined) continue;
      context.measurements.add({ suite: name, case: CASE, runner, metric: "rate", unit: "/s" }, Number(rate));
    }
  }
}

/**
 * One table.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements }) {
  const rows = RUNNERS.flatMap((runner) => {
    const found = measurements.find(name, CASE, runner, "rate");
    return found === undefined ? [] : [[runner, number(found.median), `${Math.round(found.spread * 100)}%`]];
  });
  return [`Executor: ${CASE}, a second`, "", table(["", "round trips", "±"], rows)].join("\n");
}

/**
 * The group of the chart.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const bars = RUNNERS.map((runner) => ({ label: runner, found: measurements.find(name, CASE, runner, "rate") }));
  const groups = [{ title: CASE, note: "", unit: "/s", bars }];
  return [{ title: "Executor", subtitle: "a function's way to a thread and back", groups }];
}

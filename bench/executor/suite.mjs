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

/** Round trips under way at a time, and what the case is called. */
const CASES = [
  { underWay: 1, id: "1 thread, 1 under way" },
  { underWay: 16, id: "1 thread, 16 under way" },
];

const RUNNERS = ["workerpool", "wasyncio"];

/**
 * Measures both.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  const [repetitions, operations] = context.quick ? [5, 5_000] : [9, 50_000];
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const { underWay, id } of CASES) {
      for (const runner of RUNNERS) {
        if (!context.takesPart(name, runner)) continue;
        context.progress(`${name}: ${runner}, ${id}, ${repetition}/${repetitions}`);
        const script = join(BENCH, "executor", "round-trips.mjs");
        const command = [process.execPath, script, runner, String(operations), String(underWay)];
        const rate = await context.attempt(name, runner, () => run(command));
        if (rate === undefined) continue;
        context.measurements.add({ suite: name, case: id, runner, metric: "rate", unit: "/s" }, Number(rate));
      }
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
  const rows = CASES.flatMap(({ id }) =>
    RUNNERS.flatMap((runner) => {
      const found = measurements.find(name, id, runner, "rate");
      return found === undefined ? [] : [[id, runner, number(found.median), `${Math.round(found.spread * 100)}%`]];
    }),
  );
  return [
    "Executor: a function's way to a thread and back",
    "",
    table(["", "", "round trips a second", "±"], rows),
  ].join("\n");
}

/**
 * The group of the chart.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const groups = CASES.map(({ id }) => {
    const bars = RUNNERS.map((runner) => ({ label: runner, found: measurements.find(name, id, runner, "rate") }));
    return { title: id, note: "", unit: "/s", bars };
  });
  return [{ title: "Executor", subtitle: "a function's way to a thread and back", groups }];
}

/**
 * Runs the benchmarks: `npm run bench`.
 *
 * Owns: the order of things: find the peers, measure each suite, print its tables, compare with what was promised, write the
 * results as JSON and as a chart.
 *
 * Does not own: any measurement; each suite is a folder beside this file.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as echo from "./echo/suite.mjs";
import * as executor from "./executor/suite.mjs";
import * as idle from "./idle/suite.mjs";
import { readArguments, usage } from "./lib/arguments.mjs";
import { compilerVersion } from "./lib/c-programs.mjs";
import { drawChart } from "./lib/chart.mjs";
import { notPinned } from "./lib/child-process.mjs";
import { Context } from "./lib/context.mjs";
import { RESULTS } from "./lib/folders.mjs";
import { busyMachine, describeMachine } from "./lib/machine.mjs";
import { compareBars, reportBars } from "./lib/must-show.mjs";
import { findPython } from "./lib/python.mjs";
import { summarize } from "./lib/summary.mjs";
import { table } from "./lib/table.mjs";
import * as scheduler from "./scheduler/suite.mjs";
import * as size from "./size/suite.mjs";
import * as threads from "./threads/suite.mjs";
import * as tls from "./tls/suite.mjs";
import * as udp from "./udp/suite.mjs";
import * as unix from "./unix/suite.mjs";

const SUITES = [scheduler, echo, unix, udp, tls, executor, threads, idle, size];

const SUITE_NAMES = SUITES.map((suite) => suite.name);

async function main() {
  const options = readArguments(process.argv.slice(2), SUITE_NAMES);
  if (options.help) {
    console.log(usage(SUITE_NAMES));
    return;
  }
  const python = await findPython();
  const machine = describeMachine(python, await compilerVersion());
  print(table(["machine", ""], Object.entries(machine)));
  for (const warning of [notPinned, busyMachine()]) if (warning !== undefined) print(warning);

  const context = new Context({ ...options, python });
  for (const suite of SUITES.filter(({ name }) => options.suites.includes(name))) {
    await suite.measure(context);
    context.progress("");
    print(suite.report(context));
  }
  const { measurements } = context;
  for (const { suite, runner, reason } of measurements.unavailable) {
    print(`Not in ${suite}: ${runner}, because ${reason}`);
  }
  if (!options.peersOnly) conclude(context, machine, options);
}

function conclude({ measurements }, machine, { quick, suites }) {
  const bars = compareBars(measurements, suites);
  print(reportBars(bars));
  mkdirSync(RESULTS, { recursive: true });
  const { unavailable } = measurements;
  const results = { machine, quick, bars, unavailable, figures: measurements.list() };
  const sections = SUITES.flatMap((suite) => suite.chartSections(measurements));
  writeFileSync(join(RESULTS, "latest.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(RESULTS, "latest.svg"), drawChart(sections, machine));
  writeFileSync(join(RESULTS, "summary.svg"), drawChart(summarize(sections), machine));
  print("Written: latest.json, latest.svg and summary.svg in bench/results");
}

function print(text) {
  console.log(`${text}\n`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof RangeError ? `${error.message}\n\n${usage(SUITE_NAMES)}` : error);
  process.exitCode = 1;
}

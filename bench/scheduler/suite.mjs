/**
 * The scheduler benchmark: what a callback, a timer, a task switch and a future cost, without any I/O.
 *
 * Owns: which workload runs on which loop how often, alternating, each time in a fresh process.
 *
 * Does not own: the workloads (`workloads.mjs` and `peers/scheduler.py`). The figure is the CPU time of the whole process
 * per operation, its helper threads included.
 */
import { join } from "node:path";
import { run } from "../lib/child-process.mjs";
import { BENCH } from "../lib/folders.mjs";
import { figure, number, ratio, table } from "../lib/table.mjs";

export const name = "scheduler";

/** The loops compared, as the table's columns. */
const RUNNERS = ["asyncio", "uvloop", "wasyncio", "wasyncio virtual"];

/** Of each workload: its name here, its title, and the one that Python runs beside it. */
const WORKLOADS = [
  { id: "callSoonChain", title: "callSoon chain", python: "callSoonChain" },
  { id: "callSoonBatch", title: "callSoon batch of 1,000", python: "callSoonBatch" },
  { id: "taskSwitches", title: "task switches", python: "taskSwitches" },
  { id: "taskSwitchesAsync", title: "task switches (async)", python: "taskSwitches" },
  { id: "futureRoundTrips", title: "future round trips", python: "futureRoundTrips" },
  { id: "futureRoundTripsAsync", title: "future round trips (async)", python: "futureRoundTrips" },
  { id: "timers", title: "timers, 90 % cancelled", python: "timers" },
];

/** Enough for V8 to have compiled all that it will; the peers get the same. */
const WARM_UP = 300_000;

/**
 * Measures all of it.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  const { python, measurements } = context;
  const operations = context.quick ? 300_000 : 1_000_000;
  const repetitions = context.quick ? 3 : 5;
  const runners = RUNNERS.filter((runner) => context.takesPart(name, runner.split(" ")[0]));
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const workload of WORKLOADS) {
      for (const runner of runners) {
        if (runner !== "wasyncio" && workload.id !== workload.python) continue;
        context.progress(`${name} ${repetition}/${repetitions}: ${workload.title} on ${runner}`);
        await context.attempt(name, runner, async () => {
          const { cpuNs, wallNs } = await once(python, runner, [workload.id, String(operations), String(WARM_UP)]);
          const key = { suite: name, case: workload.id, runner };
          measurements.add({ ...key, metric: "cpu", unit: "ns/operation" }, cpuNs / operations);
          measurements.add({ ...key, metric: "wall", unit: "ns/operation" }, wallNs / operations);
        });
      }
    }
  }
}

async function once(python, runner, words) {
  if (!runner.startsWith("wasyncio")) {
    return JSON.parse(await run(python.command("scheduler.py", runner, ...words), { env: python.env }));
  }
  const kind = runner === "wasyncio" ? "guest" : "virtual";
  return JSON.parse(await run([process.execPath, join(BENCH, "scheduler", "wasyncio.mjs"), kind, ...words]));
}

/**
 * The tables: CPU with ratios, then wall time.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements, quick }) {
  const find = finder(measurements);
  const cpu = WORKLOADS.map((workload) => {
    const [asyncio, uvloop, guest, virtual] = RUNNERS.map((runner) => find(workload, runner, "cpu"));
    return [
      workload.title,
      ...[asyncio, uvloop, guest, virtual].map(figure),
      `${ratio(asyncio?.median, guest?.median)} / ${ratio(asyncio?.median, virtual?.median)}`,
      `${ratio(uvloop?.median, guest?.median)} / ${ratio(uvloop?.median, virtual?.median)}`,
    ];
  });
  const wall = WORKLOADS.map((workload) => [
    workload.title,
    ...RUNNERS.map((runner) => number(find(workload, runner, "wall")?.median)),
  ]);
  const count = quick ? "300,000" : "1,000,000";
  return [
    `Scheduler: CPU ns per operation of the whole process, median of fresh processes ± spread, ${count} operations after a warm-up`,
    "wasyncio: on Node's loop, setImmediate included. wasyncio virtual: the same core with nothing underneath.",
    "(async): async functions instead of generator coroutines; Python has one kind, which stands beside both.",
    "",
    table(["", ...RUNNERS, "asyncio ÷ wasyncio / virtual", "uvloop ÷ wasyncio / virtual"], cpu),
    "",
    "Scheduler: wall ns per operation",
    "",
    table(["", ...RUNNERS], wall),
  ].join("\n");
}

/**
 * The groups of the chart, one for each workload.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const find = finder(measurements);
  const groups = WORKLOADS.map((workload) => {
    const cpu = (runner) => find(workload, runner, "cpu");
    const ours = cpu("wasyncio")?.median;
    const asyncio = ratio(cpu("asyncio")?.median, ours);
    const uvloop = ratio(cpu("uvloop")?.median, ours);
    return {
      title: workload.title,
      note: ours === undefined ? "" : `${asyncio} asyncio's speed, ${uvloop} uvloop's`,
      unit: "ns",
      bars: RUNNERS.map((runner) => ({ label: runner, found: cpu(runner) })),
    };
  });
  const subtitle =
    "CPU per operation; “virtual” is the same core without Node's setImmediate; “async” are async functions";
  return [{ title: "Scheduler", subtitle, groups }];
}

/** Looks a workload up; on Python one kind of coroutine stands beside both of ours. */
function finder(measurements) {
  return (workload, runner, metric) =>
    measurements.find(name, runner.startsWith("wasyncio") ? workload.id : workload.python, runner, metric);
}

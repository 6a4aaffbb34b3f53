/**
 * The figures that wasyncio promises, compared with those measured.
 *
 * Owns: the bars. Each takes its two sides from one and the same run.
 *
 * Does not own: measuring; a bar whose sides were not measured is reported as such.
 */
import { CPU_CASES } from "../idle/suite.mjs";
import { number, table } from "./table.mjs";

/** How many times faster than a peer a workload must be, both on Node's loop and on the virtual one. */
const FASTER = [
  { workload: "callSoonChain", title: "callSoon chain", peer: "uvloop", times: 5 },
  { workload: "callSoonChain", title: "callSoon chain", peer: "asyncio", times: 15 },
  { workload: "callSoonBatch", title: "callSoon batch", peer: "uvloop", times: 5 },
  { workload: "callSoonBatch", title: "callSoon batch", peer: "asyncio", times: 15 },
  { workload: "taskSwitches", title: "task switches", peer: "asyncio", times: 10 },
  { workload: "timers", title: "timers, 90 % cancelled", peer: "asyncio", times: 5 },
];

/** The share of the CPU per message of Node's own servers that a server may use. */
const ECHO = [
  { suite: "echo", case: "1 × 1 KiB", share: 1.0 },
  { suite: "echo", case: "100 × 1 KiB", share: 0.65 },
  { suite: "echo", case: "1000 × 1 KiB", share: 0.6 },
  { suite: "echo", case: "1 × 64 KiB", share: 0.8 },
  { suite: "echo", case: "100 × 64 KiB", share: 0.8 },
  { suite: "echo", case: "1000 × 64 KiB", share: 0.8 },
  { suite: "echo", case: "1 × 64 KiB", share: 0.8, runner: "wasyncio buffered" },
  { suite: "echo", case: "100 × 64 KiB", share: 0.8, runner: "wasyncio buffered" },
  { suite: "echo", case: "1000 × 64 KiB", share: 0.8, runner: "wasyncio buffered" },
  { suite: "unix", case: "100 × 1 KiB", share: 0.65 },
  { suite: "unix", case: "1000 × 1 KiB", share: 0.65 },
  { suite: "udp", case: "64 × 64 B", share: 0.5, peer: "node:dgram" },
  { suite: "tls", case: "50 × 1 KiB", share: 1.3, peer: "node:tls" },
];

/** The share of the bare pool library's round trips that an executor must make. */
const EXECUTOR = { case: "1 thread, 16 under way", share: 0.8 };

const ECHO_TITLES = { echo: "echo", unix: "Unix echo", udp: "UDP echo", tls: "TLS echo" };

/** Absolute limits. */
const LIMITS = [
  ...CPU_CASES.map((window) => {
    return {
      suite: "idle",
      case: window,
      metric: "cpu",
      title: `idle, ${window}`,
      limit: 10,
      unit: "ms CPU",
      strict: true,
    };
  }),
  { suite: "idle", case: "connections", metric: "held", title: "idle connections held", least: 10_000, unit: "" },
  { suite: "size", case: "core.wasm", metric: "bytes", title: "core.wasm", limit: 16 * 1024, unit: "bytes" },
  {
    suite: "size",
    case: "package, packed",
    metric: "bytes",
    title: "package, packed",
    limit: 300 * 1024,
    unit: "bytes",
  },
  {
    suite: "size",
    case: "import and first loop over bare node",
    metric: "wall",
    title: "import and first loop over bare node",
    limit: 60,
    unit: "ms",
  },
];

/**
 * Compares every bar with what was measured.
 *
 * @param {import("./measurements.mjs").Measurements} measurements
 * @param {string[]} suites those that ran; the bars of others are left out
 * @returns {{ suite: string, title: string, bar: string, measured: string, met: boolean | undefined }[]} `met` is undefined when a side is missing
 */
export function compareBars(measurements, suites) {
  const runners = ["wasyncio", "wasyncio virtual"];
  return [
    ...FASTER.flatMap((bar) => runners.map((runner) => ({ suite: "scheduler", ...faster(measurements, bar, runner) }))),
    ...ECHO.map((bar) => ({ suite: bar.suite, ...echo(measurements, bar) })),
    { suite: "executor", ...executor(measurements, EXECUTOR) },
    ...LIMITS.map((bar) => ({ suite: bar.suite, ...limit(measurements, bar) })),
  ].filter(({ suite }) => suites.includes(suite));
}

/** The comparison as a table. */
export function reportBars(bars) {
  const verdict = ({ met }) => (met === undefined ? "not measured" : met ? "met" : "MISSED");
  const rows = bars.map((bar) => [bar.title, bar.bar, bar.measured, verdict(bar)]);
  return ["Must show", "", table(["", "bar", "measured", ""], rows)].join("\n");
}

function faster(measurements, { workload, title, peer, times }, runner) {
  const theirs = measurements.median("scheduler", workload, peer, "cpu");
  const ours = measurements.median("scheduler", workload, runner, "cpu");
  const measured = theirs === undefined || ours === undefined ? undefined : theirs / ours;
  return {
    title: `${title}, ${runner === "wasyncio" ? "with" : "without"} setImmediate`,
    bar: `≥ ${times} × as fast as ${peer}`,
    measured: measured === undefined ? "–" : `${number(measured)} ×`,
    met: measured === undefined ? undefined : measured >= times,
  };
}

function echo(measurements, { suite, case: id, share, peer = "node:net", runner = "wasyncio" }) {
  const theirs = measurements.median(suite, id, peer, "cpu");
  const ours = measurements.median(suite, id, runner, "cpu");
  const measured = theirs === undefined || ours === undefined ? undefined : ours / theirs;
  return {
    title: `${ECHO_TITLES[suite]} ${id}${runner === "wasyncio" ? "" : ` on ${runner}`}, server CPU per message`,
    bar: `≤ ${share.toFixed(2)} × ${peer}`,
    measured: measured === undefined ? "–" : `${measured.toFixed(2)} ×`,
    met: measured === undefined ? undefined : measured <= share,
  };
}

function executor(measurements, { case: id, share }) {
  const theirs = measurements.median("executor", id, "workerpool", "rate");
  const ours = measurements.median("executor", id, "wasyncio", "rate");
  const measured = theirs === undefined || ours === undefined ? undefined : ours / theirs;
  return {
    title: `executor, ${id}, round trips`,
    bar: `≥ ${share.toFixed(2)} × workerpool bare`,
    measured: measured === undefined ? "–" : `${measured.toFixed(2)} ×`,
    met: measured === undefined ? undefined : measured >= share,
  };
}

function limit(measurements, { suite, case: id, metric, title, limit: most, least, unit, strict }) {
  const measured = measurements.median(suite, id, "wasyncio", metric);
  const sign = least !== undefined ? "≥" : strict ? "<" : "≤";
  const met = least !== undefined ? measured >= least : strict ? measured < most : measured <= most;
  return {
    title,
    bar: `${sign} ${number(least ?? most)} ${unit}`.trimEnd(),
    measured: measured === undefined ? "–" : `${number(measured)} ${unit}`.trimEnd(),
    met: measured === undefined ? undefined : met,
  };
}

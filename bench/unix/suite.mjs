/**
 * The echo benchmark on Unix sockets.
 *
 * Owns: its cases and its servers, each of which listens on a path that it is told.
 *
 * Does not own: how they are measured; see `lib/echo-suite.mjs`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EchoSuite, echoCase } from "../lib/echo-suite.mjs";
import { BENCH } from "../lib/folders.mjs";

export const name = "unix";

const CASES = [
  echoCase({ connections: 1, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 100, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 1000, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
];

const suite = new EchoSuite({
  name,
  title: "Unix echo",
  cases: CASES,
  runners: ["uvloop", "wasyncio", "node:net", "asyncio"],
  findServers,
});

/** Each server has a path of its own; it is killed in the end, so that the file of its socket stays. */
let folder;

async function findServers(context) {
  const { python } = context;
  const path = (runner) => join(folder, runner.replace(":", "-"));
  const servers = ["uvloop", "asyncio"]
    .filter((runner) => context.takesPart(name, runner))
    .map((runner) => ({ runner, command: python.command("echo_unix.py", runner, path(runner)), env: python.env }));
  for (const [runner, script] of [
    ["node:net", join("peers", "echo-unix-node.mjs")],
    ["wasyncio", join("unix", "wasyncio.mjs")],
  ]) {
    if (!context.takesPart(name, runner)) continue;
    servers.push({ runner, command: [process.execPath, join(BENCH, script), path(runner)] });
  }
  return servers;
}

/** Measures all of it. */
export async function measure(context) {
  folder = mkdtempSync(join(tmpdir(), "wasyncio-bench-"));
  try {
    await suite.measure(context);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One table for each case. */
export const report = (context) => suite.report(context);

/** The groups of the chart. */
export const chartSections = (measurements) => suite.chartSections(measurements);

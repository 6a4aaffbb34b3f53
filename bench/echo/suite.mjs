/**
 * The TCP echo benchmark.
 *
 * Owns: its cases. Does not own: how they are measured; see `lib/echo-suite.mjs`.
 */
import { join } from "node:path";
import { availableServers } from "../lib/echo-servers.mjs";
import { EchoSuite, echoCase } from "../lib/echo-suite.mjs";
import { BENCH } from "../lib/folders.mjs";

export const name = "echo";

const CASES = [
  echoCase({ connections: 1, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 100, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 1000, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 1, kibibytes: 64, warmUp: 10_000, messages: 40_000 }),
  echoCase({ connections: 100, kibibytes: 64, warmUp: 10_000, messages: 40_000 }),
  echoCase({ connections: 1000, kibibytes: 64, warmUp: 10_000, messages: 40_000 }),
];

const suite = new EchoSuite({
  name,
  title: "TCP echo",
  cases: CASES,
  runners: ["C epoll", "uvloop", "wasyncio", "wasyncio buffered", "node:net", "asyncio"],
  findServers,
});

async function findServers(context) {
  const servers = await availableServers(context, name);
  if (context.takesPart(name, "wasyncio")) {
    const script = join(BENCH, "echo", "wasyncio-buffered.mjs");
    servers.push({ runner: "wasyncio buffered", command: [process.execPath, script] });
  }
  return servers;
}

/** Measures all of it. */
export const measure = (context) => suite.measure(context);

/** One table for each case. */
export const report = (context) => suite.report(context);

/** The groups of the chart: small messages on the left, large ones on the right. */
export function chartSections(measurements) {
  const half = CASES.length / 2;
  const pairs = CASES.slice(0, half).flatMap((small, index) => [small, CASES[half + index]]);
  return suite.chartSections(measurements, pairs);
}

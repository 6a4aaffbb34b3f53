/**
 * The echo benchmark on UDP.
 *
 * Owns: its cases and its servers, each of which listens on a free port of 127.0.0.1 and prints it. The client keeps a window
 * of datagrams under way.
 *
 * Does not own: how they are measured; see `lib/echo-suite.mjs` and `peers/load_udp.c`.
 */
import { join } from "node:path";
import { cProgram } from "../lib/c-programs.mjs";
import { EchoSuite } from "../lib/echo-suite.mjs";
import { BENCH } from "../lib/folders.mjs";

export const name = "udp";

/** In the words of `echoCase`: each datagram under way is a connection. */
function udpCase({ window, bytes, warmUp, messages }) {
  const title = window === 1 ? `1 datagram, ${bytes} B` : `a window of ${window} datagrams, ${bytes} B`;
  return { id: `${window} × ${bytes} B`, title, connections: window, bytes, warmUp, messages };
}

const CASES = [
  udpCase({ window: 1, bytes: 64, warmUp: 30_000, messages: 50_000 }),
  udpCase({ window: 64, bytes: 64, warmUp: 200_000, messages: 400_000 }),
  udpCase({ window: 64, bytes: 1200, warmUp: 200_000, messages: 400_000 }),
];

const suite = new EchoSuite({
  name,
  title: "UDP echo",
  cases: CASES,
  runners: ["C epoll", "uvloop", "wasyncio", "node:dgram", "asyncio"],
  findServers,
  peer: "node:dgram",
  load: "load_udp",
  unit: "window × datagram size",
});

async function findServers(context) {
  const { python } = context;
  const servers = [{ runner: "C epoll", command: [await cProgram("echo_udp")] }];
  for (const runner of ["uvloop", "asyncio"]) {
    if (!context.takesPart(name, runner)) continue;
    servers.push({ runner, command: python.command("echo_udp.py", runner), env: python.env });
  }
  servers.push({ runner: "node:dgram", command: [process.execPath, join(BENCH, "peers", "echo-udp-node.mjs")] });
  if (context.takesPart(name, "wasyncio")) {
    servers.push({ runner: "wasyncio", command: [process.execPath, join(BENCH, "udp", "wasyncio.mjs")] });
  }
  return servers;
}

/** Measures all of it. */
export const measure = (context) => suite.measure(context);

/** One table for each case. */
export const report = (context) => suite.report(context);

/** The groups of the chart. */
export const chartSections = (measurements) => suite.chartSections(measurements);

/**
 * The idle benchmark: what a server costs while nothing happens.
 *
 * Owns: the CPU of twice ten seconds with one far timer and one open server, all servers at the same time; and the memory that an idle
 * connection keeps resident, before and after it has carried a message.
 *
 * Does not own: the kernel's memory for sockets, which no process is charged for and which is the same for all.
 */
import { setTimeout as after } from "node:timers/promises";
import { cProgram } from "../lib/c-programs.mjs";
import { run, startService } from "../lib/child-process.mjs";
import { availableServers } from "../lib/echo-servers.mjs";
import { cpuMs, residentBytes } from "../lib/process-status.mjs";
import { figure, number, table } from "../lib/table.mjs";

export const name = "idle";

/** The two windows in which the CPU is measured, one after the other. */
export const CPU_CASES = ["the first 10 s", "the next 10 s"];

const IDLE_MS = 10_000;
const SETTLE_MS = 1500;
const FAR_TIMER_SECONDS = 3600;
const CONNECTIONS = 10_000;
/** Open files that a server needs besides its connections. */
const OTHER_FILES = 200;
const RUNNERS = ["C epoll", "uvloop", "wasyncio", "node:net", "asyncio"];

/**
 * Measures all of it.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  await measureCpu(context);
  const repetitions = context.quick ? 1 : 3;
  const hold = await context.attempt(name, "every server", () => cProgram("hold"));
  if (hold === undefined) return;
  const filesMax = Number(await run(["sh", "-c", "ulimit -n"]).then((text) => text.replace("unlimited", "Infinity")));
  const connections = Math.min(CONNECTIONS, filesMax - OTHER_FILES);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const server of await availableServers(context, name)) {
      context.progress(`${name} ${repetition}/${repetitions}: ${connections} connections on ${server.runner}`);
      await context.attempt(name, server.runner, () => measureMemory(context, server, hold, connections));
    }
  }
}

async function measureCpu(context) {
  const services = [];
  try {
    for (const server of await availableServers(context, name, FAR_TIMER_SECONDS)) {
      await context.attempt(name, server.runner, async () => {
        services.push({ runner: server.runner, service: await startService(server.command, { env: server.env }) });
      });
    }
    await after(SETTLE_MS);
    for (const window of CPU_CASES) {
      context.progress(`${name}: a far timer and an open server, ${window}`);
      const before = services.map(({ service }) => cpuMs(service.pid));
      await after(IDLE_MS);
      services.forEach(({ runner, service }, index) => {
        const key = { suite: name, case: window, runner, metric: "cpu", unit: "ms" };
        context.measurements.add(key, cpuMs(service.pid) - before[index]);
      });
    }
  } finally {
    for (const { service } of services) await service.stop();
  }
}

async function measureMemory(context, server, hold, connections) {
  const service = await startService(server.command, { env: server.env });
  let client;
  try {
    await after(SETTLE_MS);
    const atFirst = residentBytes(service.pid);
    const perConnection = () => (residentBytes(service.pid) - atFirst) / connections;
    const add = (metric, sample) => {
      const key = { suite: name, case: "connections", runner: server.runner };
      context.measurements.add(
        { ...key, metric, unit: metric === "held" ? "connections" : "bytes/connection" },
        sample,
      );
    };
    client = await startService([hold, service.line, String(connections)]);
    await after(SETTLE_MS);
    add("idle", perConnection());
    const answered = await client.ask("go");
    await after(SETTLE_MS);
    add("after a message", perConnection());
    add("held", Number(answered.split(" ")[1]));
  } finally {
    await service.stop();
    await client?.stop();
  }
}

/**
 * One table, a row for each server.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements }) {
  const rows = RUNNERS.map((runner) => [
    runner,
    ...CPU_CASES.map((window) => number(measurements.median(name, window, runner, "cpu"))),
    number(measurements.median(name, "connections", runner, "held")),
    figure(measurements.find(name, "connections", runner, "idle")),
    figure(measurements.find(name, "connections", runner, "after a message")),
  ]);
  const windows = CPU_CASES.map((window) => `CPU ms, ${window}`);
  const header = ["", ...windows, "connections held", "bytes each, idle", "bytes each, after 1 KiB echoed"];
  return [
    "Idle: CPU with one far timer and one open server; resident memory for each idle connection",
    "V8 collects garbage once, about 8 s after a process that has allocated 1 MB fell idle: it shows in the first 10 s.",
    "",
    table(header, rows),
  ].join("\n");
}

/**
 * The groups of the chart: memory before and after a message.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const group = (metric, title) => ({
    title,
    note: "",
    unit: "B",
    bars: RUNNERS.map((runner) => ({ label: runner, found: measurements.find(name, "connections", runner, metric) })),
  });
  const groups = [group("idle", "since it was accepted"), group("after a message", "after it has echoed 1 KiB")];
  return [{ title: "Memory", subtitle: "resident bytes for each of 10,000 idle connections", groups }];
}

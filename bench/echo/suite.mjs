/**
 * The TCP echo benchmark: what a server pays for a message.
 *
 * Owns: which server answers how many connections with messages of which size, alternating, each time a fresh process.
 * The server has core 0 to itself and the client core 1. With a single connection both share core 0, because there waking
 * another core costs more than everything that is measured.
 *
 * Does not own: the load and the sampling of the server's CPU; see `peers/load.c`.
 */
import { cProgram } from "../lib/c-programs.mjs";
import { run, startService } from "../lib/child-process.mjs";
import { availableServers } from "../lib/echo-servers.mjs";
import { figure, number, ratio, table } from "../lib/table.mjs";

export const name = "echo";

/** The cases: `messages` are those counted in one repetition, after the warm-up. */
const CASES = [
  echoCase({ connections: 1, kibibytes: 1, warmUp: 8_000, messages: 30_000 }),
  echoCase({ connections: 100, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 1000, kibibytes: 1, warmUp: 20_000, messages: 100_000 }),
  echoCase({ connections: 1, kibibytes: 64, warmUp: 3_000, messages: 8_000 }),
  echoCase({ connections: 100, kibibytes: 64, warmUp: 4_000, messages: 12_000 }),
  echoCase({ connections: 1000, kibibytes: 64, warmUp: 4_000, messages: 12_000 }),
];

/** The servers, as the rows of the tables. */
const RUNNERS = ["C epoll", "uvloop", "wasyncio", "node:net", "asyncio"];

const METRICS = [
  ["cpu", "serverCpuMicroseconds", "µs/message"],
  ["rate", "messagesPerSecond", "messages/s"],
  ["p50", "p50Microseconds", "µs"],
  ["p99", "p99Microseconds", "µs"],
  ["clientCpu", "clientCpuMicroseconds", "µs/message"],
];

/**
 * Measures all of it.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  const load = await context.attempt(name, "every server", () => cProgram("load"));
  if (load === undefined) return;
  const servers = await availableServers(context, name);
  const repetitions = context.quick ? 2 : 5;
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const each of CASES) {
      for (const server of servers) {
        context.progress(`${name} ${repetition}/${repetitions}: ${each.id} on ${server.runner}`);
        await context.attempt(name, server.runner, async () => {
          const answer = await once(server, each, load, context.quick ? 0.25 : 1);
          const key = { suite: name, case: each.id, runner: server.runner };
          for (const [metric, field, unit] of METRICS)
            context.measurements.add({ ...key, metric, unit }, answer[field]);
        });
      }
    }
  }
}

function echoCase({ connections, kibibytes, warmUp, messages }) {
  const count = connections === 1 ? "1 connection" : `${connections.toLocaleString("en-US")} connections`;
  const id = `${connections} × ${kibibytes} KiB`;
  return { id, title: `${count}, ${kibibytes} KiB`, connections, kibibytes, warmUp, messages };
}

async function once(server, { connections, kibibytes, warmUp, messages }, load, share) {
  const service = await startService(server.command, { env: server.env, core: 0 });
  try {
    const words = [service.line, connections, kibibytes * 1024, warmUp, Math.round(messages * share), service.pid].map(
      String,
    );
    return JSON.parse(await run([load, ...words], { core: connections === 1 ? 0 : 1 }));
  } finally {
    await service.stop();
  }
}

/**
 * One table for each case, the server with the least CPU marked.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements }) {
  const measured = CASES.filter(({ id }) => RUNNERS.some((runner) => measurements.find(name, id, runner, "cpu")));
  const tables = measured.map(({ id }) => {
    const cpu = (runner) => measurements.median(name, id, runner, "cpu");
    const runners = RUNNERS.filter((runner) => cpu(runner) !== undefined);
    const least = Math.min(...runners.filter((runner) => runner !== "C epoll").map(cpu));
    const rows = runners.map((runner) => [
      runner,
      figure(measurements.find(name, id, runner, "cpu")),
      ratio(cpu(runner), cpu("node:net")),
      ratio(cpu(runner), cpu("C epoll")),
      figure(measurements.find(name, id, runner, "rate")),
      number(measurements.median(name, id, runner, "p50")),
      number(measurements.median(name, id, runner, "p99")),
      cpu(runner) === least ? "least CPU of the loops" : "",
    ]);
    return table([id, "CPU µs/message", "÷ node:net", "÷ C", "messages/s", "p50 µs", "p99 µs", ""], rows);
  });
  return [
    "TCP echo: connections × message size; CPU of all the server's threads per message, from schedstat; median ± spread",
    ...tables,
  ].join("\n\n");
}

/**
 * The groups of the chart: small messages on the left, large ones on the right.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const half = CASES.length / 2;
  const groups = CASES.slice(0, half).flatMap((small, index) =>
    [small, CASES[half + index]].map(({ id, title }) => {
      const found = (runner) => measurements.find(name, id, runner, "cpu");
      const ours = found("wasyncio")?.median;
      const share = ours / found("node:net")?.median;
      return {
        title,
        note: ours === undefined ? "" : `${Math.round(share * 100)} % of node:net's CPU`,
        unit: "µs",
        bars: RUNNERS.map((runner) => ({ label: runner, found: found(runner) })),
      };
    }),
  );
  return [{ title: "TCP echo", subtitle: "server CPU per message, all threads, from schedstat", groups }];
}

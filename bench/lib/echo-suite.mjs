/**
 * What the echo benchmarks share: what a server pays for a message.
 *
 * Owns: which server answers how many connections with messages of which size, alternating, each time a fresh process; the
 * table and the chart of that. The server has core 0 to itself and the client core 1. With a single connection both share
 * core 0, because there waking another core costs more than everything that is measured.
 *
 * Does not own: the load and the sampling of the server's CPU; see `peers/load.c` and `peers/load_udp.c`. Nor the cases and the servers; see
 * `echo/suite.mjs`, `unix/suite.mjs` and `udp/suite.mjs`.
 */
import { cProgram } from "./c-programs.mjs";
import { run, startService } from "./child-process.mjs";
import { figure, number, ratio, table } from "./table.mjs";

const METRICS = [
  ["cpu", "serverCpuMicroseconds", "µs/message"],
  ["rate", "messagesPerSecond", "messages/s"],
  ["p50", "p50Microseconds", "µs"],
  ["p99", "p99Microseconds", "µs"],
  ["clientCpu", "clientCpuMicroseconds", "µs/message"],
];

const FLOOR = "C epoll";

/** One case: `messages` are those counted in one repetition, after the warm-up. */
export function echoCase({ connections, kibibytes, warmUp, messages }) {
  const count = connections === 1 ? "1 connection" : `${connections.toLocaleString("en-US")} connections`;
  const id = `${connections} × ${kibibytes} KiB`;
  return { id, title: `${count}, ${kibibytes} KiB`, connections, bytes: kibibytes * 1024, warmUp, messages };
}

/** A suite of such cases. */
export class EchoSuite {
  #name;
  #title;
  #cases;
  #runners;
  #findServers;
  #peer;
  #load;
  #unit;

  /**
   * @param {{ name: string, title: string, cases: ReturnType<typeof echoCase>[], runners: string[],
   *   findServers(context: import("./context.mjs").Context): Promise<{ runner: string, command: string[],
   *   env?: Record<string, string> }[]>, peer?: string, load?: string, unit?: string }} description the runners are the rows of the tables; a server's command prints
   *   where it listens, as the load generator of `peers/` wants it; `peer` is what of Node's wasyncio is compared with
   */
  constructor(description) {
    const { name, title, cases, runners, findServers } = description;
    this.#name = name;
    this.#title = title;
    this.#cases = cases;
    this.#runners = runners;
    this.#findServers = findServers;
    this.#peer = description.peer ?? "node:net";
    this.#load = description.load ?? "load";
    this.#unit = description.unit ?? "connections × message size";
  }

  /**
   * Measures all of it.
   *
   * @param {import("./context.mjs").Context} context
   */
  async measure(context) {
    const name = this.#name;
    const load = await context.attempt(name, "every server", () => cProgram(this.#load));
    if (load === undefined) return;
    const servers = await this.#findServers(context);
    const repetitions = context.quick ? 2 : 5;
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      for (const each of this.#cases) {
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

  /**
   * One table for each case, the server with the least CPU marked.
   *
   * @param {import("./context.mjs").Context} context
   * @returns {string}
   */
  report({ measurements }) {
    const name = this.#name;
    const isMeasured = ({ id }) => this.#runners.some((runner) => measurements.find(name, id, runner, "cpu"));
    const tables = this.#cases.filter(isMeasured).map(({ id }) => {
      const cpu = (runner) => measurements.median(name, id, runner, "cpu");
      const runners = this.#runners.filter((runner) => cpu(runner) !== undefined);
      const least = Math.min(...runners.filter((runner) => runner !== FLOOR).map(cpu));
      const rows = runners.map((runner) => [
        runner,
        figure(measurements.find(name, id, runner, "cpu")),
        ratio(cpu(runner), cpu(this.#peer)),
        ratio(cpu(runner), cpu(FLOOR)),
        figure(measurements.find(name, id, runner, "rate")),
        number(measurements.median(name, id, runner, "p50")),
        number(measurements.median(name, id, runner, "p99")),
        cpu(runner) === least ? "least CPU of the loops" : "",
      ]);
      return table([id, "CPU µs/message", `÷ ${this.#peer}`, "÷ C", "messages/s", "p50 µs", "p99 µs", ""], rows);
    });
    const head = `${this.#unit}; CPU of all the server's threads per message, from schedstat; median ± spread`;
    return [`${this.#title}: ${head}`, ...tables].join("\n\n");
  }

  /**
   * The section of the chart.
   *
   * @param {import("./measurements.mjs").Measurements} measurements
   * @param {ReturnType<typeof echoCase>[]} [cases] in the order of the groups, which stand two beside each other
   */
  chartSections(measurements, cases = this.#cases) {
    const groups = cases.map(({ id, title }) => {
      const found = (runner) => measurements.find(this.#name, id, runner, "cpu");
      const ours = found("wasyncio")?.median;
      const share = ours / found(this.#peer)?.median;
      return {
        title,
        note: ours === undefined ? "" : `${Math.round(share * 100)} % of ${this.#peer}'s CPU`,
        unit: "µs",
        bars: this.#runners.map((runner) => ({ label: runner, found: found(runner) })),
      };
    });
    return [{ title: this.#title, subtitle: "server CPU per message, all threads, from schedstat", groups }];
  }
}

async function once(server, { connections, bytes, warmUp, messages }, load, share) {
  const service = await startService(server.command, { env: server.env, core: 0 });
  try {
    const words = [service.line, connections, bytes, warmUp, Math.round(messages * share), service.pid].map(String);
    return JSON.parse(await run([load, ...words], { core: connections === 1 ? 0 : 1 }));
  } finally {
    await service.stop();
  }
}

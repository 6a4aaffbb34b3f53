/**
 * The echo servers compared, in the echo and the idle benchmark.
 *
 * Owns: how each is started. All listen on a free port of 127.0.0.1 with a backlog of 4,096, set TCP_NODELAY, and print the port.
 *
 * Does not own: the servers' code: `peers/` and `echo/wasyncio.mjs`.
 */
import { join } from "node:path";
import { cProgram } from "./c-programs.mjs";
import { BENCH } from "./folders.mjs";

/**
 * Those that can run here; the others are noted with their reasons.
 *
 * @param {import("./context.mjs").Context} context
 * @param {string} suite who asks
 * @param {number} [farTimerSeconds] each also arms a timer that far away; the C server, which has none, is left out
 * @returns {Promise<{ runner: string, command: string[], env?: Record<string, string> }[]>}
 */
export async function availableServers(context, suite, farTimerSeconds) {
  const { python } = context;
  const words = farTimerSeconds === undefined ? [] : [String(farTimerSeconds)];
  const servers = [];
  if (farTimerSeconds === undefined) servers.push({ runner: "C epoll", command: [await cProgram("echo_epoll")] });
  for (const runner of ["uvloop", "asyncio"]) {
    if (!context.takesPart(suite, runner)) continue;
    servers.push({ runner, command: python.command("echo.py", runner, ...words), env: python.env });
  }
  servers.push({ runner: "node:net", command: [process.execPath, join(BENCH, "peers", "echo-node.mjs"), ...words] });
  if (context.takesPart(suite, "wasyncio")) {
    servers.push({ runner: "wasyncio", command: [process.execPath, join(BENCH, "echo", "wasyncio.mjs"), ...words] });
  }
  return servers;
}

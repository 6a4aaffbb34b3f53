/**
 * The echo benchmark on TLS.
 *
 * Owns: its case and its servers, each of which listens on a free port of 127.0.0.1 and prints it; the certificate that all of them
 * show, which openssl makes anew for each run.
 *
 * Does not own: how they are measured; see `lib/echo-suite.mjs` and `peers/load_tls.c`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/child-process.mjs";
import { EchoSuite, echoCase } from "../lib/echo-suite.mjs";
import { BENCH, CACHE } from "../lib/folders.mjs";

export const name = "tls";

const CASES = [echoCase({ connections: 50, kibibytes: 1, warmUp: 20_000, messages: 100_000 })];

const suite = new EchoSuite({
  name,
  title: "TLS echo",
  cases: CASES,
  runners: ["uvloop", "wasyncio", "node:tls", "asyncio"],
  findServers,
  peer: "node:tls",
  load: "load_tls",
});

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function findServers(context) {
  const { python } = context;
  const files = await context.attempt(name, "every server", makeCertificate);
  if (files === undefined) return [];
  const servers = ["uvloop", "asyncio"]
    .filter((runner) => context.takesPart(name, runner))
    .map((runner) => ({ runner, command: python.command("echo.py", runner, ...files), env: python.env }));
  for (const [runner, script] of [
    ["node:tls", join("peers", "echo-tls-node.mjs")],
    ["wasyncio", join("tls", "wasyncio.mjs")],
  ]) {
    if (!context.takesPart(name, runner)) continue;
    servers.push({ runner, command: [process.execPath, join(BENCH, script), ...files] });
  }
  return servers;
}

/** Answers the files of a certificate and of its key. */
async function makeCertificate() {
  const folder = join(CACHE, "bench");
  mkdirSync(folder, { recursive: true });
  const [certificate, key] = [join(folder, "tls.pem"), join(folder, "tls.key")];
  const files = ["-keyout", key, "-out", certificate];
  await run(["openssl", "req", "-x509", ...KEY, ...files, "-days", "2", "-subj", "/CN=localhost"]);
  return [certificate, key];
}

/** Measures all of it. */
export const measure = (context) => suite.measure(context);

/** One table for each case. */
export const report = (context) => suite.report(context);

/** The groups of the chart. */
export const chartSections = (measurements) => suite.chartSections(measurements);

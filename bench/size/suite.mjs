/**
 * The size benchmark: what it costs to have wasyncio at all.
 *
 * Owns: the bytes of the core and of the package, and the time from starting a process to the end of its first loop over that
 * of a process that does nothing.
 *
 * Does not own: building. `npm run bench` builds first.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/child-process.mjs";
import { BENCH, PROJECT } from "../lib/folders.mjs";
import { number, table } from "../lib/table.mjs";

export const name = "size";

const PROCESSES = 20;

/**
 * Measures all of it.
 *
 * @param {import("../lib/context.mjs").Context} context
 */
export async function measure(context) {
  if (!context.takesPart(name, "wasyncio")) return;
  const add = (caseName, metric, unit, sample) =>
    context.measurements.add({ suite: name, case: caseName, runner: "wasyncio", metric, unit }, sample);
  context.progress(`${name}: core.wasm and the package`);
  add("core.wasm", "bytes", "bytes", statSync(join(PROJECT, "dist", "core.wasm")).size);
  const [packed] = JSON.parse(await run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: PROJECT }));
  add("package, packed", "bytes", "bytes", packed.size);
  add("package, unpacked", "bytes", "bytes", packed.unpackedSize);
  for (let process = 1; process <= PROCESSES; process++) {
    context.progress(`${name}: first loop ${process}/${PROCESSES}`);
    const bare = await startToEndMs("bare.mjs");
    const first = await startToEndMs("first-loop.mjs");
    add("bare node", "wall", "ms", bare);
    add("import and first loop", "wall", "ms", first);
    add("import and first loop over bare node", "wall", "ms", first - bare);
  }
}

async function startToEndMs(script) {
  const began = performance.now();
  await run([process.execPath, join(BENCH, "size", script)]);
  return performance.now() - began;
}

/**
 * One table.
 *
 * @param {import("../lib/context.mjs").Context} context
 * @returns {string}
 */
export function report({ measurements }) {
  const rows = measurements
    .list()
    .filter((entry) => entry.suite === name)
    .map((entry) => [entry.case, number(entry.median), entry.unit, `${Math.round(entry.spread * 100)}%`]);
  return [`Size, and the time of a fresh process, median of ${PROCESSES}`, "", table(["", "", "", "±"], rows)].join(
    "\n",
  );
}

/**
 * The group of the chart: time only, since bytes have no peer to stand beside.
 *
 * @param {import("../lib/measurements.mjs").Measurements} measurements
 */
export function chartSections(measurements) {
  const bars = [
    { label: "bare node", found: measurements.find(name, "bare node", "wasyncio", "wall") },
    { label: "wasyncio", found: measurements.find(name, "import and first loop", "wasyncio", "wall") },
  ];
  const groups = [{ title: "import and first loop", note: "", unit: "ms", bars }];
  return [{ title: "Start", subtitle: "a fresh process from start to end", groups }];
}

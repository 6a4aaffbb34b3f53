/**
 * Ten million futures, tasks and timers, made and dropped in every state: what is left after a hundred thousand, a million, five and ten.
 *
 *   node --expose-gc out/test/soak/ten-million.js [MILLIONS]
 *
 * Takes some minutes. Exit code 1 if more is left after the last than after the first. What RSS still gains is V8's young generation:
 * with `--max-semi-space-size=2` it stays where it was, and everything takes longer.
 */

import { whatGrew } from "./growth.js";
import { type Left, Soak } from "./soak.js";

const MILLION = 1_000_000;
const millions = Number(process.argv[2] ?? 10);
const totals = [...new Set([0.1, 1, 5, millions].filter((total) => total <= millions))];

const soak = new Soak();
const start = performance.now();
const lines: Left[] = [];
for (const total of totals) {
  await soak.make(total * MILLION, showProgress);
  lines.push(await soak.measure());
}
soak.close();

clearProgress();
console.table(lines.map(describeLeft));
const seconds = (performance.now() - start) / 1000;
console.log(`${seconds.toFixed(0)} s on Node ${process.version}; ${withCommas(soak.reported)} errors were reported`);
const grown = whatGrew(lines[0] as Left, lines.at(-1) as Left);
console.log(grown.length === 0 ? "nothing is left" : grown.join("\n"));
process.exitCode = grown.length === 0 ? 0 : 1;

function describeLeft(left: Left): Record<string, string> {
  return {
    made: withCommas(left.made),
    "live slots": withCommas(left.liveSlots),
    "cancelled timers": withCommas(left.cancelledTimers),
    "Wasm bytes": withCommas(left.wasmBytes),
    "heap used": megabytes(left.heapBytes),
    RSS: megabytes(left.rssBytes),
  };
}

function showProgress(made: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${withCommas(made)} of ${withCommas(millions * MILLION)}`);
}

function clearProgress(): void {
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
}

function withCommas(number: number): string {
  return number.toLocaleString("en-US");
}

function megabytes(bytes: number): string {
  return `${(bytes / MILLION).toFixed(1)} MB`;
}

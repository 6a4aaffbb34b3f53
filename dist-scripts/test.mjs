/**
 * The test command: `npm test`, `npm test -- PATTERN…`, `npm test -- --debug`.
 *
 * Builds, lints, runs the core's own tests under wasmtime and each other *.test.ts in a Node process of its own, two at a time.
 * A pattern is a part of a path: only the files that contain one of them are run ("lint" stands for the linter). `--debug` runs the
 * tests with WASYNCIODEBUG=1, in which every loop is in debug mode. The last line is `N passed, N failed`, with `, N skipped` where
 * there are such; the exit code is 0 only when something ran and nothing failed.
 *
 * Does not own: how a core test runs (`core-tests.mjs`), or a uvu file (`uvu-file.mjs`).
 */
import { build } from "./build.mjs";
import { coreTestFiles, runCoreTest } from "./core-tests.mjs";
import { compiledFile, fromRoot, listFiles } from "./files.mjs";
import { lint } from "./lint.mjs";
import { runAll } from "./processes.mjs";
import { BuildError } from "./steps.mjs";
import { runUvuFile } from "./uvu-file.mjs";
import { findWasmtime, WasmtimeMissing } from "./wasmtime.mjs";

const timeoutMs = 120_000;
const filesAtOnce = 2;

const words = process.argv.slice(2);
const patterns = words.filter((word) => !word.startsWith("--"));
const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
if (words.includes("--debug")) env.WASYNCIODEBUG = "1";

const totals = { passed: 0, failed: 0, skipped: 0 };
const failedNames = [];

try {
  await build();
  await runAll(await chooseJobs(), filesAtOnce, runJob);
} catch (error) {
  if (!(error instanceof BuildError || error instanceof WasmtimeMissing)) throw error;
  console.log(error.message);
  totals.failed++;
}
printSummary();

/** Everything to run that a pattern chooses, as `{ name, work }`. */
async function chooseJobs() {
  const coreFiles = coreTestFiles().filter(isChosen);
  const wasmtime = coreFiles.length > 0 ? await findWasmtime() : undefined;
  if (wasmtime) console.log(`core tests run under ${wasmtime.name}`);
  const uvuFiles = listFiles("test", /\.test\.ts$/)
    .map(fromRoot)
    .filter((file) => isChosen(file) && !file.startsWith("test/core/"));
  return [
    ...["lint"].filter(isChosen).map((name) => ({ name, work: runLint })),
    ...coreFiles.map((name) => ({ name, work: () => runCoreTest(name, wasmtime, timeoutMs) })),
    ...uvuFiles.map((name) => ({ name, work: () => runUvuFile(compiledFile(name), env, timeoutMs) })),
  ];
}

function isChosen(name) {
  return patterns.length === 0 || patterns.some((pattern) => name.includes(pattern));
}

async function runLint() {
  const { ok, output } = await lint();
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, output };
}

async function runJob({ name, work }) {
  const started = performance.now();
  const { passed, failed, skipped, output } = await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
  const skips = skipped > 0 ? ` ${skipped} skipped` : "";
  const counts = `${String(passed).padStart(4)} passed ${String(failed).padStart(3)} failed${skips}`;
  console.log(`${failed > 0 ? "FAIL" : "ok  "} ${counts} ${seconds.padStart(6)} s  ${name}`);
  if (failed > 0) {
    failedNames.push(name);
    console.log(output.trimEnd().replace(/^/gm, "     | "));
  }
}

function printSummary() {
  if (failedNames.length > 0) console.log(`\nfailed:\n${failedNames.map((name) => `  ${name}`).join("\n")}`);
  if (totals.passed + totals.failed === 0) console.log(`nothing ran: no test's path contains ${patterns.join(" or ")}`);
  const skips = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${skips}`);
  process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

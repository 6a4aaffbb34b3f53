/**
 * One test file of the host: compiled by tsc, run by `test.run()` of uvu in a Node process of its own.
 *
 * Owns: the command line, and reading uvu's counts. uvu exits 0 when a file forgets `test.run()`, so the counts decide as much as
 * the exit code: something must have run, and all that ran must have passed. (What is skipped is not in uvu's total.)
 *
 * Does not own: which files (`test.mjs`).
 */
import { run } from "./processes.mjs";

/**
 * Runs one test file. `gc()` is there, for tests of what is left behind.
 *
 * @param script the compiled file
 * @returns `{ passed, failed, skipped, output }`
 */
export async function runUvuFile(script, env, timeoutMs) {
  const { code, signal, output, timedOut } = await run("node", ["--expose-gc", script], { env, timeoutMs });
  const total = lastCount(output, "Total");
  const passed = lastCount(output, "Passed");
  const skipped = lastCount(output, "Skipped");
  const failed = total - passed;
  const reason = whatIsWrong({ code, signal, timedOut, total, failed, timeoutMs });
  if (!reason) return { passed, failed: 0, skipped, output };
  return { passed, failed: Math.max(1, failed), skipped, output: `${output}\n${reason}` };
}

function whatIsWrong({ code, signal, timedOut, total, failed, timeoutMs }) {
  if (timedOut) return `no end after ${timeoutMs / 1000} s`;
  if (signal) return `ended by ${signal}`;
  if (total === 0) return `exit code ${code}, and no test ran: does the file call test.run()?`;
  if (failed !== 0) return `${failed} of ${total} failed`;
  if (code !== 0) return `all tests passed, but the exit code is ${code}`;
  return undefined;
}

function lastCount(output, name) {
  const counts = [...output.matchAll(new RegExp(`^ {2}${name}: +(\\d+)$`, "gm"))];
  return Number(counts.at(-1)?.[1] ?? 0);
}

/**
 * What the kernel says of a running process.
 *
 * Owns: reading `/proc`. Linux only, as the servers measured are.
 *
 * Does not own: the CPU of the echo benchmark, which its load generator samples at the exact moments.
 */
import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time of all its threads so far.
 *
 * @param {number} pid
 * @returns {number} ms
 */
export function cpuMs(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e6;
}

/**
 * The memory it has resident now, in bytes.
 *
 * @param {number} pid
 * @returns {number}
 */
export function residentBytes(pid) {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(kilobytes[1]) * 1024;
}

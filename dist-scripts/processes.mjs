/**
 * Running other programs.
 *
 * Owns: starting one in a process group of its own, collecting what it prints, and ending the group: when its time is up, when the
 * program has ended but left something running, and when this process ends.
 *
 * Does not own: which programs, nor what their output means.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./files.mjs";

const groups = new Set();

process.once("exit", () => {
  for (const group of groups) killGroup(group);
});
for (const [signal, number] of [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
]) {
  process.once(signal, () => process.exit(128 + number));
}

/**
 * Runs a program to its end and collects its output.
 *
 * @param command a program, or "node" for the Node that runs this script
 * @param options.timeoutMs after which the program and its children are killed
 * @returns `{ code, signal, stdout, output, timedOut, ms }`, where output is stdout and stderr as they came; a program that cannot be
 *   started answers code 127
 */
export function run(command, args, { cwd = root, env = process.env, timeoutMs = 600_000 } = {}) {
  const program = command === "node" ? process.execPath : command;
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid) groups.add(child.pid);
    let stdout = "";
    let output = "";
    let timedOut = false;
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    const finish = (code, signal) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      resolve({ code, signal, stdout, output, timedOut, ms: performance.now() - started });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      finish(127, null);
    });
    // What it left running would hold the pipes open, and "close" would wait for that.
    child.on("exit", () => killGroup(child.pid));
    child.on("close", finish);
  });
}

/** The path of a program that a development dependency brings. */
export function localProgram(name) {
  return join(root, "node_modules", ".bin", name);
}

/** Runs `work` on each item, `width` at a time, in order of the list. */
export async function runAll(items, width, work) {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

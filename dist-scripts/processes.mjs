/**
 * Running other programs.
 *
 * Owns: starting one, collecting what it prints, ending it (and what it started) when its time is up.
 *
 * Does not own: which programs, nor what their output means.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./files.mjs";

/**
 * Runs a program to its end and collects its output.
 *
 * @param command a program, or "node" for the Node that runs this script
 * @param options.timeoutMs after which the program and its children are killed
 * @param options.inherit true: the output goes to the terminal and is not collected
 * @returns `{ code, signal, output, timedOut, ms }`; a program that cannot be started answers code 127
 */
export function run(command, args, { cwd = root, env = process.env, timeoutMs = 600_000, inherit = false } = {}) {
  const program = command === "node" ? process.execPath : command;
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", inherit ? "inherit" : "pipe", inherit ? "inherit" : "pipe"],
    });
    let output = "";
    let timedOut = false;
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout?.setEncoding("utf8").on("data", collect);
    child.stderr?.setEncoding("utf8").on("data", collect);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    const finish = (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, timedOut, ms: performance.now() - started });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      finish(127, null);
    });
    // A grandchild that outlives the child may hold the pipes open, so "close" alone could wait for ever.
    child.on("exit", (code, signal) => {
      const grace = setTimeout(() => finish(code, signal), 2000);
      child.on("close", () => {
        clearTimeout(grace);
        finish(code, signal);
      });
    });
  });
}

/** The path of a program that a development dependency brings. */
export function localProgram(name) {
  return join(root, "node_modules", ".bin", name);
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended between the timer and here.
  }
}

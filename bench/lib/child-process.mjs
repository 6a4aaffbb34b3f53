/**
 * Running a peer: to its end, or as a server that is stopped again.
 *
 * Owns: the processes it starts, the core they are pinned to, and the number of files they may open.
 *
 * Does not own: what they print.
 */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const START_TIMEOUT_MS = 20_000;

const tasksetMissing = (() => {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "taskset is not on this machine (package util-linux): nothing is pinned to a core";
  }
})();

/** Why processes are not pinned, or undefined when they are. */
export const notPinned = tasksetMissing;

/**
 * Runs a program to its end.
 *
 * @param {string[]} command program and arguments
 * @param {{ env?: NodeJS.ProcessEnv, core?: number, cwd?: string }} [options] `core` pins it where taskset exists
 * @returns {Promise<string>} what it wrote to standard output
 * @throws {Error} with its standard error when it ends with another code than 0
 */
export async function run(command, options = {}) {
  const child = start(command, options, "ignore");
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  const failure = await ended(child);
  if (failure !== undefined) throw new Error(`${command.join(" ")} ${failure}`);
  return output;
}

/**
 * Starts a program that prints a line when it is ready and then runs until it is told to end.
 *
 * @param {string[]} command program and arguments
 * @param {{ env?: NodeJS.ProcessEnv, core?: number }} [options] as for `run`
 * @returns {Promise<{ pid: number, line: string, ask(text: string): Promise<string>, stop(): Promise<void> }>} `line` is what
 *   it printed; `ask` writes a line to it and answers the next line it prints
 * @throws {Error} with its standard error when it ends first
 */
export async function startService(command, options = {}) {
  const child = start(command, options, "pipe");
  const end = ended(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    let timer;
    const tooLate = new Promise((resolve) => {
      timer = setTimeout(resolve, START_TIMEOUT_MS, "printed nothing for 20 s");
    });
    const line = await Promise.race([lines.next().then(({ value, done }) => (done ? end : { value })), tooLate]);
    clearTimeout(timer);
    if (line?.value === undefined) {
      child.kill("SIGKILL");
      throw new Error(`${command.join(" ")} ${line ?? "ended early"}`);
    }
    return line.value;
  };
  return {
    pid: child.pid,
    line: await nextLine(),
    ask(text) {
      child.stdin.write(`${text}\n`);
      return nextLine();
    },
    async stop() {
      child.kill("SIGKILL");
      await end;
    },
  };
}

function start(command, { env, core, cwd }, stdin) {
  const pinned = core === undefined || tasksetMissing ? command : ["taskset", "-c", String(core), ...command];
  // The shell raises the soft limit on open files to the hard one, then becomes the program: the pid stays the same.
  const child = spawn("/bin/sh", ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...pinned], {
    env: { ...process.env, ...env },
    cwd,
    stdio: [stdin, "pipe", "pipe"],
  });
  child.stdout.setEncoding("utf8");
  return child;
}

/** Resolves to undefined after an end with code 0, and otherwise to words that say how it ended. */
function ended(child) {
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaint = (complaint + text).slice(-4000);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(`ended with ${signal ?? `code ${code}`}\n${complaint}`.trimEnd());
    });
  });
}

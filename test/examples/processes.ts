/**
 * Running the examples as users do: built, each in a Node process of its own.
 *
 * Owns: starting one, collecting what it prints, and seeing to it that none outlives its test.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What a process printed, and how it ended. */
export interface Ended {
  stdout: string;
  /** Without the warnings of slow callbacks: in debug mode, on a machine that is busy, any callback may be slow. */
  stderr: string;
  /** The exit code, or the name of the signal that ended it. */
  ending: number | NodeJS.Signals;
}

/** A program that runs. Its stdin is an open pipe. */
export class Program {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { cwd: root });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(child, "close").then(([code, signal]) => ({
      stdout: this.stdout,
      stderr: this.stderr.replace(/^Executing .* took [\d.]+ seconds\n/gm, ""),
      ending: code ?? signal,
    }));
  }

  /** The first match of a pattern in what it prints. Rejects when the program ends without printing it. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      const ended = await Promise.race([once(this.#child.stdout, "data"), this.ended]);
      if ("ending" in ended && !pattern.test(this.stdout)) {
        throw new Error(`it ended without printing ${pattern}:\n${this.stdout}${this.stderr}`);
      }
    }
  }

  /** Gives it the last of its input, and closes its stdin. */
  endInput(input = ""): void {
    this.#child.stdin.end(input);
  }

  /** Sends it a signal; a program that has ended does not mind. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Starts an example, by its name. */
export function startExample(name: string, ...args: string[]): Program {
  return new Program(process.execPath, [`out/examples/${name}.js`, ...args]);
}

/** Runs an example to its end. */
export function runExample(name: string, ...args: string[]): Promise<Ended> {
  return startExample(name, ...args).ended;
}

/** Runs a program to its end. */
export function runProgram(command: string, ...args: string[]): Promise<Ended> {
  return new Program(command, args).ended;
}

/** Whether there is such a program on PATH. */
export async function hasProgram(command: string): Promise<boolean> {
  return (await runProgram("sh", "-c", `command -v ${command}`)).ending === 0;
}

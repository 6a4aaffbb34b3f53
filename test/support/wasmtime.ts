/** Python programs that have the wasmtime of the core's own tests. */
import { script } from "../tidy/repository.js";

type Env = NodeJS.ProcessEnv;

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

const { findWheel } = await script<{ findWheel(): Promise<{ command: string; env: Env }> }>("wasmtime.mjs");
const { run } = await script<{
  run(command: string, args: readonly string[], options: { env: Env }): Promise<Ended>;
}>("processes.mjs");
const { command, env } = await findWheel();

/** Runs a program to its end, in the root of the repository. Where there is no wasmtime, whoever imports this file fails. */
export function runPython(file: string, ...args: string[]): Promise<Ended> {
  return run(command, [file, ...args], { env });
}

/**
 * Runs a short program in a Node of its own, to see how it ends.
 *
 * Owns: starting it with the same Node and waiting. Does not own: the program, which is the text of an ES module; its
 * imports begin at the compiled tree, as in `import { x } from "host/sys/fd.js"`.
 */
import { spawn } from "node:child_process";

/** How a program ended and what it printed. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

const ROOT = new URL("../../", import.meta.url).href;

/** Puts the place of the compiled tree into the imports of a program. */
export function located(program: string): string {
  return program.replaceAll(/(from |import\()"((?:host|test|assembly)\/)/g, `$1"${ROOT}$2`);
}

/**
 * Runs a program to its end. Its output is what it wrote to both streams, trimmed.
 *
 * @param env what its environment has beside ours
 */
export function runProgram(
  program: string,
  onOutput?: (output: string, pid: number) => void,
  env: NodeJS.ProcessEnv = {},
): Promise<Ending> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", located(program)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput?.(output, child.pid as number);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, output: output.trim() }));
  });
}

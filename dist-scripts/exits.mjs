/**
 * The ways a process can end: the programs of test/exits/, each with its expected end in its first lines.
 *
 *     // expect: code=1 signal=null
 *     // prints: boom
 *
 * Owns: listing the programs, running one with a given Node, and comparing. `prints` is optional: words that the output must contain,
 * so that exit code 1 by the expected throw is told from exit code 1 by anything else. A file without `expect` is a part of a program.
 *
 * Does not own: which versions of Node (`matrix.mjs` takes several, `test/exits/exits.test.ts` the one it runs on).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { compiledFile, fromRoot, listFiles } from "./files.mjs";
import { run } from "./processes.mjs";

const timeoutMs = 30_000;

/** Every program, as `{ name, script, code, signal, prints }`. */
export function listScenarios() {
  return listFiles("test/exits", /\.ts$/).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const expected = /^\/\/ expect: code=(\d+|null) signal=(\w+)$/m.exec(text);
    if (!expected) return [];
    return [
      {
        name: basename(file, ".ts"),
        script: compiledFile(fromRoot(file)),
        code: expected[1] === "null" ? null : Number(expected[1]),
        signal: expected[2] === "null" ? null : expected[2],
        prints: /^\/\/ prints: (.+)$/m.exec(text)?.[1] ?? "",
      },
    ];
  });
}

/**
 * Runs one program.
 *
 * @param node the file of a Node
 * @returns `{ ok, what, output }`, where what says in a few words how it ended
 */
export async function runScenario(node, { script, code, signal, prints }) {
  const ended = await run(node, [script], { timeoutMs });
  const what = ended.timedOut ? "did not end" : (ended.signal ?? `code ${ended.code}`);
  const printed = ended.output.includes(prints);
  const ok = !ended.timedOut && ended.code === code && ended.signal === signal && printed;
  return { ok, what: printed ? what : `${what}, no "${prints}"`, output: ended.output };
}

/**
 * Programs that a page of the documentation shows, each with what it prints.
 *
 * Owns: finding them, compiling them as a user's would be, against dist/, and running them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, root, runProgram } from "./processes.js";

/** One program, and the lines of text that follow it. */
export interface ShownProgram {
  readonly name: string;
  readonly code: string;
  readonly output: string;
  /** The same in Python, where the page has it. */
  readonly python: string | null;
}

/** A task tree says more in debug mode. */
const WITHOUT_DEBUG_MODE = ["-u", "WASYNCIODEBUG", "-u", "PYTHONASYNCIODEBUG"];

/** The programs of a page. */
export function programsOf(page: string): ShownProgram[] {
  const text = readFileSync(`${root}${page}`, "utf8");
  const shown = text.matchAll(/(?:```python\n([^`]*)```\n\n)?```ts\n(.*?)```\n\n```text\n(.*?)```/gs);
  return [...shown].map(([, python, code = "", output = ""], index) => ({
    name: `program-${index + 1}`,
    code,
    output,
    python: python ?? null,
  }));
}

/** Tests that every program of a page is followed by its output, and compiles, in strict mode; and that it prints that. */
export function testPrograms(suite: Test, page: string, count: number): void {
  const folder = `.cache/shown/${page.replace(/\W/g, "-")}`;
  const programs = programsOf(page);

  suite.before(() => {
    rmSync(`${root}${folder}`, { recursive: true, force: true });
    mkdirSync(`${root}${folder}`, { recursive: true });
    for (const { name, code } of programs) writeFileSync(`${root}${folder}/${name}.ts`, code);
    const options = {
      extends: "../../../tsconfig.json",
      compilerOptions: { outDir: ".", rootDir: ".", declaration: false, paths: {} },
    };
    writeFileSync(`${root}${folder}/tsconfig.json`, JSON.stringify({ ...options, include: ["*.ts"], exclude: [] }));
  });

  suite("shows code and what it prints", () => {
    assert.is(programs.length, count);
    const blocks = readFileSync(`${root}${page}`, "utf8").match(/```ts\n/g) ?? [];
    assert.is(blocks.length, programs.length, "every program is followed by its output");
  });

  suite("has code that compiles in strict mode", async () => {
    const { stdout, ending } = await runProgram("node_modules/.bin/tsc", "-p", folder);
    assert.is(stdout, "");
    assert.is(ending, 0);
  });

  for (const { name, code, output } of programs) {
    suite(`has code that prints ${JSON.stringify(output.split("\n", 1)[0])}`, async () => {
      assert.ok(code.length > 0);
      assert.equal(await runWithoutDebugMode(process.execPath, `${folder}/${name}.js`), printing(output));
    });
  }
}

/** How a program ends that prints this and nothing else. */
export function printing(output: string): Ended {
  return { stdout: output, stderr: "", ending: 0 };
}

/** Runs a program as most users run theirs. */
export function runWithoutDebugMode(command: string, ...args: string[]): Promise<Ended> {
  return runProgram("env", ...WITHOUT_DEBUG_MODE, command, ...args);
}

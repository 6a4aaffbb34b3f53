/**
 * The code in README.md compiles as a user's would, against dist/, and prints what README.md says.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root, runProgram } from "./processes.js";

const folder = ".cache/readme";
/** Each program, and the lines of text that follow it. */
const programs = [...readFileSync(`${root}README.md`, "utf8").matchAll(/```ts\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, code = "", output = ""], index) => ({ name: `program-${index + 1}`, code, output }),
);

/** In which the task tree says more. */
const WITHOUT_DEBUG_MODE = ["-u", "WASYNCIODEBUG", "-u", "PYTHONASYNCIODEBUG"];

const readme = suite("README.md");

readme.before(() => {
  rmSync(`${root}${folder}`, { recursive: true, force: true });
  mkdirSync(`${root}${folder}`, { recursive: true });
  for (const { name, code } of programs) writeFileSync(`${root}${folder}/${name}.ts`, code);
  const options = {
    extends: "../../tsconfig.json",
    compilerOptions: { outDir: ".", rootDir: ".", declaration: false, paths: {} },
  };
  writeFileSync(`${root}${folder}/tsconfig.json`, JSON.stringify({ ...options, include: ["*.ts"], exclude: [] }));
});

readme("shows code and what it prints", () => {
  assert.is(programs.length, 7);
  const blocks = readFileSync(`${root}README.md`, "utf8").match(/```ts\n/g) ?? [];
  assert.is(blocks.length, programs.length, "every program is followed by its output");
});

readme("has code that compiles in strict mode", async () => {
  const { stdout, ending } = await runProgram("node_modules/.bin/tsc", "-p", folder);
  assert.is(stdout, "");
  assert.is(ending, 0);
});

for (const { name, code, output } of programs) {
  readme(`has code that prints ${JSON.stringify(output.split("\n", 1)[0])}`, async () => {
    assert.ok(code.length > 0);
    const ended = await runProgram("env", ...WITHOUT_DEBUG_MODE, process.execPath, `${folder}/${name}.js`);
    assert.equal(ended, { stdout: output, stderr: "", ending: 0 });
  });
}

readme.run();

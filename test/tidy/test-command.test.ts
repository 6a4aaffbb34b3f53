/** The test command cannot pass by accident: whatever keeps a test from running counts as a failure. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { root, script } from "./repository.js";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
}

const { runUvuFile } = await script<{
  runUvuFile(script: string, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<Counts>;
}>("uvu-file.mjs");
const { countCoreTest } = await script<{
  countCoreTest(ended: { code: number | null; stdout: string; output: string }): Counts;
}>("core-tests.mjs");
const { findWasmtime } = await script<{
  findWasmtime(options: { env: NodeJS.ProcessEnv; folder: string }): Promise<unknown>;
}>("wasmtime.mjs");

const command = suite<{ folder: string }>("test command");

command.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "wasyncio-test-command-"));
});

command.after(({ folder }) => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the text of a test file in which `test` is uvu's, and `assert` its assertions. */
function runText(folder: string, text: string, timeoutMs = 30_000): Promise<Counts> {
  const uvu = JSON.stringify(join(root, "node_modules/uvu/dist/index.mjs"));
  const file = join(folder, `${Math.abs(hash(text))}.mjs`);
  writeFileSync(file, `import { test } from ${uvu};\n${text}`);
  return runUvuFile(file, { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1" }, timeoutMs);
}

function hash(text: string): number {
  return [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 0);
}

command("a passing file counts what passed and what was skipped", async ({ folder }) => {
  const text = 'test("a", () => {}); test("b", () => {}); test.skip("c", () => {}); test.run();';
  const { passed, failed, skipped } = await runText(folder, text);
  assert.equal({ passed, failed, skipped }, { passed: 2, failed: 0, skipped: 1 });
});

command("a failing test counts, and so do those beside it", async ({ folder }) => {
  const text = 'test("a", () => {}); test("b", () => { throw new Error("boom"); }); test.run();';
  const { passed, failed, output } = await runText(folder, text);
  assert.equal({ passed, failed }, { passed: 1, failed: 1 });
  assert.match(output, /boom/);
});

for (const [name, text, reason] of [
  ["forgets test.run()", 'test("a", () => {});', /no test ran/],
  ["has no test", "test.run();", /no test ran/],
  ["throws before its first test", 'throw new Error("boom");', /boom/],
  ["never settles", 'test("a", () => new Promise(() => {})); test.run();', /no test ran|failed/],
  ["ends by a signal", 'test("a", () => process.kill(process.pid, "SIGKILL")); test.run();', /ended by SIGKILL/],
  [
    "sets an exit code",
    'test("a", () => {}); test.run(); process.on("exit", () => { process.exitCode = 3; });',
    /code is 3/,
  ],
  ["exits early", 'test("a", () => process.exit(0)); test.run();', /no test ran/],
] as const) {
  command(`a file that ${name} fails`, async ({ folder }) => {
    const { failed, output } = await runText(folder, text);
    assert.ok(failed > 0);
    assert.match(output, reason);
  });
}

command("a file that does not end is ended, and fails", async ({ folder }) => {
  const { failed, output } = await runText(
    folder,
    'test("a", () => {}); test.run(); setInterval(() => {}, 1000);',
    3000,
  );
  assert.ok(failed > 0);
  assert.match(output, /no end after 3 s/);
});

command("a core test passes when its lines, its plan, its counts and its exit code agree", () => {
  const stdout = "ok 1 - a\nok 2 - b\n1..2\n2 passed, 0 failed\n";
  assert.is(countCoreTest({ code: 0, stdout, output: stdout }).passed, 2);
  assert.is(countCoreTest({ code: 0, stdout, output: stdout }).failed, 0);
});

for (const [name, code, stdout] of [
  ["prints nothing", 0, ""],
  ["traps on the way", 134, "ok 1 - a\n"],
  ["has no test", 0, "1..0\n0 passed, 0 failed\n"],
  ["reports a failure", 1, "ok 1 - a\nnot ok 2 - b\n1..2\n1 passed, 1 failed\n"],
  ["reports a failure and exits 0", 0, "not ok 1 - b\n1..1\n0 passed, 1 failed\n"],
  ["exits 1 and reports none", 1, "ok 1 - a\n1..1\n1 passed, 0 failed\n"],
  ["prints fewer lines than it counts", 0, "ok 1 - a\n1..2\n2 passed, 0 failed\n"],
] as const) {
  command(`a core test that ${name} fails`, () => {
    assert.ok(countCoreTest({ code, stdout, output: stdout }).failed > 0);
  });
}

command("no wasmtime, and no way to get one, is an error that says what to do", async ({ folder }) => {
  try {
    await findWasmtime({ env: { PATH: folder }, folder: join(folder, "wheel") });
    assert.unreachable("found a wasmtime where there is none");
  } catch (error) {
    assert.match((error as Error).message, /under wasmtime, and there is none/);
    assert.match((error as Error).message, /put a wasmtime program on PATH/);
  }
});

command.run();

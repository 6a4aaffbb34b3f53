/**
 * The core's own tests: test/core/*.test.ts, compiled to WASI commands and run under wasmtime.
 *
 * Owns: compiling one (when it is out of date), the check of its imports, running it twice, and reading its counts. A command that
 * imports no more than `fd_write` and `proc_exit` can learn nothing from outside, so two runs must print the same.
 *
 * Does not own: finding wasmtime (`wasmtime.mjs`) and the checks in the tests (`test/core/tap.ts`).
 */
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildFolder, fromRoot, listFiles } from "./files.mjs";
import { run } from "./processes.mjs";
import { BuildError, runTool, step } from "./steps.mjs";

const allowedImports = ["wasi_snapshot_preview1.fd_write", "wasi_snapshot_preview1.proc_exit"];

/** The test files, from the root of the repository. */
export function coreTestFiles() {
  return listFiles("test/core", /\.test\.ts$/).map(fromRoot);
}

/**
 * Compiles and runs one test file.
 *
 * @param wasmtime what `findWasmtime` answered
 * @returns `{ passed, failed, skipped, output }`, where output says what went wrong
 */
export async function runCoreTest(file, wasmtime, timeoutMs) {
  const module = join(buildFolder, "core-tests", `${basename(file, ".test.ts")}.wasm`);
  try {
    await compile(file, module);
  } catch (error) {
    if (error instanceof BuildError) return failure(error.message);
    throw error;
  }
  const wrong = forbiddenImports(module);
  if (wrong.length > 0) {
    return failure(`${file} imports ${wrong.join(", ")}: a core test may import only ${allowedImports.join(" and ")}`);
  }
  const command = [...wasmtime.args, module];
  const first = await run(wasmtime.command, command, { env: wasmtime.env, timeoutMs });
  if (first.timedOut) return failure(`${first.output}\nno end after ${timeoutMs / 1000} s`);
  const second = await run(wasmtime.command, command, { env: wasmtime.env, timeoutMs });
  if (first.stdout !== second.stdout || first.code !== second.code) {
    return failure(
      `two runs differ: the first exited ${first.code} and printed\n${first.output}\nthe second ${second.code} and\n${second.output}`,
    );
  }
  return countCoreTest(first);
}

async function compile(file, module) {
  mkdirSync(dirname(module), { recursive: true });
  await step({
    name: file,
    quiet: true,
    inputs: [...listFiles("assembly", /\.ts$/), ...listFiles("test/core", /\.ts$/), "asconfig.test.json"],
    outputs: [module],
    work: async () => {
      const partial = module.replace(/wasm$/, `${process.pid}.wasm`);
      await runTool("asc", [file, "--config", "asconfig.test.json", "--outFile", fromRoot(partial)]);
      renameSync(partial, module);
    },
  });
}

function forbiddenImports(module) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(module)));
  return imports.map(({ module, name }) => `${module}.${name}`).filter((name) => !allowedImports.includes(name));
}

/** Reads what a core test printed: its lines, its plan, its counts and its exit code must all agree. */
export function countCoreTest({ code, stdout, output }) {
  const passed = stdout.match(/^ok \d+ - /gm)?.length ?? 0;
  const failed = stdout.match(/^not ok \d+ - /gm)?.length ?? 0;
  const complete = stdout.endsWith(`1..${passed + failed}\n${passed} passed, ${failed} failed\n`);
  if (!complete) return { ...failure(`${output}\nended with code ${code} before its counts`), passed };
  if (passed + failed === 0) return failure(`${output}\nno test in it`);
  if ((code === 0) !== (failed === 0))
    return failure(`${output}\nexit code ${code} does not agree with ${failed} failed`);
  return { passed, failed, skipped: 0, output };
}

function failure(output) {
  return { passed: 0, failed: 1, skipped: 0, output };
}

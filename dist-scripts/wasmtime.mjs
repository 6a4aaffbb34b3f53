/**
 * Finds a wasmtime, or gets one.
 *
 * Owns: the search (`wasmtime` on PATH, else the PyPI wheel in `.cache/wasmtime/`, installed on first use) and the one pinned version.
 *
 * Does not own: what is run in it. `wasmtime_run.py` is the runner for the wheel.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder, root } from "./files.mjs";
import { run } from "./processes.mjs";

const wheelVersion = "50.0.1";
const wheelFolder = join(cacheFolder, "wasmtime", wheelVersion);

/** No wasmtime, and no way to get one: the message says what was tried and what to do. */
export class WasmtimeMissing extends Error {}

/**
 * A way to run WASI commands under wasmtime.
 *
 * @param options.env whose PATH is searched
 * @param options.folder where the wheel is, or will be installed
 * @returns `{ command, args, env, name }`: run `command` with `args` and then the module's file
 * @throws WasmtimeMissing
 */
export async function findWasmtime({ env = process.env, folder = wheelFolder } = {}) {
  const version = await run("wasmtime", ["--version"], { env });
  if (version.code === 0) return { command: "wasmtime", args: ["run"], env, name: version.stdout.trim() };
  return findWheel({ env, folder });
}

/**
 * The wheel, also where there is a wasmtime program: for a Python host that does more than run WASI commands.
 *
 * @returns as `findWasmtime`: `command` is a Python that can import wasmtime when it is given `env`
 * @throws WasmtimeMissing
 */
export async function findWheel({ env = process.env, folder = wheelFolder } = {}) {
  if (!existsSync(folder)) await installWheel(folder, env);
  return {
    command: "python3",
    args: [join(root, "dist-scripts/wasmtime_run.py")],
    env: { ...env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    name: `wasmtime ${wheelVersion} (PyPI)`,
  };
}

async function installWheel(folder, env) {
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}-`);
  const said = [];
  try {
    if (!(await pipInstall("python3", partial, env, said)) && !(await venvInstall(partial, env, said))) {
      throw new WasmtimeMissing(
        [
          "The tests of the core run under wasmtime, and there is none.",
          "",
          "Looked for: `wasmtime` on PATH; then tried to install the PyPI wheel with python3:",
          ...said.map((line) => `  ${line}`),
          "",
          "Do one of these, and run the tests again:",
          "  put a wasmtime program on PATH (its releases are single files), or",
          `  make \`python3 -m pip install wasmtime==${wheelVersion}\` work: python3 with pip (Debian: apt-get install python3-pip).`,
        ].join("\n"),
      );
    }
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function pipInstall(python, target, env, said) {
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", target];
  return succeeded(python, [...args, `wasmtime==${wheelVersion}`], env, said);
}

/** For a python3 without pip: a virtual environment brings one along. */
async function venvInstall(target, env, said) {
  const venv = `${target}-venv`;
  try {
    return (
      (await succeeded("python3", ["-m", "venv", venv], env, said)) &&
      (await pipInstall(join(venv, "bin/python"), target, env, said))
    );
  } finally {
    rmSync(venv, { recursive: true, force: true });
  }
}

async function succeeded(command, args, env, said) {
  const { code, output } = await run(command, args, { env });
  if (code !== 0) said.push(`${command} ${args.slice(0, 3).join(" ")} …: ${output.trim().split("\n").at(-1)}`);
  return code === 0;
}

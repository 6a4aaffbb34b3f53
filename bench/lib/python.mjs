/**
 * The Python that the peers run on, and uvloop for it.
 *
 * Owns: choosing the interpreter, and installing uvloop into `.cache/uvloop` where it cannot be imported already.
 *
 * Does not own: the peers' programs. A machine may hold several builds of CPython that differ by a quarter in speed, so the
 * fastest one found is the peer; `PYTHON=…` overrides that.
 */
import { join } from "node:path";
import { run } from "./child-process.mjs";
import { BENCH, CACHE } from "./folders.mjs";

const CANDIDATES = ["python3", "/usr/bin/python3", "/usr/local/bin/python3"];
const CALIBRATION = ["callSoonBatch", "100000", "10000"];
const UVLOOP = join(CACHE, "uvloop");

/**
 * Finds Python and uvloop.
 *
 * @returns {Promise<{ asyncio: string | undefined, uvloop: string | undefined, missing: Record<string, string>,
 *   command(script: string, ...words: string[]): string[], env: Record<string, string> }>} versions as text, or undefined
 *   with a reason in `missing`
 */
export async function findPython() {
  const env = { PYTHONPATH: UVLOOP, PYTHONDONTWRITEBYTECODE: "1" };
  const interpreter = await fastest(process.env.PYTHON ? [process.env.PYTHON] : CANDIDATES, env);
  if (interpreter === undefined) {
    const reason = `no python3 runs here (tried ${process.env.PYTHON ?? CANDIDATES.join(", ")}); install one or set PYTHON`;
    return {
      asyncio: undefined,
      uvloop: undefined,
      missing: { asyncio: reason, uvloop: reason },
      command: () => [],
      env,
    };
  }
  const command = (script, ...words) => [interpreter, join(BENCH, "peers", script), ...words];
  const versions = async () => JSON.parse(await run(command("loops.py"), { env }));
  let found = await versions();
  const missing = {};
  if (found.uvloop === undefined) {
    try {
      await run([interpreter, "-m", "pip", "install", "--quiet", "--target", UVLOOP, "uvloop"]);
      found = await versions();
    } catch (error) {
      missing.uvloop = `it cannot be imported, and pip could not install it: ${error.message.split("\n").at(-1)}`;
    }
  }
  if (found.uvloop === undefined) missing.uvloop ??= `it is installed but fails: ${found.uvloopMissing}`;
  return { asyncio: found.python, uvloop: found.uvloop, missing, command, env };
}

async function fastest(candidates, env) {
  let best;
  const tried = new Set();
  for (const candidate of candidates) {
    try {
      const executable = (await run([candidate, "-c", "import sys; print(sys.executable)"])).trim();
      if (tried.has(executable)) continue;
      tried.add(executable);
      const script = join(BENCH, "peers", "scheduler.py");
      const { cpuNs } = JSON.parse(await run([executable, script, "asyncio", ...CALIBRATION], { env }));
      if (best === undefined || cpuNs < best.cpuNs) best = { executable, cpuNs };
    } catch {
      // A candidate that does not exist or does not run is simply not chosen.
    }
  }
  return best?.executable;
}

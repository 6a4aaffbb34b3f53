/**
 * The C programs of the benchmarks, compiled when they are first needed.
 *
 * Owns: `cc -O2` of `bench/peers/*.c` into `.cache/bench/`, again whenever the source is newer.
 *
 * Does not own: what happens without a compiler. The caller gets the reason and reports it.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child-process.mjs";
import { BENCH, CACHE } from "./folders.mjs";

/** What programs are linked with. */
const LIBRARIES = { load_tls: ["-lssl", "-lcrypto"] };

/**
 * Compiles one program if need be.
 *
 * @param {string} name of `bench/peers/<name>.c`
 * @returns {Promise<string>} where the executable is
 * @throws {Error} when there is no C compiler, or it fails
 */
export async function cProgram(name) {
  const source = join(BENCH, "peers", `${name}.c`);
  const executable = join(CACHE, "bench", name);
  if (modified(executable) <= modified(source)) {
    mkdirSync(join(CACHE, "bench"), { recursive: true });
    await run([process.env.CC ?? "cc", "-O2", "-Wall", "-o", executable, source, ...(LIBRARIES[name] ?? [])]);
  }
  return executable;
}

/** The first line of `cc --version`, or undefined without one. */
export async function compilerVersion() {
  try {
    return (await run([process.env.CC ?? "cc", "--version"])).split("\n")[0];
  } catch {
    return undefined;
  }
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

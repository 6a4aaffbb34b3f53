/**
 * Checks how the source looks, and for mistakes that can be seen without running it: `node dist-scripts/lint.mjs [--write]`.
 *
 * Owns: the two runs of Biome. AssemblyScript puts decorators (`@inline`) before functions, where TypeScript's grammar has none, so
 * the second run sees a copy of assembly/ and test/core/ in which they are comments. `--write` mends what can be mended.
 *
 * Does not own: the rules (`biome.json`, `dist-scripts/biome.assembly.json`).
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder, fromRoot, listFiles, root } from "./files.mjs";
import { localProgram, run } from "./processes.mjs";

const decorator = /^(\s*)@(\w+(?:\([^)]*\))?)$/gm;
const hiddenDecorator = /^(\s*)\/\/@(\w+(?:\([^)]*\))?)$/gm;
const stage = join(cacheFolder, "lint");

/**
 * Lints the whole repository.
 *
 * @returns `{ ok, output }`, where output is what Biome printed
 */
export async function lint({ write = false } = {}) {
  const plain = await biome([...(write ? ["--write"] : []), "."]);
  const assembly = await lintAssembly(write);
  return { ok: plain.code === 0 && assembly.code === 0, output: plain.output + assembly.output };
}

async function lintAssembly(write) {
  const files = [...listFiles("assembly", /\.ts$/), ...listFiles("test/core", /\.ts$/)];
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  cpSync(join(root, "dist-scripts/biome.assembly.json"), join(stage, "biome.json"));
  for (const file of files) {
    const copy = join(stage, fromRoot(file));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readFileSync(file, "utf8").replace(decorator, "$1//@$2"));
  }
  if (write) await mendAssembly(files);
  return biome(["."], { cwd: stage });
}

/** Layout and the order of imports only: the linter's own fixes write TypeScript that AssemblyScript does not have. */
async function mendAssembly(files) {
  await biome(["--write", "--linter-enabled=false", "."], { cwd: stage });
  for (const file of files) {
    const mended = readFileSync(join(stage, fromRoot(file)), "utf8").replace(hiddenDecorator, "$1@$2");
    if (mended !== readFileSync(file, "utf8")) writeFileSync(file, mended);
  }
}

function biome(args, { cwd } = {}) {
  return run(localProgram("biome"), ["check", "--error-on-warnings", "--max-diagnostics=50", ...args], { cwd });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { ok, output } = await lint({ write: process.argv.includes("--write") });
  process.stdout.write(output);
  process.exitCode = ok ? 0 : 1;
}

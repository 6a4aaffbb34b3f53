/**
 * Builds everything: `node dist-scripts/build.mjs [--debug] [--force]`.
 *
 *   assembly/  --asc-->  build/core.wasm  --copied-->  out/host/ and dist/
 *   *.ts       --tsc-->  out/             one tree for host, tests, examples and benchmarks, with .d.ts
 *   host/      --tsc-->  build/host/      the same code without comments  --rollup-->  dist/
 *
 * `--debug` puts a core with function names and without optimisation into out/host/, for readable traps. `--force` builds what is
 * up to date as well. A step whose inputs have not changed since it last succeeded is skipped.
 *
 * Does not own: what is in dist/ (`package.mjs`) and the core's own tests (`core-tests.mjs`).
 */
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildFolder, distFolder, fromRoot, listFiles, outFolder, root, withThousands } from "./files.mjs";
import { withBuildLock } from "./lock.mjs";
import { packageDist } from "./package.mjs";
import { BuildError, runTool, step } from "./steps.mjs";

/**
 * Builds what is out of date, one line of progress a step.
 *
 * @throws BuildError when a step fails; what its tool printed is the message
 */
export function build({ debug = false, force = false } = {}) {
  return withBuildLock(async () => {
    mkdirSync(buildFolder, { recursive: true });
    // Both compilers start at once: neither keeps two processors busy.
    const compilers = await Promise.allSettled([buildCore(debug, force), compileTypeScript(force)]);
    const failed = compilers.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    await step({
      name: "dist",
      inputs: [...listFiles("build/host"), ...listFiles("out/host", /\.d\.ts$/), "build/core.wasm", "package.json"],
      outputs: [join(distFolder, "index.js")],
      force,
      work: packageDist,
    });
  });
}

function coreFile(debug) {
  return join(buildFolder, debug ? "core.debug.wasm" : "core.wasm");
}

async function buildCore(debug, force) {
  const inputs = [...listFiles("assembly", /\.ts$/), "test/core/scripted-host.ts", "asconfig.json"];
  // dist/ always gets the release core, so a debug build makes both.
  for (const target of debug ? ["release", "debug"] : ["release"]) {
    const file = coreFile(target === "debug");
    await step({
      name: `core (${target})`,
      inputs,
      outputs: [file],
      force,
      work: async () => {
        const partial = `${fromRoot(file)}.${process.pid}.wasm`;
        await runTool("asc", ["--target", target, "--outFile", partial]);
        renameSync(join(root, partial), file);
        return `${fromRoot(file)}, ${withThousands(statSync(file).size)} bytes`;
      },
    });
  }
  mkdirSync(join(outFolder, "host"), { recursive: true });
  copyFileSync(coreFile(debug), join(outFolder, "host/core.wasm"));
}

async function compileTypeScript(force) {
  const folders = ["host", "test", "examples", "bench"];
  const found = folders.flatMap((folder) => listFiles(folder, /\.ts$/).map(fromRoot));
  const sources = ["assembly/abi.ts", ...found.filter((path) => !path.startsWith("test/core/"))];
  await step({
    name: "typescript",
    inputs: [...sources, "tsconfig.json", "dist-scripts/tsconfig.dist.json"],
    outputs: [join(outFolder, "assembly/abi.js"), join(buildFolder, "host/assembly/abi.js")],
    force,
    work: async () => {
      await runTool("tsc", ["-p", "."]);
      rmSync(join(buildFolder, "host"), { recursive: true, force: true });
      await runTool("tsc", ["-p", "dist-scripts/tsconfig.dist.json"]);
      removeOrphans();
      return `${sources.length} files`;
    },
  });
}

/** Takes away what was compiled from a source that is no longer there: a deleted test must not go on passing. */
function removeOrphans() {
  for (const output of listFiles("out", /\.(js|d\.ts)$/)) {
    const source = join(root, output.slice(outFolder.length).replace(/\.(js|d\.ts)$/, ".ts"));
    if (!existsSync(source)) rmSync(output);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const flags = process.argv.slice(2);
  try {
    await build({ debug: flags.includes("--debug"), force: flags.includes("--force") });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

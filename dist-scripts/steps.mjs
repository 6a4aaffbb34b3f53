/**
 * Build steps that know when they have nothing to do.
 *
 * Owns: the stamps (a hash over a step's inputs, kept in build/stamps.json), one line of progress a step, and running its tool.
 *
 * Does not own: what the steps are (`build.mjs`).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildFolder, hashFiles, listFiles } from "./files.mjs";
import { localProgram, run } from "./processes.mjs";

/** A step failed. Its message holds what the tool printed. */
export class BuildError extends Error {}

const stampFile = join(buildFolder, "stamps.json");

/**
 * Runs `work`, unless every output exists and the inputs are what they were when it last succeeded. The lock file and the scripts of
 * this folder count as inputs of every step.
 *
 * @param task.work returns a few words for the progress line
 * @param task.quiet true: no progress line
 */
export async function step({ name, inputs, outputs, force = false, quiet = false, work }) {
  const hash = hashFiles([...inputs, "package-lock.json", ...listFiles("dist-scripts", /\.mjs$/)]);
  if (!force && readStamps()[name] === hash && outputs.every((output) => existsSync(output))) {
    if (!quiet) console.log(`${name.padEnd(16)} up to date`);
    return;
  }
  const started = performance.now();
  const words = await work();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  mkdirSync(buildFolder, { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify({ ...readStamps(), [name]: hash }, null, 2)}\n`);
  if (!quiet) console.log(`${name.padEnd(16)} ${seconds} s, ${words}`);
}

/** Runs a program that a development dependency brings. @throws BuildError when it fails */
export async function runTool(name, args) {
  const { code, output } = await run(localProgram(name), args);
  if (code !== 0) throw new BuildError(`${name} ${args.join(" ")} failed:\n${output}`);
}

function readStamps() {
  return existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, "utf8")) : {};
}

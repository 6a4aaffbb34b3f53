/**
 * What the figures were measured on.
 *
 * Owns: the machine and the versions of everything compared, as short texts. No host name and no path: the results are
 * checked in.
 *
 * Does not own: finding the peers.
 */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { PROJECT } from "./folders.mjs";

/** Above this load, before anything is measured, somebody else is at work. */
const BUSY_LOAD = 1;

/**
 * Describes the machine.
 *
 * @param {{ asyncio?: string, uvloop?: string }} python
 * @param {string | undefined} compiler the first line of `cc --version`
 * @returns {Record<string, string>}
 */
export function describeMachine(python, compiler) {
  const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()} ${process.arch}`,
    load: `${loadavg()[0].toFixed(2)} running processes in the minute before`,
    wasyncio: version,
    node: process.version.slice(1),
    python: python.asyncio ?? "none",
    uvloop: python.uvloop ?? "none",
    compiler: compiler ?? "none",
  };
}

/** Why the figures may not be believed, or undefined on a quiet machine. */
export function busyMachine() {
  const [running] = loadavg();
  if (running <= BUSY_LOAD) return undefined;
  return `Other programs are running here (load ${running.toFixed(2)}): the figures will spread. Repeat the run when it is quiet.`;
}

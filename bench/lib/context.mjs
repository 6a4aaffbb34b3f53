/**
 * What every suite is given.
 *
 * Owns: the options, the tools found, the figures collected, and the one line of progress.
 *
 * Does not own: which peers a suite wants; it asks `takesPart` for each, and what is missing is noted with its reason.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./folders.mjs";
import { Measurements } from "./measurements.mjs";

export class Context {
  measurements = new Measurements();

  /** Fewer operations and repetitions. */
  quick;

  /** Leaves wasyncio out. */
  peersOnly;

  /** What `findPython` found. */
  python;

  #missing;

  constructor({ quick, peersOnly, python }) {
    this.quick = quick;
    this.peersOnly = peersOnly;
    this.python = python;
    this.#missing = { ...python.missing };
    if (peersOnly) this.#missing.wasyncio = "left out by --peers";
    else if (!existsSync(join(PROJECT, "dist", "index.js"))) {
      this.#missing.wasyncio = "dist/index.js is not there; build it with `npm run build`";
    }
  }

  /** Whether a runner can be measured; if not, the results say why. */
  takesPart(suite, runner) {
    const reason = this.#missing[runner];
    const known = this.measurements.unavailable.some((entry) => entry.suite === suite && entry.runner === runner);
    if (reason !== undefined && !known) this.measurements.miss(suite, runner, reason);
    return reason === undefined;
  }

  /** Replaces the line of progress on a terminal; prints one line each elsewhere. */
  progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
    else process.stderr.write(`${text}\n`);
  }
}

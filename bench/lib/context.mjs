/**
 * What every suite is given.
 *
 * Owns: the options, the tools found, the figures collected, and the one line of progress.
 *
 * Does not own: which peers a suite wants; it asks `takesPart` for each. What is missing or fails is noted with its
 * reason and never left out silently.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
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
    if (reason !== undefined && !this.#isNoted(suite, runner)) this.measurements.miss(suite, runner, reason);
    return reason === undefined;
  }

  /**
   * Does something for a runner. If that fails, the run goes on without this runner in this suite, the results say why, and
   * the process ends with code 1.
   *
   * @param {string} suite
   * @param {string} runner
   * @template T
   * @param {() => Promise<T>} action
   * @returns {Promise<T | undefined>} undefined when it failed, now or before
   */
  async attempt(suite, runner, action) {
    if (this.#isNoted(suite, runner)) return undefined;
    try {
      return await action();
    } catch (error) {
      this.measurements.miss(suite, runner, withoutPaths(error.message));
      process.exitCode = 1;
      return undefined;
    }
  }

  /** Replaces the line of progress on a terminal; prints one line each elsewhere. */
  progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
    else process.stderr.write(`${text}\n`);
  }

  #isNoted(suite, runner) {
    return this.measurements.unavailable.some((entry) => entry.suite === suite && entry.runner === runner);
  }
}

/** The results are checked in, so they name nothing of this machine. */
function withoutPaths(text) {
  return text.replaceAll(PROJECT, ".").replaceAll(`${dirname(process.execPath)}/`, "");
}

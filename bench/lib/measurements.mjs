/**
 * All figures of one run, flat: each is one runner's samples of one metric in one case of one suite.
 *
 * Owns: collecting samples and looking figures up. What could not be measured stands beside them with its reason.
 *
 * Does not own: presentation; see `table.mjs`, `chart.mjs` and each suite's report.
 */
import * as statistics from "./statistics.mjs";

export class Measurements {
  #entries = new Map();

  /** What could not be measured: `{ suite, runner, reason }`. */
  unavailable = [];

  /**
   * Adds one sample.
   *
   * @param {{ suite: string, case: string, runner: string, metric: string, unit: string }} key
   * @param {number} sample
   */
  add(key, sample) {
    const name = [key.suite, key.case, key.runner, key.metric].join("\n");
    const entry = this.#entries.get(name);
    if (entry === undefined) this.#entries.set(name, { ...key, samples: [sample] });
    else entry.samples.push(sample);
  }

  /** Notes that a runner took no part in a suite, and why. */
  miss(suite, runner, reason) {
    this.unavailable.push({ suite, runner, reason });
  }

  /**
   * Looks a figure up.
   *
   * @returns {{ median: number, spread: number, low: number, high: number } | undefined} undefined when it was not measured
   */
  find(suite, caseName, runner, metric) {
    const entry = this.#entries.get([suite, caseName, runner, metric].join("\n"));
    if (entry === undefined) return undefined;
    const { samples } = entry;
    return {
      median: statistics.median(samples),
      spread: statistics.spread(samples),
      low: Math.min(...samples),
      high: Math.max(...samples),
    };
  }

  /** The median of a figure, or undefined. */
  median(suite, caseName, runner, metric) {
    return this.find(suite, caseName, runner, metric)?.median;
  }

  /** Every figure, ready for JSON. */
  list() {
    return [...this.#entries.values()].map(({ samples, ...key }) => {
      const figures = Object.entries(this.find(key.suite, key.case, key.runner, key.metric));
      const rounded = figures.map(([name, value]) => [name, Number(value.toPrecision(5))]);
      return { ...key, ...Object.fromEntries(rounded), repetitions: samples.length };
    });
  }
}

/**
 * What the command line of the benchmarks asks for.
 *
 * Owns: the flags, their defaults, and the usage text.
 *
 * Does not own: the suites themselves; the caller passes their names in.
 */

/**
 * The usage text.
 *
 * @param {string[]} suiteNames every suite there is
 */
export const usage = (suiteNames) => `npm run bench -- [suite …] [--quick] [--peers]

  suite     ${suiteNames.join(", ")}; all of them when none is named
  --quick   fewer operations and repetitions, for a first look: the spread is wider
  --peers   leave wasyncio out, measure only its peers, write no results
  --help    print this

  PYTHON=… names the interpreter; otherwise the fastest python3 found is taken.`;

/**
 * Reads the arguments.
 *
 * @param {string[]} words what followed the script's name
 * @param {string[]} suiteNames every suite there is
 * @returns {{ help: boolean, quick: boolean, peersOnly: boolean, suites: string[] }}
 * @throws {RangeError} when a word is neither a flag nor a suite
 */
export function readArguments(words, suiteNames) {
  const flags = new Set(words.filter((word) => word.startsWith("-")));
  const suites = words.filter((word) => !word.startsWith("-"));
  for (const flag of flags) {
    if (!["--quick", "--peers", "--help"].includes(flag)) {
      throw new RangeError(`no flag ${flag}; expected --quick, --peers or --help`);
    }
  }
  for (const suite of suites) {
    if (!suiteNames.includes(suite)) {
      throw new RangeError(`no suite "${suite}"; expected one of ${suiteNames.join(", ")}`);
    }
  }
  return {
    help: flags.has("--help"),
    quick: flags.has("--quick"),
    peersOnly: flags.has("--peers"),
    suites: suites.length > 0 ? suites : suiteNames,
  };
}

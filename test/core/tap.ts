/**
 * The core's own tests, printed as TAP.
 *
 * Owns: `test`, `eq`, `eqArray`, `note` and `done`, and what they print:
 *
 *     ok 1 - pops equal deadlines in arming order
 *     #   got 3, expected 0
 *     not ok 2 - an empty queue answers 0
 *     # seed 42
 *     1..2
 *     1 passed, 1 failed
 *
 * A test file is a program: it calls `done()` last, and exits 0 only when there was a test and all passed. The runner
 * (`dist-scripts/core-tests.mjs`) runs each program twice and wants the same output, so print nothing that could differ between two runs.
 *
 * Does not own: equality of objects. There is no `ok(condition)` on purpose: AssemblyScript gives a literal the type of its context,
 * so in `ok(1 + 1 == 2)` the sum is a bool and the check fails. `eq` compares typed values and can say what it got.
 */

let passed = 0;
let failed = 0;

/** Of the test that runs. */
let checks = 0;
let mistakes = 0;

/**
 * Runs one test and prints whether it passed. A test that checks nothing fails.
 *
 * @param name the fact that the test shows, as a sentence
 */
export function test(name: string, body: () => void): void {
  checks = 0;
  mistakes = 0;
  body();
  if (checks == 0) complain("", "no check", "one or more");
  if (mistakes == 0) passed++;
  else failed++;
  console.log(`${mistakes == 0 ? "ok" : "not ok"} ${passed + failed} - ${name}`);
}

/**
 * Checks that a number, bool or string is the expected one. Floats are compared by value, and NaN equals NaN.
 *
 * @param what printed before what was got, where a test checks the same of many things
 */
export function eq<T>(got: T, expected: T, what: string = ""): void {
  checks++;
  if (!isSame<T>(got, expected)) complain(what, show<T>(got), show<T>(expected));
}

/** Checks that two lists of numbers, bools or strings have the same length and the same elements. */
export function eqArray<T>(got: T[], expected: T[], what: string = ""): void {
  checks++;
  if (!isSameArray<T>(got, expected)) complain(what, showArray<T>(got), showArray<T>(expected));
}

/** What `eq` goes by. */
export function isSame<T>(got: T, expected: T): bool {
  if (isFloat<T>() && isNaN(expected)) return isNaN(got);
  return got == expected;
}

/** What `eqArray` goes by. */
export function isSameArray<T>(got: T[], expected: T[]): bool {
  if (got.length != expected.length) return false;
  for (let i = 0; i < got.length; i++) {
    if (!isSame<T>(got[i], expected[i])) return false;
  }
  return true;
}

/** Prints a comment line, such as the seed of a random test. */
export function note(line: string): void {
  console.log(`# ${line}`);
}

/** Ends the program: prints the plan and the counts, and exits 0 if there was a test and all passed, else 1. */
export function done(): void {
  console.log(`1..${passed + failed}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(passed > 0 && failed == 0 ? 0 : 1);
}

function complain(what: string, got: string, expected: string): void {
  mistakes++;
  note(`  ${what.length > 0 ? what + ": " : ""}got ${got}, expected ${expected}`);
}

function show<T>(value: T): string {
  if (isString<T>()) return `"${value}"`;
  return value.toString();
}

function showArray<T>(values: T[]): string {
  const shown: string[] = [];
  for (let i = 0; i < values.length; i++) shown.push(show<T>(values[i]));
  return `[${shown.join(", ")}]`;
}

/**
 * Words for numbers, and the tour's own doubts.
 */

/** 12,345 */
export function withThousands(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}

/** Three digits at the most: `0.12 ms`, `12.3 ms`, `123 ms`. */
export function milliseconds(seconds: number): string {
  const ms = seconds * 1000;
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** The text in bold, when a terminal reads it. */
export function bold(text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text;
}

/** The value below which a share of the values lie; 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What the tour shows must be so: the first thing that is not ends it. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The tour expected that ${what}, and saw otherwise`);
}

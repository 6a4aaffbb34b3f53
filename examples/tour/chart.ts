/**
 * Charts out of block characters.
 */

const EIGHTHS_UP = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const EIGHTHS_RIGHT = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const ROUND = [1, 2, 4, 6, 8, 10];

/**
 * Columns side by side, from 0 up to a round number.
 *
 * @param rows the height, in lines; every other one is labelled
 * @param label says what a value is
 * @param ends what stands below the first and the last column
 */
export function columnChart(
  values: readonly number[],
  rows: number,
  label: (value: number) => string,
  ends: [first: string, last: string],
): string[] {
  const top = roundUp(Math.max(...values), ROUND);
  const labels = Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? label((top * (rows - row)) / rows) : ""));
  const margin = Math.max(...labels.map((each) => each.length));
  const lines = labels.map((each, row) => {
    const columns = values.map((value) => EIGHTHS_UP[eighths((value / top) * rows - (rows - 1 - row))]);
    return `${each.padStart(margin)} ${each === "" ? "│" : "┤"}${columns.join("")}`;
  });
  const [first, last] = ends;
  const below = first + last.padStart(values.length - first.length);
  return [...lines, `${"0".padStart(margin)} └${"─".repeat(values.length)}`, `${" ".repeat(margin + 2)}${below}`];
}

/** A bar to the right, `width` characters long when `share` is 1. */
export function bar(share: number, width: number): string {
  const whole = Math.floor(share * width);
  return "█".repeat(whole) + EIGHTHS_RIGHT[eighths(share * width - whole)];
}

/** The least number that is one of `steps` (from 1 to 10, in order) times a power of ten, and no less than the value. */
export function roundUp(value: number, steps: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * (steps.find((step) => step * power >= value) ?? 10);
}

function eighths(part: number): number {
  return Math.max(0, Math.min(8, Math.round(part * 8)));
}

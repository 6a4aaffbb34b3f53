/**
 * Aligned text tables.
 *
 * Owns: columns as wide as their widest cell, the first one flush left and the others flush right; and how numbers are written.
 *
 * Does not own: what is in them.
 */

/**
 * Lays rows out under a header.
 *
 * @param {string[]} header
 * @param {string[][]} rows each as long as the header
 * @returns {string}
 */
export function table(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ");
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [line(header), rule, ...rows.map(line)].map((text) => `  ${text.trimEnd()}`).join("\n");
}

/** A number with three significant digits or, from 100 up, as an integer with thousands apart; `–` for undefined. */
export function number(value) {
  if (value === undefined) return "–";
  if (value === 0) return "0";
  if (Math.abs(value) >= 99.95) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(Math.abs(value) < 0.995 ? 2 : 3);
}

/** `12.3 ±4%`, or `–` for undefined. */
export function figure(found) {
  return found === undefined ? "–" : `${number(found.median)} ±${Math.round(found.spread * 100)}%`;
}

/** `3.4×`, or `–` when either side is undefined. */
export function ratio(numerator, denominator) {
  return numerator === undefined || denominator === undefined ? "–" : `${number(numerator / denominator)}×`;
}

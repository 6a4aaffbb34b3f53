/**
 * A few repetitions made into one figure.
 *
 * Owns: the median, and the spread as half the distance between the lowest and the highest sample, relative to the median.
 *
 * Does not own: how often something is repeated; each suite decides.
 */

/**
 * The middle sample, or the mean of the two in the middle.
 *
 * @param {number[]} samples at least one
 * @returns {number}
 */
export function median(samples) {
  const sorted = [...samples].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How far the samples lie apart: 0.05 means within 5 % to either side of the median, roughly.
 *
 * @param {number[]} samples at least one
 * @returns {number} 0 for a single sample or a median of 0
 */
export function spread(samples) {
  const middle = median(samples);
  return middle === 0 ? 0 : (Math.max(...samples) - Math.min(...samples)) / 2 / middle;
}

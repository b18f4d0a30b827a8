/**
 * Value below which a share of the sample lies, by the nearest-rank method (NIST handbook 1.3.3.12): always a value that was measured.
 * `share` is between 0 and 1. Throws RangeError for an empty sample.
 */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError("there is nothing to take a percentile of");
  return value;
}

/** Middle of the sample; the mean of the two middle values of an even one. Throws RangeError for an empty sample. */
export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError("there is nothing to take a median of");
  return (low + high) / 2;
}

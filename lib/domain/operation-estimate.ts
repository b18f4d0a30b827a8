/** How long an operation takes, from the seconds of like ones, newest first: median, shortest and longest of the last ten. Null with fewer than three. */
export function estimateDuration(seconds: readonly number[]): { seconds: number; lowSeconds: number; highSeconds: number; n: number } | null {
  const sorted = seconds.slice(0, 10).toSorted((a, b) => a - b);
  if (sorted.length < 3) return null;
  const middle = Math.floor(sorted.length / 2);
  const [lower, upper] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0, sorted[middle] ?? 0];
  return { seconds: (lower + upper) / 2, lowSeconds: sorted[0] ?? 0, highSeconds: sorted.at(-1) ?? 0, n: sorted.length };
}

/**
 * The few tests that before/after comparisons rest on. Pure and exact where that is affordable; nothing here decides what a result means
 * (that is lib/domain/comparison.ts).
 */

/** Of n things, `hits` that count: errors among requests. */
export interface Tally {
  n: number;
  hits: number;
}

/**
 * One-sided Fisher exact test: the probability of at least this many hits after, if hits fell on requests before and after alike.
 * Small means "more after". Counts are whole numbers, hits ≤ n (a RangeError otherwise). Stable up to many millions.
 * Source: R. A. Fisher, "Statistical Methods for Research Workers", §21.02; the same as R's fisher.test(alternative = "greater").
 */
export function fisherGreater(before: Tally, after: Tally): number {
  for (const { n, hits } of [before, after]) if (!Number.isSafeInteger(n) || !Number.isSafeInteger(hits) || hits < 0 || hits > n) throw new RangeError(`${hits} of ${n} is no count`);
  const total = before.n + after.n;
  const hits = before.hits + after.hits;
  const least = Math.max(0, hits - before.n);
  const most = Math.min(hits, after.n);
  if (after.hits <= least) return 1;
  const ratioUp = (k: number): number => ((hits - k) / (k + 1)) * ((after.n - k) / (before.n - hits + k + 1));
  // The shorter way round: the tail itself above the mean, what is left of 1 below it.
  if (after.hits * total > hits * after.n) {
    let sum = 0;
    for (let k = after.hits, term = hypergeometric(k, after.n, hits, total); k <= most && term > sum * 1e-18; term *= ratioUp(k), k += 1) sum += term;
    return Math.min(1, sum);
  }
  let below = 0;
  for (let k = after.hits - 1, term = hypergeometric(k, after.n, hits, total); k >= least && term > below * 1e-18; k -= 1, term /= ratioUp(k)) below += term;
  return Math.max(0, 1 - below);
}

/**
 * Probability of at least k of n, each with probability `chance`. Conditional on their sum, of two Poisson counts over times s and t the second is binomial
 * with chance t / (s + t): this compares restarts. Source: Przyborowski and Wilenski, Biometrika 31 (1940).
 */
export function binomialAtLeast(k: number, n: number, chance: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  let sum = 0;
  for (let i = k; i <= n; i += 1) sum += binomial(i, n, chance);
  return Math.min(1, sum);
}

/** P(X = k): k hits in a draw of `drawn` out of `total`, of which `hits` are hits. As R's dhyper: three binomials by the saddle point. */
function hypergeometric(k: number, drawn: number, hits: number, total: number): number {
  if (drawn === 0) return k === 0 ? 1 : 0;
  const share = drawn / total;
  return (binomial(k, hits, share) * binomial(drawn - k, total - hits, share)) / binomial(drawn, total, share);
}

/** P(X = k) by Loader's saddle-point expansion, which loses no digits where n is large. Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000). */
function binomial(k: number, n: number, chance: number): number {
  if (k < 0 || k > n) return 0;
  if (chance <= 0) return k === 0 ? 1 : 0;
  if (chance >= 1) return k === n ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-chance));
  if (k === n) return Math.exp(n * Math.log(chance));
  const exponent = stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * chance) - deviance(n - k, n * (1 - chance));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** log(n!) less Stirling's formula. */
function stirlingError(n: number): number {
  if (n < 16) {
    let logFactorial = 0;
    for (let i = 2; i <= n; i += 1) logFactorial += Math.log(i);
    return logFactorial - (0.5 * Math.log(2 * Math.PI * n) + n * Math.log(n) - n);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x·log(x/mean) + mean − x, by a series where the two nearly cancel. */
function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let sum = (x - mean) * v;
  let power = 2 * x * v;
  for (let i = 1; i < 1000; i += 1) {
    power *= v * v;
    const next = sum + power / (2 * i + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** Wilson's score interval of a share. Source: E. B. Wilson, JASA 22 (1927). */
export function wilson({ n, hits }: Tally, z: number): { low: number; high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const share = hits / n;
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/** One-sided 95 %. */
export const oneSided95 = 1.6448536269514722;

/** Upper bound (one-sided 95 %) of how much greater the share is after. Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10. */
export function riseAtMost(before: Tally, after: Tally): number {
  if (before.n === 0 || after.n === 0) return 1;
  const [b, a] = [before.hits / before.n, after.hits / after.n];
  return a - b + Math.hypot(wilson(after, oneSided95).high - a, b - wilson(before, oneSided95).low);
}

export interface RankTest {
  /** Pairs in which the one after is greater, ties counting half. */
  u: number;
  p: number;
  /** u of all pairs: the probability that one drawn after is greater than one before (Vargha and Delaney's A; 0.5 is no effect). Source: J. Educ. Behav. Stat. 25 (2000). */
  effect: number;
  exact: boolean;
}

const exactUpTo = 25;

/**
 * One-sided Mann–Whitney U test, "greater after". Exact up to 25 values each without ties; otherwise the normal approximation with correction for ties and
 * for continuity, as R's wilcox.test. Null when either side is empty or a value is not finite.
 * Source: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947).
 */
export function mannWhitneyGreater(before: readonly number[], after: readonly number[]): RankTest | null {
  const [m, n] = [before.length, after.length];
  if (m === 0 || n === 0 || ![...before, ...after].every(Number.isFinite)) return null;
  const all = [...before.map((value) => ({ value, after: false })), ...after.map((value) => ({ value, after: true }))].sort((left, right) => left.value - right.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const size = to - from;
    ties += size ** 3 - size;
    for (const one of all.slice(from, to)) if (one.after) rankSum += (from + 1 + to) / 2;
    from = to;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const effect = u / (m * n);
  if (ties === 0 && m <= exactUpTo && n <= exactUpTo) return { u, effect, exact: true, p: exactTail(rankSum, m, n) };
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  const p = variance <= 0 ? 1 : normalAbove((u - (m * n) / 2 - 0.5) / Math.sqrt(variance));
  return { u, effect, exact: false, p };
}

/** Share of the ways to choose n of the ranks 1 … m+n whose sum is at least this. */
function exactTail(rankSum: number, m: number, n: number): number {
  const most = ((m + n) * (m + n + 1)) / 2;
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(most + 1));
  (ways[0] as Float64Array)[0] = 1; // n + 1 rows exist
  for (let rank = 1; rank <= m + n; rank += 1) {
    for (let size = Math.min(rank, n); size >= 1; size -= 1) {
      const [into, out] = [ways[size] as Float64Array, ways[size - 1] as Float64Array]; // sizes 0 … n exist
      for (let sum = most; sum >= rank; sum -= 1) into[sum] = (into[sum] ?? 0) + (out[sum - rank] ?? 0);
    }
  }
  const row = ways[n] as Float64Array; // n + 1 rows exist
  const all = row.reduce((sum, count) => sum + count, 0);
  return row.subarray(rankSum).reduce((sum, count) => sum + count, 0) / all;
}

/** Upper tail of the normal distribution. Sources: Abramowitz and Stegun 7.1.6 (series), 7.1.14 (continued fraction, by Lentz's method). */
export function normalAbove(z: number): number {
  if (z < 0) return 1 - normalAbove(-z);
  const x = z / Math.SQRT2;
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let i = 1; i < 200 && term > sum * 1e-17; i += 1) {
      term *= (2 * x * x) / (2 * i + 1);
      sum += term;
    }
    return 0.5 - (Math.exp(-x * x) / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let i = 100; i >= 1; i -= 1) fraction = i / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction) / 2;
}

/** Null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

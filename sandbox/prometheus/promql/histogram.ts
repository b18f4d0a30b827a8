interface Bucket {
  upper: number;
  count: number;
}

/**
 * The q-quantile of a classic histogram's cumulative buckets, interpolated within a bucket; NaN where it cannot be told.
 * Source: https://prometheus.io/docs/prometheus/2.42/querying/functions/#histogram_quantile
 */
export function bucketQuantile(q: number, given: readonly Bucket[]): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const buckets = monotonic(merged(given.toSorted((left, right) => left.upper - right.upper)));
  const last = buckets.at(-1);
  if (last === undefined || last.upper !== Number.POSITIVE_INFINITY || buckets.length < 2) return Number.NaN;
  if (last.count === 0) return Number.NaN;
  let rank = q * last.count;
  // NaN and a rank beyond all finite buckets end in the last one.
  const place = buckets.slice(0, -1).findIndex((bucket) => bucket.count >= rank);
  const index = place === -1 ? buckets.length - 1 : place;
  if (index === buckets.length - 1) return buckets[index - 1]?.upper ?? Number.NaN;
  const bucket = buckets[index];
  if (bucket === undefined) return Number.NaN;
  if (index === 0 && bucket.upper <= 0) return bucket.upper;
  const below = index > 0 ? buckets[index - 1] : undefined;
  const start = below?.upper ?? 0;
  rank -= below?.count ?? 0;
  return start + (bucket.upper - start) * (rank / (bucket.count - (below?.count ?? 0)));
}

function merged(sorted: readonly Bucket[]): Bucket[] {
  const result: Bucket[] = [];
  for (const bucket of sorted) {
    const last = result.at(-1);
    if (last !== undefined && last.upper === bucket.upper) last.count += bucket.count;
    else result.push({ ...bucket });
  }
  return result;
}

/** Counts that shrink towards larger bounds come from buckets scraped at different moments. */
function monotonic(buckets: Bucket[]): Bucket[] {
  let most = Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    most = Math.max(most, bucket.count);
    bucket.count = most;
  }
  return buckets;
}

export function parseBound(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

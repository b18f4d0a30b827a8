/** What a time cost, from the golden signals of charts: `values` at fromMs, fromMs + step, …; null is a gap. */
export interface ImpactInput {
  fromMs: number;
  stepSeconds: number;
  /** Requests a second. */
  requests: readonly { name: string; values: readonly (number | null)[] }[];
  /** Share of them that failed, by the same names. */
  errors: readonly { name: string; values: readonly (number | null)[] }[];
  /** Seconds, 95th percentile. */
  latency: readonly { name: string; values: readonly (number | null)[] }[];
}

export interface Impact {
  /** Requests counted between onset and end; null when none were measured. */
  requests: number | null;
  /** Those that failed; null when it is not known. */
  failed: number | null;
  /** Highest share, and when. */
  worstRatio: { value: number; at: string } | null;
  worstLatency: { value: number; at: string } | null;
  /** Share of the moments at which requests were measured at all, 0 to 1: less than 1 means that the true numbers are higher. */
  measured: number;
}

/** Sums and peaks between two moments (milliseconds). Gaps are left out, never taken for zero. */
export function impactOf({ fromMs, stepSeconds, requests, errors, latency }: ImpactInput, onsetMs: number, endMs: number): Impact {
  const inside = (index: number): boolean => {
    const at = fromMs + index * stepSeconds * 1_000;
    return at > onsetMs && at <= endMs;
  };
  let total: number | null = null;
  let failed: number | null = null;
  const measured = new Set<number>();
  const moments = new Set<number>();
  for (const { name, values } of requests) {
    const ratios = errors.find((candidate) => candidate.name === name)?.values;
    values.forEach((rate, index) => {
      if (!inside(index)) return;
      moments.add(index);
      if (rate === null) return;
      measured.add(index);
      total = (total ?? 0) + rate * stepSeconds;
      const ratio = rate === 0 ? 0 : ratios?.[index];
      if (ratio !== null && ratio !== undefined) failed = (failed ?? 0) + rate * stepSeconds * ratio;
    });
  }
  return {
    requests: total === null ? null : Math.round(total),
    failed: failed === null ? null : Math.round(failed),
    worstRatio: worst(errors),
    worstLatency: worst(latency),
    measured: moments.size === 0 ? 0 : measured.size / moments.size,
  };

  function worst(series: ImpactInput["errors"]): Impact["worstRatio"] {
    let found: { value: number; at: string } | null = null;
    for (const { values } of series) {
      values.forEach((value, index) => {
        if (value !== null && Number.isFinite(value) && inside(index) && value > (found?.value ?? -Infinity)) found = { value, at: new Date(fromMs + index * stepSeconds * 1_000).toISOString() };
      });
    }
    return found;
  }
}

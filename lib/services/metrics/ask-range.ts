import { isVigieError } from "#lib/domain/error.ts";
import { onGrid } from "#lib/domain/golden.ts";
import type { GoldenGrid, GoldenState } from "#lib/domain/golden.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";

/** Browsers give up after ten seconds, and should hear why before that. */
const timeoutMs = 8_000;
/** More lines than this in one chart tell nobody anything. */
const mostSeries = 8;

export interface RangeAnswer {
  state: GoldenState;
  sentence: string | null;
  series: { name: string; values: (number | null)[] }[];
  warnings: string[];
}

/** One range query on a grid. Whatever Prometheus does is an answer; only the caller's own abort is thrown. */
export async function askRange(metrics: MetricsApi | null, environment: string, query: string, grid: GoldenGrid, signal?: AbortSignal): Promise<RangeAnswer> {
  const without = (state: GoldenState, sentence: string): RangeAnswer => ({ state, sentence, series: [], warnings: [] });
  if (metrics === null) return without("unconfigured", `No Prometheus is configured for ${environment}. Name one under prometheus in vigie.yaml.`);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const { series, warnings } = await metrics.range(query, { from: new Date(grid.fromMs), to: new Date(grid.toMs), stepSeconds: grid.stepSeconds }, signal === undefined ? limit : AbortSignal.any([signal, limit]));
    const named = series.map(({ labels, points }) => ({ name: nameOf(labels), points }));
    const kept = named.slice(0, mostSeries).map(({ name, points }) => ({ name, values: onGrid(points.map(({ at, value }) => ({ atMs: at.getTime(), value })), grid) }));
    const told = [...warnings, ...(named.length > mostSeries ? [`The query gives ${named.length} series; the first ${mostSeries} are shown. Put sum(), max() or avg() around it.`] : [])];
    if (kept.some(({ values }) => values.some((value) => value !== null))) return { state: "data", sentence: null, series: kept, warnings: told };
    const numberless = named.some(({ points }) => points.length > 0);
    return { state: "empty", sentence: numberless ? "Prometheus answers, but with no number (NaN): nothing was there to divide." : "Prometheus has nothing of this time.", series: [], warnings: told };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (limit.aborted) return without("unavailable", `Prometheus does not answer within ${timeoutMs / 1000} s.`);
    if (!isVigieError(error)) throw error;
    return without(error.code === "invalid" ? "refused" : "unavailable", error.message);
  }
}

/** What tells a series from its neighbours: "voyage", "code 500, voyage"; "" when the query gives one without labels. */
function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([label]) => label !== "__name__")
    .map(([label, value]) => (label === "service" ? value : `${label} ${value}`))
    .join(", ")
    .slice(0, 120);
}

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

/** Whoever looks in these seconds is given the same answer: ten open pages ask no more than one. */
const keptMs = 5_000;
const mostKept = 500;
const kept = new WeakMap<MetricsApi, Map<string, { atMs: number; answer: Promise<RangeAnswer> }>>();

/** One range query on a grid. Whatever Prometheus does is an answer. `nowMs`: for how long an answer is shared. */
export function askRange(metrics: MetricsApi | null, environment: string, query: string, grid: GoldenGrid, nowMs: number): Promise<RangeAnswer> {
  if (metrics === null) return Promise.resolve(without("unconfigured", `No Prometheus is configured for ${environment}. Name one under prometheus in vigie.yaml.`));
  const own = kept.get(metrics) ?? new Map<string, { atMs: number; answer: Promise<RangeAnswer> }>();
  kept.set(metrics, own);
  const key = `${grid.fromMs} ${grid.toMs} ${grid.stepSeconds} ${query}`;
  const known = own.get(key);
  if (known !== undefined && nowMs - known.atMs < keptMs) return known.answer;
  for (const [name, { atMs }] of own) if (nowMs - atMs >= keptMs || own.size > mostKept) own.delete(name);
  const answer = askNow(metrics, query, grid);
  own.set(key, { atMs: nowMs, answer });
  // What went wrong is asked again by the next who looks.
  void answer.then(({ state }) => state !== "data" && state !== "empty" && own.get(key)?.answer === answer && own.delete(key), () => own.delete(key));
  return answer;
}

/** Has a limit of its own: it may be shared, so that it is nobody's to give up. */
async function askNow(metrics: MetricsApi, query: string, grid: GoldenGrid): Promise<RangeAnswer> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const { series, warnings } = await metrics.range(query, { from: new Date(grid.fromMs), to: new Date(grid.toMs), stepSeconds: grid.stepSeconds }, limit);
    const named = series.map(({ labels, points }) => ({ name: nameOf(labels), points }));
    const shown = named.slice(0, mostSeries).map(({ name, points }) => ({ name, values: onGrid(points.map(({ at, value }) => ({ atMs: at.getTime(), value })), grid) }));
    const told = [...warnings, ...(named.length > mostSeries ? [`The query gives ${named.length} series; the first ${mostSeries} are shown. Put sum(), max() or avg() around it.`] : [])];
    if (shown.some(({ values }) => values.some((value) => value !== null))) return { state: "data", sentence: null, series: shown, warnings: told };
    const numberless = named.some(({ points }) => points.length > 0);
    return { state: "empty", sentence: numberless ? "Prometheus answers, but with no number (NaN): nothing was there to divide." : "Prometheus has nothing of this time.", series: [], warnings: told };
  } catch (error) {
    if (limit.aborted) return without("unavailable", `Prometheus does not answer within ${timeoutMs / 1000} s.`);
    if (!isVigieError(error)) throw error;
    return without(error.code === "invalid" ? "refused" : "unavailable", error.message);
  }
}

function without(state: GoldenState, sentence: string): RangeAnswer {
  return { state, sentence, series: [], warnings: [] };
}

/** What tells a series from its neighbours: "voyage", "code 500, voyage"; "" when the query gives one without labels. */
function nameOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([label]) => label !== "__name__")
    .map(([label, value]) => (label === "service" ? value : `${label} ${value}`))
    .join(", ")
    .slice(0, 120);
}

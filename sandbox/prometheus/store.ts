import type { Matcher } from "#sandbox/prometheus/promql/ast.ts";
import { nameLabel, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { Samples } from "#sandbox/prometheus/samples.ts";

/** One series with its samples, oldest first. NaN may be a value; a stale sample marks the end of the series. */
export interface Series {
  readonly labels: Labels;
  readonly samples: Samples;
}

export interface SeriesStoreOptions {
  retentionMs?: number;
  /** Beyond this the series that ended first are given up. */
  maximumSeries?: number;
}

/** The bounded memory of the sandbox's Prometheus. */
export interface SeriesStore {
  append(labels: Labels, atMs: number, value: number): void;
  /** Ends a series: from here on it is absent rather than remembered for five minutes. */
  markStale(labels: Labels, atMs: number): void;
  select(matchers: readonly Matcher[]): Series[];
  prune(nowMs: number): void;
  all(): Iterable<Series>;
  readonly size: number;
}

export function createSeriesStore({ retentionMs = 2 * 3_600_000, maximumSeries = 20_000 }: SeriesStoreOptions = {}): SeriesStore {
  const series = new Map<string, Series>();
  const byName = new Map<string, Set<Series>>();

  function seriesOf(labels: Labels): Series {
    const known = series.get(labels.key);
    if (known) return known;
    const made: Series = { labels, samples: new Samples() };
    series.set(labels.key, made);
    const name = labels.values[nameLabel] ?? "";
    byName.set(name, (byName.get(name) ?? new Set()).add(made));
    return made;
  }

  function remove(one: Series): void {
    series.delete(one.labels.key);
    const name = one.labels.values[nameLabel] ?? "";
    const rest = byName.get(name);
    rest?.delete(one);
    if (rest?.size === 0) byName.delete(name);
  }

  const lastMs = ({ samples }: Series) => (samples.length === 0 ? 0 : samples.time(samples.length - 1));

  return {
    append(labels, atMs, value) {
      seriesOf(labels).samples.push(atMs, value);
    },
    markStale(labels, atMs) {
      const { samples } = series.get(labels.key) ?? {};
      if (samples && samples.length > 0 && !samples.isStale(samples.length - 1)) samples.push(atMs, Number.NaN, true);
    },
    select(matchers) {
      const exact = matchers.find((matcher) => matcher.label === nameLabel && matcher.op === "=" && matcher.value !== "");
      const candidates = exact === undefined ? series.values() : (byName.get(exact.value) ?? []);
      const rest = matchers.filter((matcher) => matcher !== exact);
      const found: Series[] = [];
      for (const one of candidates) if (rest.every((matcher) => matcher.matches(one.labels.values[matcher.label] ?? ""))) found.push(one);
      return found;
    },
    prune(nowMs) {
      for (const one of series.values()) {
        one.samples.dropBefore(nowMs - retentionMs);
        if (one.samples.length === 0) remove(one);
      }
      if (series.size <= maximumSeries) return;
      const oldest = [...series.values()].toSorted((left, right) => lastMs(left) - lastMs(right));
      for (const one of oldest.slice(0, series.size - maximumSeries)) remove(one);
    },
    all: () => series.values(),
    get size() {
      return series.size;
    },
  };
}

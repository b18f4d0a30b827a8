import { makeLabels, nameLabel, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import type { SeriesStore } from "#sandbox/prometheus/store.ts";
import type { Target } from "#sandbox/prometheus/targets.ts";
import type { MetricFamily } from "#sandbox/world/process-metrics.ts";

export interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

interface Scraped {
  /** Series of the last scrape, for the end of those that are missing in the next. */
  series: Map<string, Labels>;
}

/** Scrapes targets into the store, with Prometheus' own series about each scrape, and marks what is gone as stale. */
export interface Sampler {
  /** A target a step. */
  scrape(targets: readonly Target[], atMs: number): Generator<void, void>;
  metadata(): ReadonlyMap<string, MetricMetadata>;
}

export function createSampler(store: SeriesStore): Sampler {
  const last = new Map<string, Scraped>();
  const known = new Map<string, Map<string, Labels>>();
  const metadata = new Map<string, MetricMetadata>();

  /** Labels are made once for each series of a target and then found by their text. */
  function labelsOf(target: Target, targetKey: string, name: string, own: Readonly<Record<string, string>>): Labels {
    const cache = known.get(targetKey) ?? new Map<string, Labels>();
    known.set(targetKey, cache);
    let key = name;
    for (const label in own) key += `\u0001${label}\u0001${own[label]}`;
    const before = cache.get(key);
    if (before) return before;
    const clashing = Object.fromEntries(Object.entries(own).filter(([label]) => label in target.labels).map(([label, value]) => [`exported_${label}`, value]));
    const made = makeLabels({ ...own, ...clashing, ...target.labels, [nameLabel]: name });
    cache.set(key, made);
    return made;
  }

  function scrapeOne(target: Target, targetKey: string, atMs: number): void {
    const before = last.get(targetKey)?.series;
    const series = new Map<string, Labels>();
    const families = target.scrape(atMs);
    for (const family of families ?? []) {
      note(family);
      for (const sample of family.samples) {
        const labels = labelsOf(target, targetKey, sample.name, sample.labels);
        store.append(labels, atMs, sample.value);
        series.set(labels.key, labels);
      }
    }
    for (const [key, labels] of before ?? []) if (!series.has(key)) store.markStale(labels, atMs);
    const own = (name: string, value: number) => store.append(labelsOf(target, targetKey, name, {}), atMs, value);
    own("up", families === undefined ? 0 : 1);
    own("scrape_samples_scraped", series.size);
    last.set(targetKey, { series });
  }

  function note({ name, type, help }: MetricFamily): void {
    if (!metadata.has(name)) metadata.set(name, { type, help, unit: "" });
  }

  function* scrape(targets: readonly Target[], atMs: number): Generator<void, void> {
    const present = new Set<string>();
    for (const target of targets) {
      const key = `${target.path} ${target.labels.instance}`;
      present.add(key);
      scrapeOne(target, key, atMs);
      yield;
    }
    for (const key of last.keys()) {
      if (present.has(key)) continue;
      // The target is gone, and with it what was said about its scrapes.
      for (const labels of known.get(key)?.values() ?? []) store.markStale(labels, atMs);
      last.delete(key);
      known.delete(key);
    }
  }

  return {
    scrape,
    metadata: () => metadata,
  };
}

import { finish } from "#sandbox/controllers/clock.ts";
import { createSampler } from "#sandbox/prometheus/sampler.ts";
import { makeLabels, nameLabel } from "#sandbox/prometheus/promql/labels.ts";
import { formatValue } from "#sandbox/prometheus/promql/format.ts";
import { createSeriesStore, type SeriesStore } from "#sandbox/prometheus/store.ts";
import { listTargets } from "#sandbox/prometheus/targets.ts";
import { createPlatformLab } from "#sandbox/world/platform-lab.test-support.ts";

export interface History {
  store: SeriesStore;
  /** The same as OpenMetrics text. */
  text: string;
  startMs: number;
  endMs: number;
}

const everyMs = 5_000;

/**
 * Twelve minutes of the world with a crash, errors, a leak and a rollout, and a few odd series.
 * Without the marks of a series' end, which OpenMetrics cannot say.
 */
export function makeHistory(): History {
  const lab = createPlatformLab();
  const kept = createSeriesStore();
  const store: SeriesStore = { ...kept, markStale: () => undefined, get size() { return kept.size; } };
  const sampler = createSampler(store);
  // Whole seconds: promtool loses milliseconds when it reads times.
  lab.clock.run(1_000 - (lab.clock.now() % 1_000));
  const startMs = lab.clock.now();
  const prod = { environment: "prod", bigPod: "experience" };
  const happenings: Record<number, () => void> = {
    24: () => lab.control.crash({ ...prod, process: "panorama" }, true),
    48: () => lab.control.breakBigPod({ environment: "staging", bigPod: "experience" }, { kind: "degraded", process: "voyage", errorRatio: 0.4, latencyFactor: 20 }),
    60: () => lab.control.heal({ ...prod, process: "panorama" }),
    72: () => lab.control.breakBigPod({ environment: "dev", bigPod: "commerce" }, { kind: "degraded", memoryRatio: 0.95 }),
    96: () => lab.control.mend({ environment: "staging", bigPod: "experience" }),
  };
  for (let turn = 0; turn < 144; turn++) {
    happenings[turn]?.();
    const atMs = lab.clock.now();
    finish(sampler.scrape(listTargets(lab), atMs));
    const odd = (kind: string, value: number) => store.append(makeLabels({ [nameLabel]: "odd", kind }), atMs, value);
    odd("counter", (turn * turn) % 170);
    odd("slow", Math.floor(turn / 40));
    odd("negative", 3 - turn);
    odd("wave", Math.sin(turn / 7) * 1e6);
    if (turn % 3 === 0) odd("sparse", turn);
    if (turn % 2 === 0) odd("nan", Number.NaN);
    if (turn > 100) odd("infinite", Number.POSITIVE_INFINITY);
    lab.clock.run(everyMs);
  }
  lab.stop();
  return { store, text: openMetrics(store), startMs, endMs: startMs + 143 * everyMs };
}

/** Source: https://github.com/OpenObservability/OpenMetrics/blob/main/specification/OpenMetrics.md */
function openMetrics(store: SeriesStore): string {
  const byName = Map.groupBy(store.all(), (series) => series.labels.values[nameLabel] ?? "");
  const lines = [...byName].flatMap(([name, all]) => all.flatMap(({ labels, samples }) => {
    const pairs = Object.entries(labels.values).filter(([label]) => label !== nameLabel).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return Array.from({ length: samples.length }, (_none, index) => `${name}{${pairs.join(",")}} ${formatValue(samples.value(index))} ${samples.time(index) / 1000}`);
  }));
  return `${lines.join("\n")}\n# EOF\n`;
}

import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import type { HealthInput, PodHealth } from "#lib/domain/health.ts";
import { healthOfMetrics, processKey, processQuery } from "#lib/domain/process-metrics.ts";
import type { ProcessSample } from "#lib/domain/process-metrics.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { createSourceTracker } from "#lib/worker/watchers/reflector-source.ts";

/** Prometheus scrapes every 15 s or less often: asking faster tells nothing new. */
const everyMs = 5_000;
const timeoutMs = 4_000;

export interface ProcessMetrics {
  start(): void;
  input(): NonNullable<HealthInput["metrics"]>;
  source(): SourceState;
  stop(): Promise<void>;
}

/** Asks Prometheus for the states of supervised processes, once per Big Pod that is configured so. Never a required source. */
export function createProcessMetrics(parts: { metrics: MetricsApi; environment: { name: string; namespace: string }; bigPods: readonly BigPodConfig[]; clock: Clock; log: Log; changed: () => void; intervalMs?: number }): ProcessMetrics {
  const { metrics, environment, clock, log, changed } = parts;
  const bigPods = parts.bigPods.filter((bigPod) => bigPod.metrics !== undefined);
  const stopping = new AbortController();
  const { signal } = stopping;
  const source = createSourceTracker({ key: `metrics/${environment.name}`, environment: environment.name, title: "Processes as Prometheus has them", required: false }, clock, () => signal.aborted || changed());
  let byPod: ReadonlyMap<string, PodHealth> = new Map();
  let timer: NodeJS.Timeout | undefined;
  let asking: Promise<void> = Promise.resolve();

  async function samplesOf(config: NonNullable<BigPodConfig["metrics"]>, limit: AbortSignal): Promise<{ samples: ProcessSample[]; exits: Map<string, number> }> {
    const query = processQuery(config, { environment: environment.name, namespace: environment.namespace });
    // The answer itself carries the time of asking; only timestamp() knows when the target was last seen.
    const [states, times] = await Promise.all([metrics.instant(query, undefined, limit), metrics.instant(`timestamp(${query})`, undefined, limit)]);
    const scraped = new Map(times.samples.map((sample) => [`${processKey(config, sample.labels)} ${sample.labels["state"] ?? ""}`, sample.value]));
    const samples = states.samples.map((sample) => {
      const seconds = scraped.get(`${processKey(config, sample.labels)} ${sample.labels["state"] ?? ""}`);
      return { labels: sample.labels, value: sample.value, at: seconds === undefined || !Number.isFinite(seconds) ? sample.at : new Date(seconds * 1000) };
    });
    const exits = new Map<string, number>();
    if (config.form === "node_supervisord_state" && config.query === undefined && samples.some((sample) => sample.value !== 20)) {
      const answer = await metrics.instant(query.replace("node_supervisord_state", "node_supervisord_exit_status"), undefined, limit);
      for (const sample of answer.samples) exits.set(processKey(config, sample.labels), sample.value);
    }
    return { samples, exits };
  }

  async function ask(): Promise<void> {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const found = new Map<string, PodHealth>();
      for (const bigPod of bigPods) {
        if (bigPod.metrics === undefined) continue;
        const { samples, exits } = await samplesOf(bigPod.metrics, limit);
        for (const [pod, health] of healthOfMetrics(bigPod, samples, exits)) found.set(pod, health);
      }
      if (signal.aborted) return;
      const differs = !sameJson([...found].map(([pod, { services }]) => [pod, services]), [...byPod].map(([pod, { services }]) => [pod, services]));
      byPod = found;
      source.live();
      if (differs) changed();
    } catch (error) {
      if (signal.aborted) return;
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      if (!isVigieError(error) && !timedOut) log.error({ environment: environment.name, err: error }, "Prometheus could not be asked for processes");
      source.trouble("down", isVigieError(error) ? error.message : timedOut ? `Prometheus did not answer within ${timeoutMs / 1000} s` : "Prometheus could not be asked");
    }
  }

  function next(): void {
    if (signal.aborted) return;
    asking = ask().then(() => {
      if (!signal.aborted) timer = setTimeout(next, parts.intervalMs ?? everyMs);
    });
  }

  return {
    start: next,
    input: () => ({ status: source.state().status, reason: source.state().reason, byPod }),
    source: () => source.state(),
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await asking;
    },
  };
}

import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { PodHealth, ServiceHealth } from "#lib/domain/health.ts";
import { healthOfProcess, supervisorStateOf } from "#lib/domain/supervisor-process.ts";

type MetricsConfig = NonNullable<BigPodConfig["metrics"]>;

/** One series at one moment: its labels, its value, and when it was scraped. */
export interface ProcessSample {
  labels: Readonly<Record<string, string>>;
  value: number;
  at: Date;
}

/** PromQL for the states of a Big Pod's processes; $environment and $namespace are filled in as they stand, names having no quotes. */
export function processQuery(metrics: MetricsConfig, place: { environment: string; namespace: string }): string {
  const query = metrics.query ?? `${metrics.form}{namespace="$namespace"}`;
  return query.replaceAll("$environment", place.environment).replaceAll("$namespace", place.namespace);
}

/** What makes one process of one pod: the same in the state, its time of scrape and its exit status. */
export function processKey(metrics: MetricsConfig, labels: Readonly<Record<string, string>>): string {
  return `${labels[metrics.podLabel] ?? ""}/${labels["group"] ?? ""}:${labels[metrics.processLabel] ?? ""}`;
}

/**
 * Health of services by pod name, from `node_supervisord_state` (its value is the state's number) or `supervisor_process_info` (its label "state").
 * The state is used, never an "up": 0 of STARTING, STOPPED and FATAL are three different things. A process with several states at once has none that can be believed.
 */
export function healthOfMetrics(bigPod: BigPodConfig, samples: readonly ProcessSample[], exits: ReadonlyMap<string, number>): Map<string, PodHealth> {
  const pods = new Map<string, { at: string; services: Record<string, ServiceHealth> }>();
  const { metrics } = bigPod;
  if (metrics === undefined) return pods;
  for (const service of bigPod.services) {
    const byPod = new Map<string, ProcessSample[]>();
    for (const sample of samples) {
      const pod = sample.labels[metrics.podLabel];
      if (pod !== undefined && sample.labels[metrics.processLabel] === service.process) byPod.set(pod, [...(byPod.get(pod) ?? []), sample]);
    }
    for (const [pod, found] of byPod) {
      const states = new Set(found.map((sample) => (metrics.form === "node_supervisord_state" ? sample.value : (sample.labels["state"] ?? ""))));
      const [value] = states;
      const [first] = found;
      if (first === undefined || value === undefined) continue;
      const state = supervisorStateOf(value);
      const exitLabel = Number(first.labels["exit_status"] ?? Number.NaN);
      const exitStatus = metrics.form === "node_supervisord_state" ? (exits.get(processKey(metrics, first.labels)) ?? null) : Number.isInteger(exitLabel) ? exitLabel : null;
      const at = new Date(Math.min(...found.map((sample) => sample.at.getTime()))).toISOString();
      const health: ServiceHealth = states.size > 1 ? { status: "unknown", detail: `${states.size} states at once: ${[...states].join(", ")}` } : state === null ? { status: "unknown", detail: `a state that no supervisor has: ${value}` } : healthOfProcess({ state, exitStatus, spawnError: null, lastLine: null });
      const known = pods.get(pod) ?? { at, services: {} };
      known.services[service.name] = health;
      if (at < known.at) known.at = at;
      pods.set(pod, known);
    }
  }
  return pods;
}

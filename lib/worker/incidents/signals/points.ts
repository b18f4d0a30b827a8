import type { Config } from "#lib/contracts/config.ts";
import type { AlertsApi } from "#lib/ports/alerts.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { Outside } from "#lib/ports/outside.ts";

/** A Prometheus and an Alertmanager with the environments that share both: asked once for all of them. */
export interface WatchPoint {
  environments: string[];
  prometheus: { api: MetricsApi; name: string } | null;
  alertmanager: { api: AlertsApi; name: string } | null;
}

type Entry = { url: string; environments?: readonly string[] | undefined };

/** Environments with neither are left out: nothing is heard of them but by webhook. */
export function watchPoints(config: Config, outside: Pick<Outside, "metrics" | "alerts">): WatchPoint[] {
  const points: WatchPoint[] = [];
  for (const { name } of config.environments) {
    const [metrics, alerts] = [outside.metrics(name), outside.alerts(name)];
    if (metrics === null && alerts === null) continue;
    const shared = points.find((point) => (point.prometheus?.api ?? null) === metrics && (point.alertmanager?.api ?? null) === alerts);
    if (shared !== undefined) shared.environments.push(name);
    else points.push({ environments: [name], prometheus: metrics && { api: metrics, name: `Prometheus${placeOf(config.prometheus, name)}` }, alertmanager: alerts && { api: alerts, name: `Alertmanager${placeOf(config.alertmanager, name)}` } });
  }
  return points;
}

function placeOf(entries: readonly Entry[], environment: string): string {
  const entry = entries.find((one) => one.environments?.includes(environment)) ?? entries.find((one) => one.environments === undefined);
  return entry === undefined ? "" : ` at ${new URL(entry.url).host}`;
}

import type { AlertsApi } from "#lib/ports/alerts.ts";
import type { GrafanaApi } from "#lib/ports/grafana.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { SourceApi } from "#lib/ports/source.ts";

/** One answer over HTTP. `status` 0: nothing answered behind a proxy that did; `body` is its sentence then. */
export interface HttpAnswer {
  status: number;
  body: string;
  elapsedMs: number;
}

/**
 * What may be asked of the world besides the clusters: the web process uses it to show a plan's gates and charts, the worker to judge them.
 * Only silences and annotations write, and neither to a cluster.
 * `url` throws VigieError "denied" when the egress rules forbid the address (checked when connecting), "upstream" when nothing answers.
 */
export interface Outside {
  /** Null: no Prometheus is configured for the environment. */
  metrics(environment: string): MetricsApi | null;
  /** Null: no Alertmanager is configured for the environment. */
  alerts(environment: string): AlertsApi | null;
  /** Null: no Grafana is configured. */
  grafana(): GrafanaApi | null;
  /** Null or absent: no place of source code is configured. */
  source?(): SourceApi | null;
  pod(environment: string, pod: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
  service(environment: string, service: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
  url(url: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
}

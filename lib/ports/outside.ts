import type { MetricsApi } from "#lib/ports/metrics.ts";

/** One answer over HTTP. `status` 0: nothing answered behind a proxy that did; `body` is its sentence then. */
export interface HttpAnswer {
  status: number;
  body: string;
  elapsedMs: number;
}

/**
 * What gates may ask of the world, reading only: the web process uses it to show a plan's gates, the worker to judge them.
 * `url` throws VigieError "denied" when the egress rules forbid the address (checked when connecting), "upstream" when nothing answers.
 */
export interface Outside {
  /** Null: no Prometheus is configured for the environment. */
  metrics(environment: string): MetricsApi | null;
  pod(environment: string, pod: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
  service(environment: string, service: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
  url(url: string, timeoutMs: number, signal?: AbortSignal): Promise<HttpAnswer>;
}

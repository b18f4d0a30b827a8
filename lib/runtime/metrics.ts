import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { healthStatuses, sourceStatuses } from "#lib/domain/status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readGauges } from "#lib/services/health/gauges.ts";
import type { Gauges } from "#lib/services/health/gauges.ts";

export interface Metrics {
  registry: Registry;
  httpDurations: Histogram<"method" | "route" | "status">;
  refusals: Counter<"code">;
}

/** Several module instances share one process in Next: only globalThis is one for all of them. */
const shared = globalThis as typeof globalThis & { vigieMetrics?: Metrics; vigieLive?: { subscribers(): number } };

/** What this process counts while it runs. */
export function getMetrics(): Metrics {
  if (shared.vigieMetrics === undefined) {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry, prefix: "vigie_" });
    shared.vigieMetrics = {
      registry,
      httpDurations: new Histogram({ name: "vigie_http_request_duration_seconds", help: "Answers of the HTTP API", labelNames: ["method", "route", "status"], buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10], registers: [registry] }),
      refusals: new Counter({ name: "vigie_http_refusals_total", help: "Refused calls by error code", labelNames: ["code"], registers: [registry] }),
    };
  }
  return shared.vigieMetrics;
}

/** Everything in Prometheus text format. Without the database its part is left out, not repeated as if it were new; `vigie_database_up` says so. */
export async function metricsText(context: ServiceContext): Promise<string> {
  const gauges = await readGauges(context).catch((error: unknown) => {
    context.log.warn({ error }, "metrics without the database");
    return null;
  });
  return `${await getMetrics().registry.metrics()}\n${await momentary(gauges).metrics()}`;
}

/** A registry for one scrape: what is true now, and nothing left over from the last one. */
function momentary(gauges: Gauges | null): Registry {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> => new Gauge({ name, help, labelNames, registers: [registry] });
  gauge("vigie_streams_open", "Browsers that follow the live stream of this process").set(shared.vigieLive?.subscribers() ?? 0);
  gauge("vigie_database_up", "Whether the database answered this scrape").set(gauges === null ? 0 : 1);
  if (gauges === null) return registry;
  const bigPods = gauge("vigie_big_pod_status", "1 for the status a Big Pod is shown with, 0 for all others", ["environment", "big_pod", "status"]);
  for (const { environment, bigPod, status } of gauges.bigPods) for (const each of healthStatuses) bigPods.set({ environment, big_pod: bigPod, status: each }, each === status ? 1 : 0);
  const sources = gauge("vigie_source_status", "1 for the state of a source, 0 for all others", ["source", "status"]);
  for (const { source, status } of gauges.sources) for (const each of sourceStatuses) sources.set({ source, status: each }, each === status ? 1 : 0);
  const operations = gauge("vigie_operations", "Operations by status", ["status"]);
  for (const [status, count] of Object.entries(gauges.operations)) operations.set({ status }, count);
  gauge("vigie_worker_heartbeat_age_seconds", "Seconds since an observing worker was seen; +Inf when none ever was").set(gauges.workerHeartbeatAgeSeconds ?? Number.POSITIVE_INFINITY);
  gauge("vigie_audit_head_sequence", "Sequence of the newest audit entry").set(gauges.auditHead?.sequence ?? 0);
  gauge("vigie_audit_head_timestamp_seconds", "Unix time of the newest audit entry").set((gauges.auditHead?.at.getTime() ?? 0) / 1000);
  gauge("vigie_sessions", "Sessions that are not over").set(gauges.sessions);
  return registry;
}

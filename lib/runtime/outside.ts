import { createUrlProbe } from "#lib/adapters/egress/url-probe.ts";
import type { Config } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { HttpAnswer, Outside } from "#lib/ports/outside.ts";

/**
 * What gates may ask, put together: clusters are opened at the first question (`clusterOf`), one Prometheus per environment by configuration.
 * Everything that is thrown is a VigieError: "denied" by the egress rules, "upstream" when nothing answers.
 */
export function createOutside(parts: { config: Config; clusterOf: (environment: string) => Promise<ClusterApi>; metricsOf: (environment: string) => MetricsApi | null; alertsOf?: Outside["alerts"]; grafana?: Outside["grafana"]; source?: Outside["source"] }): Outside {
  const { config, clusterOf, metricsOf } = parts;
  const namespaceOf = (environment: string): string => {
    const found = config.environments.find((candidate) => candidate.name === environment);
    if (found === undefined) throw new VigieError("not-found", `There is no environment "${environment}" in the configuration.`);
    return found.namespace;
  };

  async function timed(ask: () => Promise<{ status: number; body: string }>): Promise<HttpAnswer> {
    const begun = performance.now();
    try {
      const { status, body } = await ask();
      return { status, body, elapsedMs: performance.now() - begun };
    } catch (cause) {
      if (!(cause instanceof ClusterError)) throw cause;
      throw new VigieError("upstream", cause.message, { cause });
    }
  }

  return {
    metrics: metricsOf,
    alerts: parts.alertsOf ?? (() => null),
    grafana: parts.grafana ?? (() => null),
    source: parts.source ?? (() => null),
    pod: (environment, pod, port, path, timeoutMs, signal) => timed(async () => (await clusterOf(environment)).podHttp(namespaceOf(environment), pod, port, path, timeoutMs, signal)),
    service: (environment, service, port, path, timeoutMs, signal) => timed(async () => (await clusterOf(environment)).serviceHttp(namespaceOf(environment), service, port, path, timeoutMs, signal)),
    url: createUrlProbe(config.egress.allow),
  };
}

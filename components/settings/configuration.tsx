import type { Config } from "#lib/contracts/config.ts";

/** What vigie.yaml says, as far as it helps to understand the screens. No secret, and no reference to one. */
export interface ConfigurationSummary {
  environments: readonly { name: string; title: string; namespace: string; cluster: string; promotesFrom: string | null; rolloutTimeoutSeconds: number }[];
  bigPods: readonly { name: string; title: string; workload: string; services: readonly string[] }[];
  registries: readonly string[];
  providers: readonly string[];
}

export function summarise(config: Config): ConfigurationSummary {
  return {
    environments: config.environments.map((environment, index) => ({
      name: environment.name,
      title: environment.title ?? environment.name,
      namespace: environment.namespace,
      cluster: environment.cluster.inCluster ? "the cluster Vigie runs in" : (environment.cluster.context ?? "current context of its kubeconfig"),
      promotesFrom: environment.policy.promotesFrom ?? config.environments[index - 1]?.name ?? null,
      rolloutTimeoutSeconds: environment.policy.rolloutTimeoutSeconds,
    })),
    bigPods: config.bigPods.map((bigPod) => ({ name: bigPod.name, title: bigPod.title ?? bigPod.name, workload: `${bigPod.workload.kind} ${bigPod.workload.name}`, services: bigPod.services.map((service) => `${service.name} (${service.container === undefined ? "process" : "container"}${service.port === undefined ? "" : `, ${service.port}`})`) })),
    registries: config.registries.map((registry) => registry.host),
    providers: config.access.providers.map((provider) => `${provider.title} (${provider.kind})`),
  };
}

export function Configuration({ summary }: { summary: ConfigurationSummary }) {
  return (
    <div className="grid gap-4 text-sm">
      <ul className="border-t border-line">
        {summary.environments.map((environment) => (
          <li key={environment.name} className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)]">
            <b>{environment.title}</b>
            <span className="text-muted">
              namespace {environment.namespace} in {environment.cluster} · {environment.promotesFrom === null ? "nothing is promoted to it" : `promoted to from ${environment.promotesFrom}`} · a rollout may take {environment.rolloutTimeoutSeconds} s
            </span>
          </li>
        ))}
        {summary.bigPods.map((bigPod) => (
          <li key={bigPod.name} className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)]">
            <b>{bigPod.title}</b>
            <span className="text-muted">
              {bigPod.workload} · {bigPod.services.join(", ")}
            </span>
          </li>
        ))}
        <li className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)]">
          <b>Registries</b>
          <span className="text-muted">{summary.registries.join(", ") || "none configured: asked by the host in each image's name"}</span>
        </li>
        <li className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)]">
          <b>Sign-in</b>
          <span className="text-muted">{summary.providers.join(", ")}</span>
        </li>
      </ul>
    </div>
  );
}

import type { Config } from "#lib/contracts/config.ts";
import { networkMistake } from "#lib/domain/client-address.ts";
import { alertmanagerMistakes, egressMistakes, prometheusMistakes } from "#lib/domain/config-rules-gates.ts";
import { chartMistakes } from "#lib/domain/config-rules-charts.ts";
import { checkpointMistakes } from "#lib/domain/config-rules-audit.ts";
import { notificationMistakes, runbookMistakes } from "#lib/domain/config-rules-notifications.ts";
import { policyMistakes } from "#lib/domain/config-rules-policy.ts";
import { checkBlueGreen } from "#lib/domain/config-rules-blue-green.ts";

export interface ConfigMistake {
  path: (string | number)[];
  expected: string;
}

/** What a schema cannot say: names that refer to each other, names that must differ, policies that cannot be kept. `now` begins the year in which windows are looked for. */
export function checkConfig(config: Config, now: Date): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  const environments = config.environments.map((environment) => environment.name);
  repeated(environments).forEach((index) => mistakes.push({ path: ["environments", index, "name"], expected: `another name: "${environments[index]}" stands above` }));
  config.environments.forEach((environment, index) => {
    const from = environment.policy.promotesFrom;
    if (from === undefined) return;
    const source = environments.indexOf(from);
    if (source === -1) mistakes.push({ path: ["environments", index, "policy", "promotesFrom"], expected: `one of the environments: ${environments.join(", ")}` });
    else if (source >= index) mistakes.push({ path: ["environments", index, "policy", "promotesFrom"], expected: "an environment that stands before this one" });
  });
  const places = config.environments.map((environment) => JSON.stringify([environment.cluster.kubeconfig, environment.cluster.context, environment.cluster.inCluster, environment.namespace]));
  repeated(places).forEach((index) => mistakes.push({ path: ["environments", index, "namespace"], expected: "another cluster or namespace: an environment above is the same place" }));
  const names = config.bigPods.map((bigPod) => bigPod.name);
  repeated(names).forEach((index) => mistakes.push({ path: ["bigPods", index, "name"], expected: `another name: "${names[index]}" stands above` }));
  const workloads = config.bigPods.map((bigPod) => bigPod.workload.name);
  repeated(workloads).forEach((index) => mistakes.push({ path: ["bigPods", index, "workload", "name"], expected: `another workload: "${workloads[index]}" belongs to a Big Pod above` }));
  config.bigPods.forEach((bigPod, index) => {
    const services = bigPod.services.map((service) => service.name);
    repeated(services).forEach((at) => mistakes.push({ path: ["bigPods", index, "services", at, "name"], expected: `another name: "${services[at]}" stands above` }));
    bigPod.services.forEach((service, at) => {
      if (service.healthPath !== undefined && service.port === undefined) mistakes.push({ path: ["bigPods", index, "services", at, "healthPath"], expected: "a port beside it: without one there is nowhere to ask" });
    });
  });
  const providers = config.access.providers.map((provider) => provider.id);
  repeated(providers).forEach((index) => mistakes.push({ path: ["access", "providers", index, "id"], expected: `another id: "${providers[index]}" stands above` }));
  config.access.roles.forEach((binding, index) => {
    (binding.environments ?? []).forEach((environment, at) => {
      if (!environments.includes(environment)) mistakes.push({ path: ["access", "roles", index, "environments", at], expected: `one of the environments: ${environments.join(", ")}` });
    });
  });
  const hosts = config.registries.map((registry) => registry.host);
  repeated(hosts).forEach((index) => mistakes.push({ path: ["registries", index, "host"], expected: `another host: "${hosts[index]}" stands above` }));
  config.server.trustedProxies.forEach((network, index) => {
    const expected = networkMistake(network);
    if (expected !== null) mistakes.push({ path: ["server", "trustedProxies", index], expected });
  });
  return [...mistakes, ...checkBlueGreen(config), ...policyMistakes(config, now), ...prometheusMistakes(config), ...alertmanagerMistakes(config), ...egressMistakes(config), ...chartMistakes(config), ...notificationMistakes(config), ...checkpointMistakes(config), ...runbookMistakes(config)];
}

/** Environment that promotions into `name` come from; null for the first. */
export function promotesFrom(config: Config, name: string): string | null {
  const index = config.environments.findIndex((environment) => environment.name === name);
  return config.environments[index]?.policy.promotesFrom ?? config.environments[index - 1]?.name ?? null;
}

function repeated(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []));
}

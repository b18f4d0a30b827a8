import type { AlertingConfig, BigPodConfig, Config } from "#lib/contracts/config.ts";
import { colourNames } from "#lib/domain/colour.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";

/** Where an alert belongs; null where its labels do not say. */
export interface SignalPlace {
  environment: string | null;
  bigPod: string | null;
  service: string | null;
}

type Platform = Pick<Config, "environments" | "bigPods">;

/** Names of pods begin with their workload's; these labels carry them in Kubernetes' own metrics and in most exporters'. */
const podLabels = ["pod", "pod_name", "exported_pod"];

/**
 * Reads the place from an alert's labels by the configured names. The first label that names something of the platform counts; `only` is the environment of an
 * upstream that has no other, for alerts that name none.
 */
export function placeOf(labels: Labels, { environments, bigPods }: Platform, names: AlertingConfig["labels"], only: string | null = null): SignalPlace {
  const valueOf = (name: string): string | undefined => (Object.hasOwn(labels, name) ? labels[name] : undefined);
  const first = <Found>(among: readonly string[], find: (value: string) => Found | undefined): Found | undefined => {
    for (const name of among) {
      const value = valueOf(name);
      const found = value === undefined ? undefined : find(value);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const environment = first(names.environment, (value) => environments.find((one) => one.name === value) ?? environments.find((one) => one.namespace === value));
  const named = first(names.bigPod, (value) => bigPods.find((one) => one.name === value) ?? bigPods.find((one) => workloadsOf(one).includes(value)));
  const bigPod = named ?? first(podLabels, (value) => byPodName(value, bigPods)) ?? first(names.service, (value) => onlyOne(bigPods.filter((one) => serviceIn(one, value) !== undefined)));
  const service = bigPod === undefined ? undefined : first(names.service, (value) => serviceIn(bigPod, value));
  return { environment: environment?.name ?? only, bigPod: bigPod?.name ?? null, service: service?.name ?? null };
}

function workloadsOf(bigPod: BigPodConfig): string[] {
  const { blue, green } = colourNames(bigPod).workloads;
  return [bigPod.workload.name, blue, green];
}

/** The longest name that fits: "core-api-5d9f-x" is of core-api, not of core. */
function byPodName(pod: string, bigPods: readonly BigPodConfig[]): BigPodConfig | undefined {
  const fitting = bigPods.filter((one) => pod.startsWith(`${one.workload.name}-`));
  return fitting.toSorted((left, right) => right.workload.name.length - left.workload.name.length)[0];
}

function serviceIn(bigPod: BigPodConfig, value: string): BigPodConfig["services"][number] | undefined {
  return bigPod.services.find((one) => one.name === value) ?? bigPod.services.find((one) => one.process === value || one.container === value);
}

function onlyOne<Item>(items: readonly Item[]): Item | undefined {
  return items.length === 1 ? items[0] : undefined;
}

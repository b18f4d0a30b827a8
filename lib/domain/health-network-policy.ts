import type { Finding } from "#lib/domain/fold-finding.ts";
import { fields } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { matchesLabels } from "#lib/domain/surroundings.ts";

/** Where the configuration asks for it (bigPods[].networkPolicy): a NetworkPolicy must select the Big Pod's pods, or every pod of the cluster may reach them. */
export function networkPolicyFindings(bigPod: string, namespace: string, policies: readonly RawObject[], labels: Readonly<Record<string, unknown>>): Finding[] {
  if (policies.some((policy) => matchesLabels(fields(policy.spec)["podSelector"], labels))) return [];
  return [{ status: "warning", kind: "network-policy", group: "network-policy", on: bigPod, tell: () => `no NetworkPolicy in ${namespace} selects the pods of ${bigPod}`, evidence: [], remedy: `Add a NetworkPolicy for it, or take networkPolicy away from bigPods.${bigPod} in vigie.yaml.` }];
}

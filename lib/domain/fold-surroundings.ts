import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { fields } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";
import { autoscalerFindings } from "#lib/domain/health-autoscaler.ts";
import { claimFindings } from "#lib/domain/health-claim.ts";
import { backendsOf, certificateFindings, ingressFindings } from "#lib/domain/health-ingress.ts";
import { cronJobFindings } from "#lib/domain/health-job.ts";
import { networkPolicyFindings } from "#lib/domain/health-network-policy.ts";
import { nodeFindings } from "#lib/domain/health-node.ts";
import { claimsOf, selects, templateLabels } from "#lib/domain/surroundings.ts";
import type { Surroundings } from "#lib/domain/surroundings.ts";

export interface SurroundingsInput {
  bigPod: BigPodConfig;
  namespace: string;
  deployment: RawObject;
  /** Live pods of the newest template. */
  pods: readonly RawObject[];
  ready: number;
  surroundings: Surroundings;
  eventsOf: (uid: string) => readonly ClusterEvent[];
  now: Date;
}

/** What the objects around a workload add: those it refers to, and those that refer to it. What is not known adds nothing. */
export function surroundingFindings({ bigPod, namespace, deployment, pods, ready, surroundings, eventsOf, now }: SurroundingsInput): Finding[] {
  const { nodes, services, ingresses, certificates, autoscalers, claims, jobs, cronJobs, networkPolicies } = surroundings;
  const labels = templateLabels(deployment);
  const findings: Finding[] = nodes === null ? [] : nodeFindings(bigPod.name, nodes, pods, ready);
  for (const autoscaler of autoscalers ?? []) {
    const target = fields(fields(autoscaler.spec)["scaleTargetRef"]);
    if (target["kind"] === "Deployment" && target["name"] === deployment.metadata.name) findings.push(...autoscalerFindings(bigPod.name, autoscaler, now));
  }
  for (const name of claims === null ? [] : claimsOf(deployment)) {
    const claim = claims?.find((candidate) => candidate.metadata.name === name);
    findings.push(...claimFindings(bigPod.name, name, claim, claim === undefined ? [] : eventsOf(claim.metadata.uid), now));
  }
  if (services !== null) {
    const ours = new Set(services.filter((service) => selects(fields(service.spec)["selector"], labels)).map((service) => service.metadata.name));
    // A Service that is gone selects nothing any more: its name is all that is left of it.
    const isOurs = (service: string): boolean => ours.has(service) || (service === deployment.metadata.name && !services.some((one) => one.metadata.name === service));
    for (const ingress of ingresses ?? []) {
      if (!backendsOf(ingress).some(({ service }) => isOurs(service))) continue;
      findings.push(...ingressFindings(bigPod.name, ingress, services, isOurs));
      if (certificates !== null) findings.push(...certificateFindings(ingress, certificates, now));
    }
  }
  for (const name of cronJobs === null ? [] : (bigPod.cronJobs ?? [])) findings.push(...cronJobFindings(bigPod.name, name, cronJobs?.find((one) => one.metadata.name === name), jobs, now));
  if (bigPod.networkPolicy === true && networkPolicies !== null) findings.push(...networkPolicyFindings(bigPod.name, namespace, networkPolicies, labels));
  return findings;
}

/**
 * Everything that can be wrong with a Big Pod. Worst status wins (status.ts); among findings of one status the one that stands first here is told:
 * wishes of people, then causes, then symptoms, then surroundings. The explicit order is the rule, see docs/health.md.
 */
export const findingKinds = [
  "isolated",
  "scaled-to-0",
  "paused",
  "node-lost",
  "architecture",
  "out-of-memory",
  "crash",
  "process",
  "pull",
  "create",
  "mount",
  "sandbox",
  "unschedulable",
  "quota",
  "replica-failure",
  "claim",
  "probe",
  "deadline",
  "not-ready",
  "degraded",
  "disagreement",
  "mixed",
  "controller",
  "starting",
  "rollout",
  "replicas",
  "service-starting",
  "evicted",
  "restart",
  "node",
  "autoscaler-maximum",
  "autoscaler",
  "job",
  "cron-job",
  "ingress",
  "certificate",
  "network-policy",
  "process-unknown",
  "doubt",
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** What lies around the workload: no reason to return a release that is fine in itself. */
export const surroundingKinds: ReadonlySet<string> = new Set<FindingKind>(["node", "autoscaler-maximum", "autoscaler", "job", "cron-job", "ingress", "certificate", "network-policy"]);

export function rankOf(kind: FindingKind): number {
  return findingKinds.indexOf(kind);
}

import type { IncidentNumber } from "#lib/contracts/incident.ts";

/** Numbers of incidents and deployments, from facts. Pure. Fewer than this many of anything say nothing about how it usually goes, so nothing is said. */
export const leastN = 5;

export interface IncidentFact {
  id: string;
  onsetAt: Date;
  openedAt: Date;
  /** First time that somebody acknowledged it. */
  acknowledgedAt: Date | null;
  /** Null: it is open. Of one that fell quiet, when the last signal ended; of one that a person resolved, the earlier of the two. */
  recoveredAt: Date | null;
  /** Its first suspect, where the comparison says `worse`. */
  worse: { operationId: string | null; release: number | null; at: Date } | null;
  /** Operation that undid what caused it: a rollback for this incident. */
  rollbackAt: Date | null;
}

/** A promotion that began. */
export interface DeploymentFact {
  id: string;
  release: number | null;
  startedAt: Date;
  /** Null: it runs. */
  finishedAt: Date | null;
  outcome: "succeeded" | "returned" | "failed" | "running";
  /** When a promotion or rollback after it next succeeded; null: none has. */
  mendedAt: Date | null;
  /** When the watch after it rolled it back; null: it did not. */
  rolledBackAt: Date | null;
}

/** Middle of sorted values, mean of the two middle ones of an even count. Null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Nearest rank: the smallest value that at least `share` of all do not exceed. Null of none. */
export function nearestRank(values: readonly number[], share: number): number | null {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? null;
}

const secondsBetween = (from: Date, to: Date): number => Math.max(0, (to.getTime() - from.getTime()) / 1_000);

type Words = Pick<IncidentNumber, "name" | "title" | "definition">;

function ofSeconds(words: Words, seconds: readonly number[], of: string): IncidentNumber {
  const n = seconds.length;
  if (n < leastN) return { ...words, unit: "seconds", n, value: null, p95: null, note: tooFew(n, of) };
  return { ...words, unit: "seconds", n, value: median(seconds), p95: nearestRank(seconds, 0.95), note: `Median of ${n} ${of}` };
}

const tooFew = (n: number, of: string): string => `Only ${n} ${of}: shown from ${leastN} on`;

/**
 * The promotions that failed, each once, and when the failure was over (null: not yet). A promotion failed when it failed or was returned, when the watch after it rolled
 * it back, when its release is the first suspect of an incident with the verdict worse, or when it was the last one before a rollback for an incident.
 */
export function failedDeployments(deployments: readonly DeploymentFact[], incidents: readonly IncidentFact[]): Map<string, Date | null> {
  const failed = new Map<string, Date | null>();
  const ended = deployments.filter((deployment) => deployment.outcome !== "running").toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  for (const deployment of ended) {
    if (deployment.outcome === "returned") failed.set(deployment.id, deployment.finishedAt);
    else if (deployment.outcome === "failed") failed.set(deployment.id, deployment.mendedAt);
    else if (deployment.rolledBackAt !== null) failed.set(deployment.id, deployment.rolledBackAt);
  }
  for (const incident of incidents) {
    for (const cause of causesOf(incident, ended)) {
      const known = failed.get(cause.id);
      // Of several ways to know of one failure, the last end counts: it was not over before.
      const end = incident.recoveredAt;
      failed.set(cause.id, known === undefined ? end : known === null || end === null ? null : end > known ? end : known);
    }
  }
  return failed;
}

function causesOf(incident: IncidentFact, ended: readonly DeploymentFact[]): DeploymentFact[] {
  const lastBefore = (at: Date, wanted: (deployment: DeploymentFact) => boolean): DeploymentFact | undefined => ended.findLast((deployment) => deployment.startedAt <= at && wanted(deployment));
  const { worse, rollbackAt } = incident;
  const suspected = worse === null ? undefined : (ended.find((deployment) => deployment.id === worse.operationId) ?? (worse.release === null ? undefined : lastBefore(worse.at, (deployment) => deployment.release === worse.release)));
  const undone = rollbackAt === null ? undefined : lastBefore(rollbackAt, (deployment) => deployment.outcome === "succeeded");
  return [...new Set([suspected, undone].filter((deployment) => deployment !== undefined))];
}

/**
 * The four numbers of a time. `incidents`: those that opened in it, merged ones left out (they count as what they were merged into). `deployments`: promotions that began in it.
 * Open incidents and running promotions are left out of everything. Failed-deployment recovery time and change failure rate as DORA names them
 * (dora.dev/guides/dora-metrics-four-keys), over what Vigie itself promoted.
 */
export function incidentNumbers(incidents: readonly IncidentFact[], deployments: readonly DeploymentFact[]): IncidentNumber[] {
  const over = incidents.filter((incident) => incident.recoveredAt !== null);
  const acknowledged = over.flatMap((incident) => (incident.acknowledgedAt === null ? [] : [secondsBetween(incident.openedAt, incident.acknowledgedAt)]));
  const resolved = over.flatMap((incident) => (incident.recoveredAt === null ? [] : [secondsBetween(incident.onsetAt, incident.recoveredAt)]));
  const failed = failedDeployments(deployments, over);
  const recoveries = deployments.flatMap((deployment) => {
    const end = failed.get(deployment.id);
    return end === undefined || end === null ? [] : [secondsBetween(deployment.startedAt, end)];
  });
  const ended = deployments.filter((deployment) => deployment.outcome !== "running").length;
  const rate: IncidentNumber = {
    name: "change-failure-rate", title: "Change failure rate", unit: "share", n: ended, p95: null,
    definition: "Share of promotions that failed: that failed or were returned, were rolled back by the watch after them or for an incident, or whose release is the first suspect of an incident with the verdict worse. Each counts once.",
    value: ended < leastN ? null : failed.size / ended,
    note: ended < leastN ? tooFew(ended, ended === 1 ? "promotion" : "promotions") : `${failed.size} of ${ended} promotions failed`,
  };
  return [
    ofSeconds({ name: "time-to-acknowledge", title: "Time to acknowledge", definition: "From when an incident opened until somebody first acknowledged it. Incidents that nobody acknowledged are left out." }, acknowledged, "acknowledged incidents"),
    ofSeconds({ name: "time-to-resolve", title: "Time to resolve", definition: "From the onset of an incident until its last signal ended, or until a person called it resolved if that was earlier. Waiting for it to stay quiet does not count." }, resolved, "resolved incidents"),
    ofSeconds({ name: "failed-deployment-recovery", title: "Failed deployment recovery time", definition: "From when a promotion that failed began until its failure was over: it was returned, rolled back, followed by one that succeeded, or the incident it caused had recovered. Failures that are not over are left out." }, recoveries, "failed promotions"),
    rate,
  ];
}

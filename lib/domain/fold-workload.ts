import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { PodState, ServiceState } from "#lib/contracts/state.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { isReady, notReadyClause, startGraceMs, warnings } from "#lib/domain/fold-pod.ts";
import { ageMs, condition, conditionsOf, containerStatuses, fields, whole } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";
import type { Rollout } from "#lib/domain/fold-rollout.ts";
import { isGivenUp } from "#lib/domain/fold-services.ts";

interface WorkloadInput {
  deployment: RawObject;
  rollout: Rollout;
  bigPod: BigPodConfig;
  version: string | null;
  /** Pods of the newest template that are ready. */
  readyCurrent: number;
  /** Containers whose pods run different images under one reference. */
  mixed: readonly string[];
  replicaSetEvents: readonly ClusterEvent[];
}

/** What the Deployment itself says: scaled to 0, paused, rolling, past its deadline, unable to make pods. */
export function workloadFindings({ deployment, rollout, bigPod, version, readyCurrent, mixed, replicaSetEvents }: WorkloadInput): Finding[] {
  const findings: Finding[] = [];
  const on = `Deployment ${deployment.metadata.name}`;
  const add = (finding: Pick<Finding, "status" | "rank" | "group"> & { sentence: string; evidence?: Finding["evidence"] }): void => {
    findings.push({ status: finding.status, rank: finding.rank, group: finding.group, on, tell: () => finding.sentence, evidence: finding.evidence ?? [] });
  };
  const what = version === null ? "a new template" : version;
  const count = `${Math.min(readyCurrent, rollout.desired)} of ${rollout.desired} new pods ready`;

  if (rollout.desired === 0) {
    add({ status: "paused", rank: 1, group: "scaled-to-0", sentence: "scaled to 0" });
    return findings;
  }
  const failure = condition(deployment, "ReplicaFailure");
  if (failure?.status === "True") {
    const why = failure.message ?? failure.reason ?? "the cluster does not say why";
    add({ status: rollout.available > 0 && rollout.settledBefore ? "warning" : "broken", rank: 16, group: "replica-failure", sentence: `${bigPod.name} cannot get its pods: ${why}`, evidence: [{ kind: "condition", text: `ReplicaFailure: ${why}`, at: failure.at, on }, ...warnings(replicaSetEvents).slice(0, 2)] });
  }
  if (fields(deployment.spec)["paused"] === true) {
    add({ status: "paused", rank: 2, group: "paused", sentence: rollout.phase === "complete" ? "its rollouts are paused (spec.paused)" : `the rollout of ${what} is paused (spec.paused): ${count}` });
    return findings;
  }
  const progressing = condition(deployment, "Progressing");
  const evidence = progressing?.message ? [{ kind: "condition" as const, text: `Progressing: ${progressing.reason ?? progressing.status}: ${progressing.message}`, at: progressing.at, on }] : [];
  if (rollout.phase === "failed") {
    const deadlineSeconds = whole(fields(deployment.spec)["progressDeadlineSeconds"], 600);
    add({ status: "broken", rank: 20, group: "deadline", sentence: `the rollout of ${what} did not finish within ${deadlineSeconds} s: ${count}`, evidence });
  } else if (rollout.phase === "under-way" && !rollout.settledBefore) {
    const old = Math.max(0, rollout.total - rollout.updated);
    add({ status: "progressing", rank: 40, group: "rollout", sentence: `${what} is rolling out: ${count}${readyCurrent >= rollout.desired && old > 0 ? `, ${old} old ${old === 1 ? "pod" : "pods"} still stopping` : ""}`, evidence });
  } else if (rollout.phase === "under-way" && failure?.status !== "True") {
    add({ status: "progressing", rank: 41, group: "replicas", sentence: `${rollout.available} of ${rollout.desired} pods are ready`, evidence: [] });
  }
  for (const container of mixed) {
    add({ status: "warning", rank: 35, group: `mixed/${container}`, sentence: `pods of ${bigPod.name} run different images of ${container} under one tag: the tag was moved; restart or promote by digest to make them equal` });
  }
  return findings;
}

/** Pods of a rollout that had ended before, which are not ready although nothing else is found on them. */
export function notReadyFindings(bigPod: string, pods: readonly RawObject[], ready: number, desired: number, eventsOf: (uid: string) => readonly ClusterEvent[], now: Date): Finding[] {
  return pods.map((pod) => {
    const events = eventsOf(pod.metadata.uid);
    const youngest = Math.min(...containerStatuses(pod).map((s) => ageMs(s.runningSince, now) ?? 0), ageMs(pod.metadata.creationTimestamp, now) ?? 0);
    const condition = conditionsOf(pod).find((c) => c.type === "Ready");
    const clause = notReadyClause(events) ?? condition?.message ?? "it does not say why";
    const starting = youngest < startGraceMs && notReadyClause(events) !== "its node stopped answering";
    const on = pod.metadata.name;
    const evidence = [...(condition?.message ? [{ kind: "condition" as const, text: `Ready is ${condition.status}: ${condition.message}`, at: condition.at, on: `Pod ${on}` }] : []), ...warnings(events).slice(0, 2)];
    if (starting) return { status: "progressing", rank: 39, group: "starting", on, evidence, tell: (place) => `${place} is starting: ${ready} of ${desired} pods ready` } satisfies Finding;
    return { status: ready === 0 ? "broken" : "warning", rank: 25, group: "not-ready", on, evidence, tell: (place) => `${place} of ${bigPod} is not ready: ${clause}` } satisfies Finding;
  });
}

function probeEvidence(pod: RawObject, service: ServiceState): Finding["evidence"] {
  return [{ kind: "probe", text: `${service.name}: ${service.status}${service.detail === null ? "" : `, ${service.detail}`}`, at: null, on: `Pod ${pod.metadata.name}` }];
}

function downSentence(name: string, place: string, detail: string | null): string {
  if (detail === null) return `${name} in ${place} is down`;
  return isGivenUp(detail) && detail.startsWith("FATAL") ? `${name} in ${place} is ${detail}` : `${name} in ${place} is down: ${detail}`;
}

/**
 * What the services inside a running pod add. A process that is down in a ready pod is broken at once: a supervisor that gave up leaves the container
 * Running and Ready. In a container that has only just been started a silent process is still "starting" (fold-services.ts).
 */
export function serviceFindings(pod: RawObject, state: PodState): Finding[] {
  const running = containerStatuses(pod).filter((s) => s.state === "running");
  const ready = isReady(pod);
  return state.services.flatMap((service): Finding[] => {
    const base = { group: `service/${service.name}`, on: pod.metadata.name, evidence: probeEvidence(pod, service) };
    const { name, detail } = service;
    switch (service.status) {
      case "up":
        return [];
      case "down":
        // A container that is down is told by podFindings, with its exit code.
        if (running.length === 0 || (service.kind === "container" && !ready)) return [];
        return [{ ...base, status: "broken", rank: 8, tell: (place) => downSentence(name, place, detail) }];
      case "degraded":
        return ready ? [{ ...base, status: "warning", rank: 30, tell: (place) => `${name} in ${place} is degraded${detail === null ? "" : `: ${detail}`}` }] : [];
      case "starting":
        return ready ? [{ ...base, status: "progressing", rank: 45, tell: (place) => `${name} in ${place} is starting` }] : [];
      case "unknown":
        return ready || running.length > 0 ? [{ ...base, status: "unknown", rank: 60, tell: (place) => `${name} in ${place} is unknown: ${detail ?? "it was not asked"}` }] : [];
    }
  });
}

const statusOfService: Record<ServiceState["status"], Finding["status"] | null> = { down: "broken", degraded: "warning", starting: "progressing", unknown: "unknown", up: null };

/**
 * The last guard against a false green, for when nothing was found: the objects may contradict each other for a moment (a Deployment that counts pods which were
 * not seen yet, a pod called Ready whose container has ended). Whatever is not up in every wanted pod is told after all.
 */
export function doubtFindings(bigPod: string, services: readonly ServiceState[], ready: number, desired: number): Finding[] {
  const doubts = services.flatMap((service): Finding[] => {
    const status = statusOfService[service.status];
    return status === null ? [] : [{ status, rank: 90, group: `doubt/${service.name}`, on: bigPod, evidence: [], tell: () => `${service.name} is ${service.status}${service.detail === null ? "" : `: ${service.detail}`}` }];
  });
  if (ready < desired) doubts.push({ status: "progressing", rank: 91, group: "doubt/ready", on: bigPod, evidence: [], tell: () => `${ready} of ${desired} pods are ready` });
  return doubts;
}

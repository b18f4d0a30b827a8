import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { Evidence, PodState, ServiceState } from "#lib/contracts/state.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { startGraceMs } from "#lib/domain/fold-exit.ts";
import { notReadyClause, warnings } from "#lib/domain/fold-pod.ts";
import { ageMs, condition, containerStatuses, fields, isReady, whole } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";
import type { FindingKind } from "#lib/domain/fold-order.ts";
import type { Rollout } from "#lib/domain/fold-rollout.ts";
import { isGivenUp } from "#lib/domain/fold-services.ts";
import { accountTitles, disagreement } from "#lib/domain/service-accounts.ts";

interface WorkloadInput {
  deployment: RawObject;
  rollout: Rollout;
  bigPod: BigPodConfig;
  version: string | null;
  /** Pods of the newest template that are ready. */
  readyCurrent: number;
  /** Containers whose pods run different images under one reference. */
  mixed: readonly string[];
  /** The ReplicaSet of the newest template, and what happened to it. */
  replicaSet: RawObject | undefined;
  replicaSetEvents: readonly ClusterEvent[];
  now: Date;
}

/** A controller that has not looked at a new spec for this long is not at work. */
const controllerSilenceMs = 30_000;
/** An event of the ReplicaSet stands in for the condition, which comes a moment later, only while it is young. */
const eventMemoryMs = 60_000;

/** Why pods cannot be made, without the words that name one refused pod: "exceeded quota: compute, requested: pods=1, …". */
function refusal(message: string): string {
  return message.replace(/^\(combined from similar events\): /, "").replace(/^Error creating: /, "").replace(/^pods "[^"]*" is forbidden: /, "");
}

/** What keeps the controller from making pods: its condition, or while there is none yet the ReplicaSet's. */
function replicaFailure({ deployment, replicaSet, replicaSetEvents, now }: WorkloadInput): { why: string; evidence: Evidence } | null {
  for (const [object, on] of [[deployment, `Deployment ${deployment.metadata.name}`], [replicaSet, `ReplicaSet ${replicaSet?.metadata.name ?? ""}`]] as const) {
    const failure = object === undefined ? undefined : condition(object, "ReplicaFailure");
    if (failure?.status !== "True") continue;
    const why = failure.message ?? failure.reason ?? "the cluster does not say why";
    return { why, evidence: { kind: "condition", text: `ReplicaFailure: ${why}`, at: failure.at, on } };
  }
  const wanting = replicaSet !== undefined && whole(fields(replicaSet.status)["replicas"]) < whole(fields(replicaSet.spec)["replicas"]);
  const event = wanting ? replicaSetEvents.filter((e) => e.reason === "FailedCreate" && (ageMs(e.at, now) ?? Infinity) < eventMemoryMs).sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""))[0] : undefined;
  return event === undefined ? null : { why: event.message, evidence: { kind: "event", text: `${event.reason}: ${event.message}`, at: event.at, on: event.on } };
}

/** When somebody last wrote the spec, by the server's record; null when it tells nothing. */
function specWrittenAt(deployment: RawObject): string | null {
  const times = (deployment.metadata.managedFields ?? []).filter((entry) => entry.subresource === undefined || entry.subresource === "").flatMap((entry) => entry.time ?? []);
  return times.sort().at(-1) ?? null;
}

const waiting = "Nothing needs to be done: it goes on by itself.";

/** What the Deployment itself says: scaled to 0, paused, rolling, past its deadline, unable to make pods. */
export function workloadFindings(input: WorkloadInput): Finding[] {
  const { deployment, rollout, bigPod, version, readyCurrent, mixed, replicaSetEvents, now } = input;
  const findings: Finding[] = [];
  const on = `Deployment ${deployment.metadata.name}`;
  const add = (finding: Pick<Finding, "status" | "kind" | "remedy"> & { sentence: string; group?: string; evidence?: Finding["evidence"] }): void => {
    const { status, kind, remedy, sentence, group = kind, evidence = [] } = finding;
    findings.push({ status, kind, group, on, tell: () => sentence, evidence, remedy });
  };
  const what = version === null ? "a new template" : version;
  const count = `${Math.min(readyCurrent, rollout.desired)} of ${rollout.desired} new pods ready`;

  if (rollout.desired === 0) {
    add({ status: "paused", kind: "scaled-to-0", sentence: "scaled to 0", remedy: "Scale it up when it is wanted again." });
    return findings;
  }
  const failure = replicaFailure(input);
  if (failure !== null) {
    const why = refusal(failure.why);
    const quota = /exceeded quota/.test(why);
    add({
      status: rollout.available > 0 && rollout.settledBefore ? "warning" : "broken", kind: quota ? "quota" : "replica-failure", sentence: `${bigPod.name} cannot get its pods: ${why}`,
      evidence: [failure.evidence, ...warnings(replicaSetEvents).slice(0, 2)],
      remedy: quota ? "Raise the quota, or free what it counts; a rollout needs room for one more pod." : "Mend what the API server names in the template or in its admission rules.",
    });
  }
  if (fields(deployment.spec)["paused"] === true) {
    add({ status: "paused", kind: "paused", sentence: rollout.phase === "complete" ? "its rollouts are paused (spec.paused)" : `the rollout of ${what} is paused (spec.paused): ${count}`, remedy: `kubectl rollout resume deployment/${deployment.metadata.name} lets it go on.` });
    return findings;
  }
  const progressing = condition(deployment, "Progressing");
  const evidence = progressing?.message ? [{ kind: "condition" as const, text: `Progressing: ${progressing.reason ?? progressing.status}: ${progressing.message}`, at: progressing.at, on }] : [];
  if (rollout.phase === "failed") {
    const deadlineSeconds = whole(fields(deployment.spec)["progressDeadlineSeconds"], 600);
    add({ status: "broken", kind: "deadline", sentence: `the rollout of ${what} did not finish within ${deadlineSeconds} s: ${count}`, evidence, remedy: "Go back to the release that ran before; its log and events may tell why the new pods are not ready." });
  } else if (rollout.phase === "under-way" && !rollout.settledBefore) {
    const old = Math.max(0, rollout.total - rollout.updated);
    add({ status: "progressing", kind: "rollout", sentence: `${what} is rolling out: ${count}${readyCurrent >= rollout.desired && old > 0 ? `, ${old} old ${old === 1 ? "pod" : "pods"} still stopping` : ""}`, evidence, remedy: waiting });
  } else if (rollout.phase === "under-way" && failure === null) {
    add({ status: "progressing", kind: "replicas", sentence: `${rollout.available} of ${rollout.desired} pods are ready`, remedy: waiting });
  }
  const seen = whole(fields(deployment.status)["observedGeneration"]);
  const generation = deployment.metadata.generation ?? 0;
  if (seen < generation && (ageMs(specWrittenAt(deployment), now) ?? 0) > controllerSilenceMs) {
    add({ status: "warning", kind: "controller", sentence: `the cluster has not looked at the newest spec of ${bigPod.name} (generation ${generation}, it knows ${seen})`, remedy: "Look whether the cluster's controller manager runs." });
  }
  for (const container of mixed) {
    add({ status: "warning", kind: "mixed", group: `mixed/${container}`, sentence: `pods of ${bigPod.name} run different images of ${container} under one tag: the tag was moved; restart or promote by digest to make them equal`, remedy: "Restart it, or promote a release: that writes the digest." });
  }
  return findings;
}

/** Pods of a rollout that had ended before, which are not ready although nothing else is found on them. */
export function notReadyFindings(bigPod: string, pods: readonly RawObject[], ready: number, desired: number, eventsOf: (uid: string) => readonly ClusterEvent[], now: Date): Finding[] {
  return pods.map((pod) => {
    const events = eventsOf(pod.metadata.uid);
    const youngest = Math.min(...containerStatuses(pod).map((s) => ageMs(s.runningSince, now) ?? 0), ageMs(pod.metadata.creationTimestamp, now) ?? 0);
    const readiness = condition(pod, "Ready");
    const clause = notReadyClause(events) ?? readiness?.message ?? "it does not say why";
    const starting = youngest < startGraceMs && notReadyClause(events) !== "its node stopped answering";
    const on = pod.metadata.name;
    const evidence = [...(readiness?.message ? [{ kind: "condition" as const, text: `Ready is ${readiness.status}: ${readiness.message}`, at: readiness.at, on: `Pod ${on}` }] : []), ...warnings(events).slice(0, 2)];
    if (starting) return { status: "progressing", kind: "starting", group: "starting", on, evidence, remedy: waiting, tell: (place) => `${place} is starting: ${ready} of ${desired} pods ready` } satisfies Finding;
    return { status: ready === 0 ? "broken" : "warning", kind: "not-ready", group: "not-ready", on, evidence, remedy: "Mend what its readiness probe asks, or restart it.", tell: (place) => `${place} of ${bigPod} is not ready: ${clause}` } satisfies Finding;
  });
}

function serviceEvidence(pod: RawObject, service: ServiceState): Evidence[] {
  const on = `Pod ${pod.metadata.name}`;
  if (service.accounts === undefined) return [{ kind: "probe", text: `${service.name}: ${service.status}${service.detail === null ? "" : `, ${service.detail}`}`, at: null, on }];
  return service.accounts.map((account): Evidence => ({ kind: account.source === "metrics" ? "metric" : "probe", text: `${service.name}: ${accountTitles[account.source]} says ${account.status}${account.detail === null ? "" : `, ${account.detail}`}`, at: null, on }));
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
    const base = { group: `service/${service.name}`, on: pod.metadata.name, evidence: serviceEvidence(pod, service) };
    const { name, detail } = service;
    const contradiction = ready && service.accounts !== undefined ? disagreement(service.accounts) : null;
    const doubts: Finding[] = contradiction === null ? [] : [{ ...base, group: `disagreement/${name}`, status: "warning", kind: "disagreement", tell: (place) => `the sources disagree about ${name} in ${place}: ${contradiction}`, remedy: "Believe the worse until you have looked; then mend the source that is wrong." }];
    const own = (finding: { status: Finding["status"]; kind: FindingKind; tell: Finding["tell"]; remedy: string }): Finding[] => [{ ...base, ...finding }, ...doubts];
    switch (service.status) {
      case "up":
        return doubts;
      case "down":
        // A container that is down is told by podFindings, with its exit code.
        if (running.length === 0 || (service.kind === "container" && !ready)) return [];
        return own({ status: "broken", kind: "process", tell: (place) => downSentence(name, place, detail), remedy: isGivenUp(detail) ? "Its supervisor does not try again: restart the Big Pod, or go back to the release that ran before." : "Restart the Big Pod, or go back to the release that ran before." });
      case "degraded":
        return ready ? own({ status: "warning", kind: "degraded", tell: (place) => `${name} in ${place} is degraded${detail === null ? "" : `: ${detail}`}`, remedy: "Read its log; it may get over it by itself." }) : [];
      case "starting":
        return ready ? own({ status: "progressing", kind: "service-starting", tell: (place) => `${name} in ${place} is starting`, remedy: waiting }) : [];
      case "unknown":
        return ready || running.length > 0 ? own({ status: "unknown", kind: "process-unknown", tell: (place) => `${name} in ${place} is unknown: ${detail ?? "it was not asked"}`, remedy: "Make it answer: look at monitor, supervisor or healthPath in vigie.yaml, and at what the account may ask." }) : [];
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
    return status === null ? [] : [{ status, kind: "doubt", group: `doubt/${service.name}`, on: bigPod, evidence: [], remedy: waiting, tell: () => `${service.name} is ${service.status}${service.detail === null ? "" : `: ${service.detail}`}` }];
  });
  if (ready < desired) doubts.push({ status: "progressing", kind: "doubt", group: "doubt/ready", on: bigPod, evidence: [], remedy: waiting, tell: () => `${ready} of ${desired} pods are ready` });
  return doubts;
}

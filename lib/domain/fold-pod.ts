import type { Evidence } from "#lib/contracts/state.ts";
import { containerFinding } from "#lib/domain/fold-container.ts";
import { restartMemoryMs } from "#lib/domain/fold-exit.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, cleanOrNull, condition, conditionsOf, containerStatuses, fields, initContainerStatuses, text } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";

/** A scheduler that looks twice finds room now and then. */
export const unschedulableGraceMs = 6_000;
/** A node that was asked for takes this long to come. */
const scaleUpGraceMs = 300_000;
/** Volumes and networks are often there at the second try. */
const mountGraceMs = 8_000;
const schedulerSilenceMs = 20_000;

export interface PodFacts {
  events: readonly ClusterEvent[];
  /** Architecture of its node ("arm64"); null where nodes are not known. */
  architecture: string | null;
  /** Names of nodes that take no new pods. */
  cordoned: readonly string[];
}

/** What is wrong with one live pod of the newest template. Not being ready yet is no finding here: see fold-probe.ts and fold-workload.ts. */
export function podFindings(pod: RawObject, bigPod: string, facts: PodFacts, now: Date): Finding[] {
  const { events, architecture } = facts;
  const statuses = [...initContainerStatuses(pod), ...containerStatuses(pod)];
  const findings = statuses.flatMap((status) => containerFinding(pod, status, events, architecture, now) ?? []);
  findings.push(...schedulingFindings(pod, bigPod, facts, now), ...creationFindings(pod, bigPod, events, now));
  const first = findings[0];
  if (first) first.evidence.push(...warnings(events).slice(0, 2));
  return findings;
}

function schedulingFindings(pod: RawObject, bigPod: string, { events, cordoned }: PodFacts, now: Date): Finding[] {
  const on = pod.metadata.name;
  const scheduled = condition(pod, "PodScheduled");
  const base = { kind: "unschedulable", group: "unschedulable", on } as const;
  if (scheduled?.status === "False" && scheduled.reason === "SchedulingGated") {
    return [{ ...base, status: "progressing", tell: () => `${bigPod} waits for what gates its scheduling`, evidence: [], remedy: "Whatever set the scheduling gate has to take it away." }];
  }
  if (scheduled?.status === "False" && scheduled.reason === "Unschedulable") {
    const waitedMs = ageMs(scheduled.at ?? pod.metadata.creationTimestamp, now) ?? 0;
    const graceMs = events.some((e) => e.reason === "TriggeredScaleUp") ? scaleUpGraceMs : unschedulableGraceMs;
    const why = scheduled.message ?? "no node takes it";
    return [
      {
        ...base, status: waitedMs > graceMs ? "broken" : "progressing", tell: () => `${bigPod} waits for a node: ${why}`,
        evidence: [{ kind: "condition", text: `PodScheduled is False, Unschedulable: ${why}`, at: scheduled.at, on: `Pod ${on}` }, ...cordoned.map((node): Evidence => ({ kind: "status", text: "takes no new pods (cordoned)", at: null, on: `Node ${node}` }))],
        remedy: cordoned.length > 0 ? `Uncordon ${cordoned.join(", ")}, free or add a node, or ask for less.` : "Free or add a node, or ask for less memory or processor time.",
      },
    ];
  }
  if (scheduled === undefined && text(fields(pod.spec)["nodeName"]) === null && (ageMs(pod.metadata.creationTimestamp, now) ?? 0) > schedulerSilenceMs && fields(pod.status)["phase"] === "Pending") {
    return [{ ...base, status: "broken", tell: (place) => `${place} of ${bigPod} was not looked at by any scheduler`, evidence: [], remedy: "Look whether the cluster's scheduler runs, and at the template's schedulerName." }];
  }
  return [];
}

/** A volume or a network that does not come keeps containers in ContainerCreating, and only events say why. */
function creationFindings(pod: RawObject, bigPod: string, events: readonly ClusterEvent[], now: Date): Finding[] {
  const waits = [...initContainerStatuses(pod), ...containerStatuses(pod)].some((s) => s.state === "waiting" && (s.reason === "ContainerCreating" || s.reason === "PodInitializing"));
  if (!waits || (ageMs(pod.metadata.creationTimestamp, now) ?? 0) < mountGraceMs) return [];
  const on = pod.metadata.name;
  return events.filter((e) => e.warning && ["FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox"].includes(e.reason)).slice(0, 1).map((e): Finding => {
    const network = e.reason === "FailedCreatePodSandBox";
    const missing = /(configmap|secret) "([^"]+)" not found/i.exec(e.message);
    const clause = /(?:configmap|secret) "[^"]+" not found|references non-existent (?:config|secret) key: \S+/i.exec(e.message)?.[0] ?? e.message;
    return {
      status: "broken", kind: network ? "sandbox" : "mount", group: e.reason, on,
      tell: (place) => (network ? `${place} of ${bigPod} gets no network: ${clause}` : `${place} of ${bigPod} cannot mount its volumes: ${clause}`),
      evidence: [{ kind: "event", text: `${e.reason}: ${e.message}`, at: e.at, on: e.on }],
      remedy: network ? "Look at the network plug-in of its node." : missing ? `Create ${missing[1]?.toLowerCase() === "secret" ? "Secret" : "ConfigMap"} ${missing[2]}, or go back to a release that does not ask for it.` : "Look at the volume it names, or go back to the release that ran before.",
    };
  });
}

/** Pods of the newest template that a node threw out in the last minutes: their successors may do well, but the node has a reason. */
export function evictionFindings(pods: readonly RawObject[], eventsOf: (uid: string) => readonly ClusterEvent[], now: Date): Finding[] {
  return pods.flatMap((pod): Finding[] => {
    const status = fields(pod.status);
    if (status["phase"] !== "Failed" || !["Evicted", "NodeShutdown", "Preempting", "UnexpectedAdmissionError"].includes(text(status["reason"]) ?? "")) return [];
    const at = conditionsOf(pod).find((c) => c.type === "DisruptionTarget" || (c.type === "Ready" && c.status === "False"))?.at ?? eventsOf(pod.metadata.uid).find((e) => e.reason === "Evicted")?.at ?? null;
    const age = ageMs(at ?? pod.metadata.creationTimestamp, now);
    if (age === null || age > restartMemoryMs) return [];
    const node = text(fields(pod.spec)["nodeName"]);
    const why = cleanOrNull(status["message"]) ?? text(status["reason"]) ?? "it does not say why";
    return [{ status: "warning", kind: "evicted", group: "evicted", on: pod.metadata.name, tell: (place) => `${place} was evicted${node === null ? "" : ` from ${node}`}: ${why}`, evidence: [{ kind: "status", text: `${text(status["reason"])}: ${why}`, at, on: `Pod ${pod.metadata.name}` }], remedy: "Free the resource that the node ran out of, or set requests that say what the pods really use." }];
  });
}

/** Warning events as evidence, newest first. */
export function warnings(events: readonly ClusterEvent[]): Evidence[] {
  return events
    .filter((e) => e.warning)
    .sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""))
    .map((e) => ({ kind: "event" as const, text: `${e.reason}: ${e.message}`, at: e.at, on: e.on }));
}

/** Why a pod that runs is not ready, in one clause; null when nothing says so. */
export function notReadyClause(events: readonly ClusterEvent[]): string | null {
  const told = events.filter((e) => e.warning && ["Unhealthy", "NodeNotReady", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"].includes(e.reason)).sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""))[0];
  if (!told) return null;
  return told.reason === "NodeNotReady" ? "its node stopped answering" : told.message;
}

/** Neither on its way out nor a corpse (evicted, completed) that its ReplicaSet no longer counts. */
export function isLive(pod: RawObject): boolean {
  const phase = fields(pod.status)["phase"];
  return pod.metadata.deletionTimestamp === undefined && phase !== "Failed" && phase !== "Succeeded";
}

import type { Evidence } from "#lib/contracts/state.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, conditionsOf, containerStatuses, fields, initContainerStatuses, list, text } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, ContainerStatus, RawObject } from "#lib/domain/fold-read.ts";

export const unschedulableGraceMs = 15_000;
/** A pod or container younger than this is starting, not failing. */
export const startGraceMs = 60_000;
/** For this long a restart is worth an amber tile. */
export const restartMemoryMs = 600_000;

const pullReasons = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"]);
const createReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError", "StartError", "ContainerCannotRun"]);

/** How a run ended, as a clause: "exiting with code 137: out of memory, limit 512Mi". */
export function exitClause(ended: NonNullable<ContainerStatus["ended"]>, memoryLimit: string | null): string {
  const why = ended.reason === "OOMKilled" ? `out of memory${memoryLimit === null ? "" : `, limit ${memoryLimit}`}` : ended.message;
  return `code ${ended.exitCode}${why === null ? "" : `: ${why}`}`;
}

export function memoryLimit(pod: RawObject, container: string): string | null {
  const spec = fields(pod.spec);
  const found = [...list(spec["containers"]), ...list(spec["initContainers"])].find((c) => c["name"] === container);
  return text(fields(fields(found?.["resources"])["limits"])["memory"]);
}

/**
 * True while a container cannot stay up: waiting in CrashLoopBackOff, between runs after two restarts, or running again for less than
 * a minute and a half times its last run (at most ten minutes, when the kubelet forgets too).
 */
export function isCrashLooping(status: ContainerStatus, now: Date): boolean {
  if (status.state === "waiting" && status.reason === "CrashLoopBackOff") return true;
  if (status.restarts < 2) return false;
  if (status.state !== "running") return status.ended !== null && status.ended.exitCode !== 0;
  if (status.ended === null) return false;
  const lastRunMs = Math.max(0, Date.parse(status.ended.finishedAt ?? "") - Date.parse(status.ended.startedAt ?? "")) || 0;
  if (lastRunMs >= restartMemoryMs) return false;
  const upMs = ageMs(status.runningSince, now) ?? 0;
  return upMs < Math.min(restartMemoryMs, Math.max(startGraceMs, lastRunMs * 1.5));
}

/** The sentence of the registry out of a pull error: the last clause, which names what is wrong. */
export function pullReason(message: string | null): string {
  if (message === null) return "the image cannot be fetched";
  const known = /manifest unknown|not found|unauthorized|denied|no match for platform[^:]*|no such host|i\/o timeout|connection refused|503[^:"]*|too many requests/i.exec(message);
  if (known) return known[0].trim();
  return message.split(": ").at(-1) ?? message;
}

function pullMessage(status: ContainerStatus, events: readonly ClusterEvent[]): string | null {
  if (status.message !== null && status.reason !== "ImagePullBackOff") return status.message;
  const failed = events.filter((e) => e.reason === "Failed" && /pull/i.test(e.message));
  return (failed.find((e) => e.message.includes(status.image)) ?? failed[0])?.message ?? status.message;
}

function evidenceOf(kind: Evidence["kind"], value: string, at: string | null, pod: RawObject): Evidence {
  return { kind, text: value, at, on: `Pod ${pod.metadata.name}` };
}

function containerFinding(pod: RawObject, status: ContainerStatus, events: readonly ClusterEvent[], now: Date): Finding | null {
  const base = { on: pod.metadata.name, evidence: [] as Evidence[] };
  if (status.state === "waiting" && status.reason !== null && pullReasons.has(status.reason)) {
    const message = pullMessage(status, events);
    return { ...base, status: "broken", rank: 10, group: `pull/${status.name}`, tell: (place) => `${status.name} in ${place} cannot be pulled: ${status.image} — ${pullReason(message)}`, evidence: [evidenceOf("status", `${status.reason}: ${message ?? status.image}`, null, pod)] };
  }
  if (status.state === "waiting" && status.reason !== null && createReasons.has(status.reason)) {
    return { ...base, status: "broken", rank: 12, group: `create/${status.name}`, tell: (place) => `${status.name} in ${place} cannot be started: ${status.message ?? status.reason ?? "unknown"}`, evidence: [evidenceOf("status", `${status.reason}: ${status.message ?? ""}`, null, pod)] };
  }
  const { ended } = status;
  const limit = memoryLimit(pod, status.name);
  if (isCrashLooping(status, now)) {
    const clause = ended === null ? "" : ` with ${exitClause(ended, limit)}`;
    const evidence = [evidenceOf("status", `${status.name}: ${status.reason ?? status.state}, ${status.restarts} restarts${ended?.reason ? `, last ended by ${ended.reason}` : ""}`, ended?.finishedAt ?? null, pod)];
    if (ended?.message) evidence.push(evidenceOf("log", ended.message, ended.finishedAt, pod));
    return { ...base, status: "broken", rank: 5, group: `crash/${status.name}`, tell: (place) => `${status.name} in ${place} keeps exiting${clause}`, evidence };
  }
  const since = ageMs(ended?.finishedAt ?? status.runningSince, now);
  if (status.restarts > 0 && ended !== null && since !== null && since < restartMemoryMs) {
    const times = status.restarts === 1 ? "restarted" : `restarted ${status.restarts} times`;
    return { ...base, status: "warning", rank: 50, group: `restart/${status.name}`, tell: (place) => `${status.name} in ${place} ${times}: exited with ${exitClause(ended, limit)}`, evidence: [evidenceOf("status", `${status.name} exited with ${exitClause(ended, limit)}`, ended.finishedAt, pod)] };
  }
  return null;
}

/** What is wrong with one live pod of the newest template. Not being ready yet is no finding here: see fold.ts. */
export function podFindings(pod: RawObject, bigPod: string, events: readonly ClusterEvent[], now: Date): Finding[] {
  const statuses = [...initContainerStatuses(pod), ...containerStatuses(pod)];
  const findings = statuses.flatMap((status) => containerFinding(pod, status, events, now) ?? []);
  const scheduled = conditionsOf(pod).find((c) => c.type === "PodScheduled" && c.status === "False" && c.reason === "Unschedulable");
  if (scheduled) {
    const waitedMs = ageMs(scheduled.at ?? pod.metadata.creationTimestamp, now) ?? 0;
    const why = scheduled.message ?? "no node takes it";
    findings.push({
      status: waitedMs > unschedulableGraceMs ? "broken" : "progressing",
      rank: 14,
      group: "unschedulable",
      on: pod.metadata.name,
      tell: () => `${bigPod} waits for a node: ${why}`,
      evidence: [evidenceOf("condition", `PodScheduled is False, Unschedulable: ${why}`, scheduled.at, pod)],
    });
  }
  const first = findings[0];
  if (first) first.evidence.push(...warnings(events).slice(0, 2));
  return findings;
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

export function isReady(pod: RawObject): boolean {
  return conditionsOf(pod).some((c) => c.type === "Ready" && c.status === "True");
}

/** Neither on its way out nor a corpse (evicted, completed) that its ReplicaSet no longer counts. */
export function isLive(pod: RawObject): boolean {
  const phase = fields(pod.status)["phase"];
  return pod.metadata.deletionTimestamp === undefined && phase !== "Failed" && phase !== "Succeeded";
}

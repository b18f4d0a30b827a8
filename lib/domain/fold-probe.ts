import { probeAnswer } from "#lib/domain/fold-exit.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, containerStatuses, fields, list, whole } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, ContainerStatus, RawObject } from "#lib/domain/fold-read.ts";

/** Bounds of how long a container of a new template may fail its readiness probe before that is a failure. */
const shortestPatienceMs = 10_000;
const longestPatienceMs = 25_000;
const rounds = 5;

/**
 * How long after its start a container may be unready before its rollout is called broken, milliseconds: five rounds of its readiness probe
 * after the initial delay, between 10 s and 25 s; never less than the delay itself, or than `startSeconds` of the configuration where that is set.
 */
export function readinessPatienceMs(probe: unknown, startSeconds: number | undefined): number {
  if (startSeconds !== undefined) return startSeconds * 1_000;
  const { initialDelaySeconds, periodSeconds, failureThreshold } = fields(probe);
  const delayMs = Math.max(0, whole(initialDelaySeconds)) * 1_000;
  const roundMs = Math.max(1, whole(periodSeconds, 10)) * Math.max(1, whole(failureThreshold, 3)) * 1_000;
  const wanted = Math.min(longestPatienceMs, Math.max(shortestPatienceMs, delayMs + rounds * roundMs));
  // Before the delay is over nobody has asked: then two more probes are the least there is to go by.
  return Math.max(wanted, delayMs > wanted - 2_000 ? delayMs + 2 * Math.max(1, whole(periodSeconds, 10)) * 1_000 : 0);
}

function started(pod: RawObject, status: ContainerStatus): boolean {
  const raw = list(fields(pod.status)["containerStatuses"]).find((one) => one["name"] === status.name);
  const probe = list(fields(pod.spec)["containers"]).find((one) => one["name"] === status.name)?.["startupProbe"];
  return probe === undefined || raw?.["started"] === true;
}

/** Containers of a pod of a rollout that run and have failed their readiness probe for longer than anybody should wait. A startup probe keeps its own time. */
export function probeFindings(pod: RawObject, bigPod: string, events: readonly ClusterEvent[], startSeconds: number | undefined, now: Date): Finding[] {
  const newest = [...events].sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""));
  return containerStatuses(pod).flatMap((status): Finding[] => {
    const probe = list(fields(pod.spec)["containers"]).find((one) => one["name"] === status.name)?.["readinessProbe"];
    if (probe === undefined || status.state !== "running" || status.ready || !started(pod, status)) return [];
    if ((ageMs(status.runningSince, now) ?? 0) < readinessPatienceMs(probe, startSeconds)) return [];
    const answer = probeAnswer("readiness", newest);
    const clause = answer === null ? `${status.name} has not passed its readiness probe` : `Readiness probe failed: ${answer}`;
    return [
      {
        status: "broken", kind: "probe", group: `readiness/${status.name}`, on: pod.metadata.name,
        tell: (place) => `${place} of ${bigPod} is not ready: ${clause}`,
        evidence: [{ kind: answer === null ? "status" : "event", text: clause, at: status.runningSince, on: `Pod ${pod.metadata.name}` }],
        remedy: "Mend what the readiness probe asks or the probe itself, or go back to the release that ran before.",
      },
    ];
  });
}

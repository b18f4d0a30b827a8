import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { PodState } from "#lib/contracts/state.ts";
import { digestOfImageId } from "#lib/domain/fold-image.ts";
import { clean, cleanOrNull, containerStatuses, fields, isReady, isoTime, list, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { servicesInPod } from "#lib/domain/fold-services.ts";
import type { HealthInput } from "#lib/domain/health.ts";

/** One pod as the Big Pod's page shows it. `current`: it is of the newest template. */
export function podStateOf(bigPod: BigPodConfig, pod: RawObject, current: boolean, health: HealthInput, now: Date): PodState {
  const status = fields(pod.status);
  const statuses = containerStatuses(pod);
  const containers = list(fields(pod.spec)["containers"]).map((container) => {
    const name = text(container["name"]) ?? "";
    const told = statuses.find((s) => s.name === name);
    return {
      name,
      image: text(container["image"]) ?? told?.image ?? "",
      digest: digestOfImageId(told?.imageId ?? null),
      ready: told?.ready ?? false,
      state: told?.state ?? ("unknown" as const),
      reason: cleanOrNull([told?.reason, told?.message].filter((part) => part !== null && part !== undefined).join(": ")),
      exitCode: told?.exitCode ?? told?.ended?.exitCode ?? null,
      restarts: told?.restarts ?? 0,
    };
  });
  return {
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    phase: clean(text(status["phase"]) ?? "Unknown"),
    ready: isReady(pod),
    terminating: pod.metadata.deletionTimestamp !== undefined,
    current,
    node: text(fields(pod.spec)["nodeName"]),
    startedAt: isoTime(status["startTime"]) ?? isoTime(pod.metadata.creationTimestamp),
    restarts: containers.reduce((sum, c) => sum + c.restarts, 0),
    reason: cleanOrNull([text(status["reason"]), text(status["message"])].filter((part) => part !== null).join(": ")),
    services: servicesInPod(bigPod, pod, health, now),
    containers,
  };
}

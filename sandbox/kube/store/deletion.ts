import { conflict } from "#sandbox/kube/errors.ts";
import { cloneJson } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import type { DeleteOptions, KubeObject } from "#sandbox/kube/types.ts";

/** What a DELETE comes to: the object goes, stays marked, or stays as it is. */
export type Deletion = { outcome: "removed" } | { outcome: "marked"; object: KubeObject } | { outcome: "unchanged" };

const POLICY_FINALIZERS: Readonly<Record<string, string>> = { Foreground: "foregroundDeletion", Orphan: "orphan" };

export function checkPreconditions(resource: ResourceInfo, live: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion, name } = live.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(resource, name, `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(resource, name, `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`);
  }
}

/** Pods that run somewhere get time to stop; those never scheduled or already over do not need it. */
function gracePeriod(live: KubeObject, options: DeleteOptions): number {
  if (live.kind !== "Pod") return 0;
  const phase: unknown = live.status?.phase;
  if (!live.spec?.nodeName || phase === "Succeeded" || phase === "Failed") return 0;
  return Math.max(0, options.gracePeriodSeconds ?? Number(live.spec.terminationGracePeriodSeconds ?? 30));
}

function isHeld(object: KubeObject): boolean {
  const held = object.kind === "Namespace" ? (object.spec?.finalizers ?? []) : [];
  return (object.metadata.finalizers?.length ?? 0) + held.length > 0;
}

/** Rules of registry.BeforeDelete: finalizers and grace periods mark the object, everything else removes it. Throws KubeError 409. */
export function decideDeletion(resource: ResourceInfo, live: KubeObject, options: DeleteOptions, nowMs: number): Deletion {
  checkPreconditions(resource, live, options);
  const next = cloneJson(live);
  const added = POLICY_FINALIZERS[options.propagationPolicy ?? ""];
  if (added && !next.metadata.finalizers?.includes(added)) next.metadata.finalizers = [...(next.metadata.finalizers ?? []), added];
  const graceSeconds = gracePeriod(live, options);
  const before = live.metadata.deletionGracePeriodSeconds;
  if (live.metadata.deletionTimestamp !== undefined && before !== undefined) {
    if (graceSeconds === 0 && !isHeld(next)) return { outcome: "removed" };
    // A second request can only shorten the time that is left.
    if (graceSeconds >= before || live.kind !== "Pod") return { outcome: "unchanged" };
  }
  if (graceSeconds === 0 && !isHeld(next)) return { outcome: "removed" };
  next.metadata.deletionTimestamp = new Date(nowMs + graceSeconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  next.metadata.deletionGracePeriodSeconds = graceSeconds;
  if (next.metadata.generation !== undefined) next.metadata.generation += 1;
  if (next.kind === "Namespace") next.status = { ...next.status, phase: "Terminating" };
  return { outcome: "marked", object: next };
}

/** Whether an update has taken away the last thing that held a deleted object. */
export function isReleased(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 && !isHeld(object);
}

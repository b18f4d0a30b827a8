import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, fields, text } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";

const bindGraceMs = 15_000;

/**
 * Health rules of a PersistentVolumeClaim that the template mounts: Lost is broken (its volume is gone), absent or long Pending keeps pods from starting.
 * Pending because its class waits for the first pod (WaitForFirstConsumer) is as it should be.
 */
export function claimFindings(bigPod: string, name: string, claim: RawObject | undefined, events: readonly ClusterEvent[], now: Date): Finding[] {
  const on = `PersistentVolumeClaim ${name}`;
  const base = { kind: "claim", group: `claim/${name}`, on } as const;
  if (!claim) return [{ ...base, status: "warning", tell: () => `${bigPod} mounts the claim ${name}, which does not exist`, evidence: [], remedy: `Create PersistentVolumeClaim ${name}: pods that start anew wait for it.` }];
  const phase = text(fields(claim.status)["phase"]);
  if (phase === "Lost") return [{ ...base, status: "broken", tell: () => `the claim ${name} of ${bigPod} has lost its volume`, evidence: [{ kind: "status", text: "phase Lost", at: null, on }], remedy: "Restore the volume from a backup; the claim does not come back by itself." }];
  const waits = events.some((e) => e.reason === "WaitForFirstConsumer" || e.reason === "WaitForPodScheduled");
  const failed = events.filter((e) => e.warning).sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""))[0];
  if (phase === "Pending" && (failed !== undefined || !waits) && (ageMs(claim.metadata.creationTimestamp, now) ?? 0) > bindGraceMs) {
    const why = failed === undefined ? "nothing provides a volume" : failed.message;
    return [{ ...base, status: "warning", tell: () => `the claim ${name} of ${bigPod} is not bound: ${why}`, evidence: [{ kind: failed === undefined ? "status" : "event", text: failed === undefined ? "phase Pending" : `${failed.reason}: ${failed.message}`, at: failed?.at ?? null, on }], remedy: "Look at the claim's StorageClass and its provisioner." }];
  }
  return [];
}

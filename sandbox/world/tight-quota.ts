import { asNew } from "#sandbox/controllers/object-keys.ts";
import { asPod } from "#sandbox/controllers/pod-shape.ts";
import { quotaUsage } from "#sandbox/kube/store/quota.ts";
import type { Store } from "#sandbox/kube/types.ts";

const resource = "resourcequotas";
const name = "compute";
const label = "sandbox.vigie.dev/quota";
const limited = ["pods", "requests.cpu", "requests.memory"];

/** A quota that is just what the namespace uses: what runs goes on, one pod more is refused. Replaces an earlier one. */
export function fillQuota(store: Store, namespace: string, nowMs: number): void {
  liftQuota(store, namespace);
  const pods = store.list("pods", namespace).filter((pod) => asPod(pod).metadata.deletionTimestamp === undefined);
  store.create(resource, asNew({ apiVersion: "v1", kind: "ResourceQuota", metadata: { name, namespace, labels: { [label]: "full" } }, spec: { hard: quotaUsage(limited, pods, nowMs) } }), { manager: "sandbox-console" });
}

/** Takes away the quota made here; those of others stay. */
export function liftQuota(store: Store, namespace: string): void {
  if (isQuotaFull(store, namespace)) store.delete(resource, namespace, name);
}

/** Whether the namespace is under a quota made here. */
export function isQuotaFull(store: Store, namespace: string): boolean {
  return store.get(resource, namespace, name)?.metadata.labels?.[label] !== undefined;
}

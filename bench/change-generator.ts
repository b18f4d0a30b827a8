import type { Bed } from "#bench/bed.ts";
import { kubeClient } from "#bench/kubernetes.ts";

const environments = ["dev", "staging", "prod"];
const firstValue = 100_000;
/** Requests at a time; more would measure the sandbox. */
const mostOpen = 40;

export interface Generated {
  sent: number;
  failed: number;
}

/** Changes restart counts of pods in all environments, `perSecond` of them, one pod after the other, until the signal fires. */
export async function generateChanges(bed: Bed, perSecond: number, signal: AbortSignal): Promise<Generated> {
  const kube = kubeClient(bed.sandbox.kubeconfig);
  const lists = await Promise.all(environments.map(async (name) => (await kube.get(`/api/v1/namespaces/dreamscape-${name}/pods`)).items));
  const paths: string[] = lists.flat().filter((pod) => pod.status.phase === "Running" && pod.status.containerStatuses?.length > 0).map((pod) => `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/status`);
  const result: Generated = { sent: 0, failed: 0 };
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond;
    while (result.sent < due && open.size < mostOpen) {
      const path = paths[result.sent % paths.length] ?? "";
      const value = firstValue + result.sent;
      result.sent += 1;
      const sending: Promise<void> = kube
        .jsonPatch(path, [{ op: "replace", path: "/status/containerStatuses/0/restartCount", value }])
        .catch(() => void (result.failed += 1))
        .finally(() => void open.delete(sending));
      open.add(sending);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(open);
  return result;
}

import { setTimeout as wait } from "node:timers/promises";
import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { fields, list, text } from "#lib/domain/fold-read.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import { patiently, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** EndpointSlices follow within milliseconds, so they are asked often at first. */
const firstPauseMs = 25;
const longestPauseMs = 500;

/**
 * Pods that a Service leads to: ready addresses of its EndpointSlices, by pod uid; of its Endpoints where the cluster has no slices (before Kubernetes 1.21).
 * Source: kubernetes.io, "EndpointSlices" (an absent `ready` counts as true).
 */
async function readyEndpoints(run: Run, service: string, deadline: number): Promise<Map<string, string>> {
  const { namespace } = run.environment;
  const { lost } = run.keeper;
  const slices = await patiently(`list the EndpointSlices of Service ${service}`, deadline, lost, async () => {
    try {
      return await run.cluster.list(kinds.endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` }, lost);
    } catch (error) {
      if (error instanceof ClusterError && error.reason === "unsupported") return null;
      throw error;
    }
  });
  if (slices === null) return endpointsOf(run, service, deadline);
  const pods = new Map<string, string>();
  for (const slice of slices.items) {
    for (const endpoint of list(slice["endpoints"])) if (fields(endpoint["conditions"])["ready"] !== false) addPod(pods, endpoint["targetRef"]);
  }
  return pods;
}

async function endpointsOf(run: Run, service: string, deadline: number): Promise<Map<string, string>> {
  const pods = new Map<string, string>();
  try {
    const object = await patiently(`read the Endpoints of Service ${service}`, deadline, run.keeper.lost, () => run.cluster.get(kinds.endpoints, run.environment.namespace, service, run.keeper.lost));
    for (const subset of list(object["subsets"])) for (const address of list(subset["addresses"])) addPod(pods, address["targetRef"]);
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === "not-found")) throw error;
  }
  return pods;
}

function addPod(pods: Map<string, string>, targetRef: unknown): void {
  const uid = text(fields(targetRef)["uid"]);
  if (uid !== null) pods.set(uid, text(fields(targetRef)["name"]) ?? uid);
}

/**
 * Waits until a Service leads to every ready pod of a target's Deployment and to no other. Returns how many these are.
 * Throws StepFailed at the deadline, the signal's reason when it fires.
 */
export async function awaitEndpoints(run: Run, step: OperationStep, target: PlanTarget, service: string, deadline: number, signal: AbortSignal): Promise<number> {
  const { name } = target.workload;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const endpoints = await readyEndpoints(run, service, deadline);
    const { state } = run.view.side(target.bigPod, name);
    const wanted = (state?.pods ?? []).filter((pod) => pod.ready && !pod.terminating);
    const missing = wanted.filter((pod) => !endpoints.has(pod.uid));
    const foreign = [...endpoints].filter(([uid]) => state?.pods.every((pod) => pod.uid !== uid) ?? true).map(([, pod]) => pod);
    const desired = state?.replicas.desired ?? 0;
    if (state !== undefined && missing.length === 0 && foreign.length === 0 && (wanted.length > 0 || desired === 0)) return wanted.length;
    const text = foreign.length > 0 ? `Service ${service} still leads to ${foreign.slice(0, 3).join(", ")}` : `Service ${service} leads to ${endpoints.size} of ${Math.max(desired, wanted.length)} pods of ${name}`;
    if (performance.now() + pauseMs > deadline) throw new StepFailed(`not finished within ${run.environment.policy.rolloutTimeoutSeconds} s: ${text}`);
    if (pauseMs >= longestPauseMs) await run.journal.note(step, text);
    await wait(pauseMs, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  }
}

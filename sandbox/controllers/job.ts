import { isDeepStrictEqual } from "node:util";
import { elapsedMs, toTime } from "#sandbox/controllers/clock.ts";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { controllerOf, controllerReference, isControlledBy, keyOf, randomSuffix, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, isActive, isReady, type Condition, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "jobs.batch";
const component = "job-controller";

interface JobFailure {
  reason: "BackoffLimitExceeded" | "DeadlineExceeded";
  message: string;
}

/** Runs Jobs to completion: parallelism, completions, backoffLimit, deadline, time to live after the end. */
export function runJobs(context: ControllerContext): () => void {
  const { store, clock, random, events } = context;
  const queue = createWorkQueue({ name: "job", clock, reconcile, onError: context.onError });

  function ownPods(job: KubeObject): Pod[] {
    return store.list("pods", job.metadata.namespace).map(asPod).filter((pod) => isControlledBy(pod, job));
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const job = store.get(resource, namespace, name);
    if (!job || job.metadata.deletionTimestamp !== undefined) return;
    if (isFinished(job)) return expire(job);
    ensureSelector(job);
    const pods = ownPods(job);
    const active = pods.filter(isActive);
    const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded").length;
    const failed = pods.filter((pod) => pod.status?.phase === "Failed").length;
    const failure = failureOf(job, pods, failed);
    const completions: number = job.spec.completions ?? 1;
    if (failure) {
      for (const pod of active) deletePod(pod);
      finish(job, { succeeded, failed }, "Failed", failure.reason, failure.message);
      events.record(job, { type: "Warning", reason: failure.reason, message: failure.message, component });
      return;
    }
    if (succeeded >= completions) {
      finish(job, { succeeded, failed }, "Complete");
      events.record(job, { type: "Normal", reason: "Completed", message: "Job completed", component });
      return;
    }
    const wanted = job.spec.suspend ? 0 : Math.min(job.spec.parallelism ?? 1, completions - succeeded);
    for (const pod of active.slice(wanted)) deletePod(pod);
    if (active.length < wanted && !mustWait(job, pods, failed)) for (let index = active.length; index < wanted; index++) createPod(job);
    writeProgress(job);
  }

  /** The API server generates selector and labels from the uid; where it did not, they are made here. */
  function ensureSelector(job: KubeObject): void {
    if (job.spec.selector) return;
    const labels = { "batch.kubernetes.io/controller-uid": job.metadata.uid, "batch.kubernetes.io/job-name": job.metadata.name, "controller-uid": job.metadata.uid, "job-name": job.metadata.name };
    store.modify(resource, job.metadata.namespace, job.metadata.name, asController, (draft) => {
      draft.spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": job.metadata.uid } };
      draft.spec.template.metadata = { ...draft.spec.template.metadata, labels: { ...draft.spec.template.metadata?.labels, ...labels } };
    });
  }

  function failureOf(job: KubeObject, pods: readonly Pod[], failed: number): JobFailure | undefined {
    const deadlineSeconds: number | undefined = job.spec.activeDeadlineSeconds;
    if (deadlineSeconds !== undefined && job.status?.startTime !== undefined) {
      const leftMs = deadlineSeconds * 1000 - elapsedMs(clock, Date.parse(job.status.startTime));
      if (leftMs <= 0) return { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
      queue.addAfter(keyOf(job), leftMs + 10);
    }
    const restarts = pods.filter(isActive).flatMap((pod) => pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0);
    if (failed + restarts > (job.spec.backoffLimit ?? 6)) return { reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
    return undefined;
  }

  /** Failed pods are replaced after 10 s, 20 s, 40 s… */
  function mustWait(job: KubeObject, pods: readonly Pod[], failed: number): boolean {
    if (failed === 0) return false;
    const last = Math.max(...pods.filter((pod) => pod.status?.phase === "Failed").flatMap((pod) => pod.status?.containerStatuses ?? []).map((status) => Date.parse(status.state.terminated?.finishedAt ?? "") || 0));
    const leftMs = Math.min(360_000, 10_000 * 2 ** (failed - 1)) - elapsedMs(clock, last);
    if (leftMs <= 0) return false;
    queue.addAfter(keyOf(job), leftMs + 10);
    return true;
  }

  function createPod(stale: KubeObject): void {
    const job = store.get(resource, stale.metadata.namespace, stale.metadata.name) ?? stale;
    const template = structuredClone(job.spec.template);
    const generateName = `${job.metadata.name}-`;
    const name = generateName + randomSuffix(random);
    store.create("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, generateName, namespace: job.metadata.namespace, ...template.metadata, ownerReferences: [controllerReference(job)] },
      spec: template.spec,
    }, asController);
    events.record(job, { type: "Normal", reason: "SuccessfulCreate", message: `Created pod: ${name}`, component });
  }

  function deletePod(pod: Pod): void {
    store.delete("pods", pod.metadata.namespace, pod.metadata.name, { uid: pod.metadata.uid });
  }

  function writeProgress(job: KubeObject): void {
    const pods = ownPods(job);
    store.modify(resource, job.metadata.namespace, job.metadata.name, asStatus, (draft) => {
      const status = {
        ...draft.status,
        startTime: draft.status?.startTime ?? toTime(clock.now()),
        active: pods.filter(isActive).length,
        ready: pods.filter((pod) => isActive(pod) && isReady(pod)).length,
        succeeded: pods.filter((pod) => pod.status?.phase === "Succeeded").length,
        failed: pods.filter((pod) => pod.status?.phase === "Failed").length,
      };
      for (const field of ["active", "succeeded", "failed"] as const) if (status[field] === 0) delete (status as Partial<typeof status>)[field];
      if (isDeepStrictEqual(status, draft.status)) return false;
      draft.status = status;
    });
  }

  function finish(job: KubeObject, counts: { succeeded: number; failed: number }, type: "Complete" | "Failed", reason?: string, message?: string): void {
    const at = toTime(clock.now());
    store.modify(resource, job.metadata.namespace, job.metadata.name, asStatus, (draft) => {
      const condition: Condition = { type, status: "True", lastProbeTime: at, lastTransitionTime: at, ...(reason && { reason, message }) };
      draft.status = {
        startTime: draft.status?.startTime ?? at,
        ...(counts.succeeded > 0 && { succeeded: counts.succeeded }),
        ...(counts.failed > 0 && { failed: counts.failed }),
        ready: 0,
        ...(type === "Complete" && { completionTime: at }),
        conditions: [...(draft.status?.conditions ?? []), condition],
      };
    });
  }

  function expire(job: KubeObject): void {
    const seconds: number | undefined = job.spec.ttlSecondsAfterFinished;
    if (seconds === undefined) return;
    const conditions: Condition[] = job.status?.conditions ?? [];
    const ended = conditions.find((condition) => (condition.type === "Complete" || condition.type === "Failed") && condition.status === "True");
    const leftMs = seconds * 1000 - elapsedMs(clock, Date.parse(ended?.lastTransitionTime ?? ""));
    if (leftMs > 0) queue.addAfter(keyOf(job), leftMs + 10);
    else store.delete(resource, job.metadata.namespace, job.metadata.name, { uid: job.metadata.uid, propagationPolicy: "Background" });
  }

  for (const job of store.list(resource)) queue.add(keyOf(job));
  return store.subscribe(({ resource: changed, type, object }) => {
    if (changed === resource && type !== "DELETED") queue.add(keyOf(object));
    const owner = changed === "pods" ? controllerOf(object) : undefined;
    if (owner?.kind === "Job") queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

export function isFinished(job: KubeObject): boolean {
  const conditions: Condition[] = job.status?.conditions ?? [];
  return conditions.some((condition) => (condition.type === "Complete" || condition.type === "Failed") && condition.status === "True");
}

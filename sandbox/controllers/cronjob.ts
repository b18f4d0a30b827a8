import { isDeepStrictEqual } from "node:util";
import { toTime } from "#sandbox/controllers/clock.ts";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { parseCron, type CronSchedule } from "#sandbox/controllers/cron-schedule.ts";
import { isFinished } from "#sandbox/controllers/job.ts";
import { controllerOf, controllerReference, isControlledBy, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "cronjobs.batch";
const component = "cronjob-controller";

/** Starts Jobs on schedule. Schedules are about the time of day, so they follow the clock itself, not its speed. */
export function runCronJobs(context: ControllerContext): () => void {
  const { store, clock, events } = context;
  const queue = createWorkQueue({ name: "cronjob", clock, reconcile, onError: context.onError });

  function ownJobs(cron: KubeObject): KubeObject[] {
    return store.list("jobs.batch", cron.metadata.namespace).filter((job) => isControlledBy(job, cron));
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const cron = store.get(resource, namespace, name);
    if (!cron || cron.metadata.deletionTimestamp !== undefined) return;
    followJobs(cron);
    if (cron.spec.suspend) return;
    let schedule: CronSchedule;
    try {
      schedule = parseCron(cron.spec.schedule, cron.spec.timeZone ?? "UTC");
    } catch (error) {
      events.record(cron, { type: "Warning", reason: "UnparseableSchedule", message: `unparseable schedule: ${error instanceof Error ? error.message : String(error)}`, component });
      return;
    }
    const due = latestDue(cron, schedule);
    if (due !== undefined) start(cron, due);
    const next = schedule.after(clock.now());
    // Timers hold 24 days at most; a longer wait is taken up again.
    if (next !== undefined) queue.addAfter(key, Math.min(next - clock.now() + 20, 86_400_000) * clock.speed);
  }

  /** The last moment that has come and was not served, within startingDeadlineSeconds. */
  function latestDue(cron: KubeObject, schedule: CronSchedule): number | undefined {
    const now = clock.now();
    const last = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp);
    const deadlineSeconds: number | undefined = cron.spec.startingDeadlineSeconds;
    const earliest = deadlineSeconds === undefined ? last : Math.max(last, now - deadlineSeconds * 1000);
    let due: number | undefined;
    for (let next = schedule.after(Math.max(earliest, now - 400 * 86_400_000)), missed = 0; next !== undefined && next <= now && missed < 100_000; missed++) {
      due = next;
      next = schedule.after(next);
    }
    return due;
  }

  function start(cron: KubeObject, dueMs: number): void {
    const { namespace, name } = cron.metadata;
    const active = ownJobs(cron).filter((job) => !isFinished(job));
    if (active.length > 0 && cron.spec.concurrencyPolicy === "Forbid") {
      events.record(cron, { type: "Normal", reason: "JobAlreadyActive", message: "Not starting job because prior execution is running and concurrency policy is Forbid", component });
      return;
    }
    if (cron.spec.concurrencyPolicy === "Replace") {
      for (const job of active) {
        store.delete("jobs.batch", namespace, job.metadata.name, { uid: job.metadata.uid, propagationPolicy: "Background" });
        events.record(cron, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted job ${job.metadata.name}`, component });
      }
    }
    const jobName = `${name}-${Math.floor(dueMs / 60_000)}`;
    if (!store.get("jobs.batch", namespace, jobName)) {
      const template = structuredClone(cron.spec.jobTemplate);
      store.create("jobs.batch", {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: {
          name: jobName,
          namespace,
          labels: template.metadata?.labels,
          annotations: { ...template.metadata?.annotations, "batch.kubernetes.io/cronjob-scheduled-timestamp": toTime(dueMs) },
          ownerReferences: [controllerReference(cron)],
        } as KubeObject["metadata"],
        spec: template.spec,
      }, asController);
      events.record(cron, { type: "Normal", reason: "SuccessfulCreate", message: `Created job ${jobName}`, component });
    }
    store.modify(resource, namespace, name, asStatus, (draft) => {
      draft.status = { ...draft.status, lastScheduleTime: toTime(dueMs) };
    });
  }

  function followJobs(cron: KubeObject): void {
    const { namespace, name } = cron.metadata;
    const jobs = ownJobs(cron);
    const before: { name: string }[] = cron.status?.active ?? [];
    for (const job of jobs) {
      if (!isFinished(job) || !before.some((reference) => reference.name === job.metadata.name)) continue;
      const ended = job.status?.completionTime === undefined ? "Failed" : "Complete";
      events.record(cron, { type: "Normal", reason: "SawCompletedJob", message: `Saw completed job: ${job.metadata.name}, status: ${ended}`, component });
    }
    const active = jobs.filter((job) => !isFinished(job)).map((job) => ({ apiVersion: "batch/v1", kind: "Job", namespace, name: job.metadata.name, uid: job.metadata.uid, resourceVersion: job.metadata.resourceVersion }));
    const succeeded = jobs.map((job): string | undefined => job.status?.completionTime).filter((time) => time !== undefined).sort().at(-1);
    store.modify(resource, namespace, name, asStatus, (draft) => {
      const { active: _active, ...rest } = draft.status ?? {};
      const known: { name: string }[] = _active ?? [];
      const sameActive = known.map((reference) => reference.name).join() === active.map((reference) => reference.name).join();
      const status = { ...rest, ...(active.length > 0 && { active: sameActive ? known : active }), ...(succeeded !== undefined && { lastSuccessfulTime: succeeded }) };
      if (isDeepStrictEqual(status, draft.status ?? {})) return false;
      draft.status = status;
    });
    keepHistory(jobs.filter((job) => job.status?.completionTime !== undefined), cron.spec.successfulJobsHistoryLimit ?? 3);
    keepHistory(jobs.filter((job) => isFinished(job) && job.status?.completionTime === undefined), cron.spec.failedJobsHistoryLimit ?? 1);
  }

  function keepHistory(finished: readonly KubeObject[], limit: number): void {
    const oldestFirst = [...finished].sort((left, right) => ((left.status?.startTime ?? "") < (right.status?.startTime ?? "") ? -1 : 1));
    for (const job of oldestFirst.slice(0, Math.max(0, oldestFirst.length - limit))) {
      store.delete("jobs.batch", job.metadata.namespace, job.metadata.name, { uid: job.metadata.uid, propagationPolicy: "Background" });
    }
  }

  for (const cron of store.list(resource)) queue.add(keyOf(cron));
  return store.subscribe(({ resource: changed, type, object }) => {
    if (changed === resource && type !== "DELETED") queue.add(keyOf(object));
    const owner = changed === "jobs.batch" ? controllerOf(object) : undefined;
    if (owner?.kind === "CronJob") queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

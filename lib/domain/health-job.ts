import { lastDue } from "#lib/domain/cron.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, condition, controllerOf, fields, isoTime, list, text, whole } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { ageWords } from "#lib/domain/freshness.ts";

/** A run may begin this late before it counts as missed, when the CronJob has no startingDeadlineSeconds. */
const lateMs = 300_000;

/** Why a Job failed, in the words of its condition; null while it has not. */
export function jobFailure(job: RawObject): { why: string; at: string | null } | null {
  const failed = condition(job, "Failed") ?? condition(job, "FailureTarget");
  if (failed?.status !== "True") return null;
  return { why: failed.message ?? failed.reason ?? "it does not say why", at: failed.at };
}

/** A Job that stands alone: failed is a warning; running, done and suspended are as they should be. */
export function jobFindings(job: RawObject, of: string): Finding[] {
  const failure = jobFailure(job);
  if (failure === null) return [];
  const on = `Job ${job.metadata.name}`;
  return [{ status: "warning", kind: "job", group: `job/${job.metadata.name}`, on, tell: () => `${on} of ${of} failed: ${failure.why}`, evidence: [{ kind: "condition", text: `Failed: ${failure.why}`, at: failure.at, on }], remedy: "Read the log of its last pod, mend it and run the Job again." }];
}

function newestJob(jobs: readonly RawObject[]): RawObject | undefined {
  return [...jobs].sort((a, b) => (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""))[0];
}

/**
 * Health rules of a CronJob that belongs to a Big Pod: its newest run failed, it missed a run, or it has not succeeded for two runs. Suspended is a wish, not a fault.
 * `jobs` null: not known, then status.lastSuccessfulTime has to do.
 */
export function cronJobFindings(bigPod: string, name: string, cronJob: RawObject | undefined, jobs: readonly RawObject[] | null, now: Date): Finding[] {
  const on = `CronJob ${name}`;
  const base = { status: "warning", kind: "cron-job", group: `cron-job/${name}`, on } as const;
  if (!cronJob) return [{ ...base, tell: () => `${on} of ${bigPod} does not exist`, evidence: [], remedy: `Create it, or take it out of bigPods.${bigPod}.cronJobs in vigie.yaml.` }];
  const [spec, status] = [fields(cronJob.spec), fields(cronJob.status)];
  if (spec["suspend"] === true) return [];
  const newest = newestJob((jobs ?? []).filter((job) => controllerOf(job) === cronJob.metadata.uid));
  const failed = newest === undefined ? [] : jobFindings(newest, `${on} of ${bigPod}`);
  if (failed.length > 0) return failed;
  const schedule = text(spec["schedule"]) ?? "";
  const due = lastDue(schedule, text(spec["timeZone"]), now, 3);
  if (due === null) return [];
  const [scheduled, succeeded] = [isoTime(status["lastScheduleTime"]), isoTime(status["lastSuccessfulTime"])];
  const deadlineMs = (whole(spec["startingDeadlineSeconds"], 0) || lateMs / 1000) * 1000;
  const existed = (at: Date | undefined): at is Date => at !== undefined && (cronJob.metadata.creationTimestamp ?? "") < at.toISOString();
  const missed = due.find((at) => now.getTime() - at.getTime() > deadlineMs);
  if (existed(missed) && (scheduled === null || Date.parse(scheduled) < missed.getTime())) {
    return [{ ...base, tell: () => `${on} of ${bigPod} missed its run of ${missed.toISOString().slice(0, 16).replace("T", " ")} UTC`, evidence: [{ kind: "status", text: `schedule ${schedule}, last scheduled ${scheduled ?? "never"}`, at: scheduled, on }], remedy: "Look at the CronJob's events; kubectl create job --from=cronjob runs it now." }];
  }
  // Two due times ago, so that a run under way or retried is not taken for a failure.
  const [, , earlier] = due;
  if (list(status["active"]).length === 0 && existed(earlier) && (succeeded === null || Date.parse(succeeded) < earlier.getTime())) {
    const since = succeeded === null ? "has never succeeded" : `has not succeeded for ${ageWords(Math.floor((ageMs(succeeded, now) ?? 0) / 1000))}`;
    return [{ ...base, tell: () => `${on} of ${bigPod} ${since}`, evidence: [{ kind: "status", text: `last success ${succeeded ?? "never"}`, at: succeeded, on }], remedy: "Read the log of its newest Job." }];
  }
  return [];
}

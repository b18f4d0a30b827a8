import type { BigPodState } from "#lib/contracts/state.ts";
import { listed } from "#lib/domain/gate.ts";
import { concerns } from "#lib/domain/metric-judge-alerts.ts";
import type { Alert, AlertScope } from "#lib/domain/metric-judge-alerts.ts";

/** What happens after a promotion: whether what was promoted fails, since when, and what is done about it. Times come from the caller. */

/** A failure must last this long, seen again and again, before anything is decided: one odd answer is nothing. */
export const failingGraceMs = 5_000;
/** So long without any failure is a recovery. A crash loop that runs for moments in between is still one failure. */
export const calmMs = 10_000;
/** An alert whose expression began during the rollout is taken seriously only when it still fires this long after it. */
export const rolloutAlertGraceMs = 60_000;

/** What one look saw. `unseen`: nothing can be said (stale, unknown, another operation at work). */
export type Sample = { kind: "well" } | { kind: "failing"; evidence: string[] } | { kind: "unseen"; why: string };

export interface Spell {
  /** First failure of the present spell; null when there is none. */
  failingSince: Date | null;
  /** Since when nothing failed, within a spell; null while it fails or there is no spell. */
  calmSince: Date | null;
}

export const noSpell: Spell = { failingSince: null, calmSince: null };

/**
 * The next spell. What is not seen ends a spell: neither a failure nor a recovery is concluded from what nobody saw.
 * A calm shorter than `calmMs` belongs to the spell.
 */
export function nextSpell(before: Spell, sample: Sample, now: Date): Spell {
  switch (sample.kind) {
    case "unseen":
      return noSpell;
    case "failing":
      return { failingSince: before.failingSince ?? now, calmSince: null };
    case "well":
      if (before.failingSince === null) return noSpell;
      if (before.calmSince !== null && now.getTime() - before.calmSince.getTime() >= calmMs) return noSpell;
      return { failingSince: before.failingSince, calmSince: before.calmSince ?? now };
  }
}

/** Whether it fails now and has for longer than the grace. */
export function hasFailed(spell: Spell, sample: Sample, now: Date): boolean {
  return sample.kind === "failing" && spell.failingSince !== null && now.getTime() - spell.failingSince.getTime() >= failingGraceMs;
}

/** What is known of alerts. `none`: no Prometheus is configured. `silent`: it could not be asked (the sentence). */
export type KnownAlerts = { kind: "none" } | { kind: "silent"; why: string } | { kind: "asked"; alerts: readonly Alert[] };

export interface Looked {
  /** Promoted Big Pods, with what was folded of them last. */
  states: readonly { bigPod: string; state: BigPodState | undefined }[];
  /** Every required source is live. */
  fresh: boolean;
  /** Another operation is at work there. */
  busyWith: string | null;
  alerts: KnownAlerts;
  scope: AlertScope;
  /** Big Pods of the environment that were not promoted. */
  others: readonly { name: string; workload: string }[];
  promotedFrom: Date;
  promotedAt: Date;
  now: Date;
}

/**
 * What a look says. A promoted Big Pod that is broken fails; stale or unknown is nothing to conclude from, unless an alert says it all the same.
 * Alerts count when they fire, began with the promotion, and name its namespace or one of its Big Pods.
 */
export function sampleOf(looked: Looked): Sample {
  if (looked.busyWith !== null) return { kind: "unseen", why: `"${looked.busyWith}" is at work` };
  const broken = looked.fresh ? looked.states.flatMap(({ bigPod, state }) => (state?.status === "broken" ? [`${bigPod}: ${state.cause ?? "it is broken"}`] : [])) : [];
  const alerts = looked.alerts.kind === "asked" ? looked.alerts.alerts.filter((alert) => isNew(alert, looked) && names(alert, looked)).map(alertWords) : [];
  if (broken.length + alerts.length > 0) return { kind: "failing", evidence: [...broken, ...alerts, ...alertsNote(looked.alerts)] };
  if (!looked.fresh) return { kind: "unseen", why: "the environment cannot be seen right now" };
  const dark = looked.states.filter(({ state }) => state === undefined || state.status === "stale" || state.status === "unknown").map(({ bigPod }) => bigPod);
  return dark.length > 0 ? { kind: "unseen", why: `nothing is known of ${dark.join(", ")} right now` } : { kind: "well" };
}

function isNew(alert: Alert, { promotedFrom, promotedAt, now }: Looked): boolean {
  if (alert.state !== "firing") return false;
  const at = alert.activeAt.getTime();
  if (at > promotedAt.getTime()) return true;
  return at > promotedFrom.getTime() && now.getTime() - promotedAt.getTime() >= rolloutAlertGraceMs;
}

const placeLabels = ["namespace", "exported_namespace", "kubernetes_namespace", "environment", "env"];
const bigPodLabels = ["big_pod", "bigpod", "bigPod", "deployment", "workload", "app", "app_kubernetes_io_name", "service", "job"];

/**
 * Whether an alert concerns what was promoted: it is of this namespace or environment, and if it names a Big Pod, of one that was promoted.
 * An alert that tells no place is left aside: another environment's must never roll this one back.
 */
function names(alert: Alert, { scope, others }: Looked): boolean {
  if (!placeLabels.some((label) => alert.labels[label] !== undefined) || !concerns(alert, scope)) return false;
  const named = (bigPods: readonly { name: string; workload: string }[]): boolean =>
    bigPods.some(({ name, workload }) => bigPodLabels.some((label) => alert.labels[label] === name || alert.labels[label] === workload) || podOf(alert.labels.pod, workload));
  return named(scope.bigPods) || !named(others);
}

/** "core-7d9f4c-x2" is a pod of the Deployment core, "core-jobs-7d9f4c-x2" is not. */
function podOf(pod: string | undefined, workload: string): boolean {
  return pod !== undefined && pod.startsWith(`${workload}-`) && /^[a-z0-9]+-[a-z0-9]+$/.test(pod.slice(workload.length + 1));
}

function alertWords(alert: Alert): string {
  const summary = alert.annotations.summary ?? alert.annotations.description;
  return `alert ${alert.name} fires since ${alert.activeAt.toISOString()}${summary === undefined ? "" : `: ${summary.slice(0, 200)}`}`;
}

/** What the evidence lacks, said with it. */
export function alertsNote(alerts: KnownAlerts): string[] {
  if (alerts.kind === "none") return ["No Prometheus is configured here: judged by the states of the Big Pods alone."];
  return alerts.kind === "silent" ? [`Prometheus could not be asked (${alerts.why}): judged by the states of the Big Pods alone.`] : [];
}

/** What came after the promotion, oldest first: operations that touched the environment, and Big Pods that are not as the promotion left them. */
export interface Between {
  operations: readonly { kind: string; title: string; actor: string; status: string; automatic: boolean }[];
  edited: readonly string[];
}

/** A finished rollback or another promotion takes this one's place: there is nothing left to go back from. Its sentence; null when there is none. */
export function supersededBy({ operations }: Between): string | null {
  const last = operations.findLast((operation) => operation.status === "succeeded" && (operation.kind === "promotion" || operation.kind === "rollback"));
  return last === undefined ? null : `"${last.title}" (${last.actor}) came after it`;
}

/** Why no automatic rollback may run although the mode asks for it; null when nothing came in between. */
export function cameBetween({ operations, edited }: Between): string | null {
  const touched = operations.filter((operation) => operation.kind !== "stand-down" && operation.status !== "refused" && operation.status !== "awaiting" && operation.status !== "scheduled");
  const [first] = touched;
  if (first !== undefined) return `"${first.title}" (${first.actor}) came in between`;
  return edited.length > 0 ? `${listed(edited)} ${edited.length === 1 ? "was" : "were"} edited outside Vigie since` : null;
}

export type Verdict = { do: "nothing" } | { do: "rollback" } | { do: "propose"; because: string | null };

/**
 * What a failure leads to. Exactly one rollback, only in the mode that asks for it, only to a release that is known, and never when somebody
 * else's work came in between; a proposal otherwise. Once something was decided nothing more is.
 */
export function verdictOf(given: { failed: boolean; decided: boolean; mode: "observe" | "rollback"; release: number | null; between: Between }): Verdict {
  if (!given.failed || given.decided) return { do: "nothing" };
  if (given.mode === "observe") return { do: "propose", because: null };
  const between = cameBetween(given.between);
  if (between !== null) return { do: "propose", because: `Vigie does not roll back by itself: ${between}` };
  return given.release === null ? { do: "propose", because: "Vigie does not roll back by itself: no earlier release was seen healthy here" } : { do: "rollback" };
}

export interface Course {
  until: Date;
  spell: Spell;
  /** What was decided; null while nothing was. */
  decision: "rollback" | "propose" | null;
  /** How the automatic rollback stands; null when there is none. */
  rollback: string | null;
  superseded: boolean;
}

/** Whether a watch is over, and how it ended; null while it goes on. A failure that began in time is looked at to its end. */
export function watchEnd({ until, spell, decision, rollback, superseded }: Course, now: Date): "passed" | "recovered" | "rolled-back" | "superseded" | null {
  if (rollback === "succeeded") return "rolled-back";
  if (superseded) return "superseded";
  if (decision === "rollback" && (rollback === null || !["failed", "returned", "aborted", "refused"].includes(rollback))) return null;
  if (now < until || spell.failingSince !== null) return null;
  return decision === null ? "passed" : "recovered";
}

/** "commerce broke 40 s after R-214 was promoted". */
export function failureSentence(given: { environment: string; release: number | null; sample: Sample; back: number | null; promotedAt: Date; failingSince: Date; because: string | null; done: boolean }): string {
  const seconds = Math.max(0, Math.round((given.failingSince.getTime() - given.promotedAt.getTime()) / 1000));
  const what = given.release === null ? "the promotion" : `R-${given.release} was promoted to ${given.environment}`;
  const first = given.sample.kind === "failing" ? given.sample.evidence[0]?.replace(/[.]$/, "") : undefined;
  const why = `${seconds} s after ${what} it failed${first === undefined ? "" : ` (${first})`}`;
  const to = given.back === null ? "there is no release to go back to" : given.done ? `Vigie rolls back to R-${given.back}` : `a rollback to R-${given.back} is proposed`;
  return `${why}: ${to}.${given.because === null ? "" : ` ${given.because}.`}`;
}

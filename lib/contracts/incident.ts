import { z } from "zod";
import { changeSchema } from "#lib/contracts/state.ts";
import { comparisonVerdicts, incidentStatuses, severities, signalKinds, signalStates, timelineKinds } from "#lib/domain/incident-status.ts";

/** Signals, incidents and what is shown with them. Times are ISO 8601 in UTC. */

const time = z.iso.datetime();
const who = z.object({ id: z.string(), name: z.string() });

/** Evidence that something is wrong. One occurrence is one signal, by whichever way and however often it is heard of. */
export const signalSchema = z.object({
  id: z.string(),
  kind: z.enum(signalKinds),
  /** "HighErrorRatio", "voyage is down in 2 pods", "Promote R-214 to prod failed". */
  title: z.string(),
  /** One sentence of what it says; null when the title is all. */
  detail: z.string().nullable(),
  environment: z.string().nullable(),
  bigPod: z.string().nullable(),
  service: z.string().nullable(),
  severity: z.enum(severities),
  state: z.enum(signalStates),
  /** When it began to be so (activeAt of an alert, not startsAt, which is after `for:`). */
  onsetAt: time,
  receivedAt: time,
  endedAt: time.nullable(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  /** By which ways it was heard of. */
  ways: z.array(z.enum(["webhook", "alertmanager", "prometheus", "health", "operation"])),
  /** A silence of Alertmanager covers it. */
  silence: z.object({ id: z.string(), endsAt: time, by: z.string(), comment: z.string() }).nullable(),
  /** Page of the alert in Prometheus (generatorURL), http or https only. */
  link: z.string().nullable(),
});

/** What an incident's rollback or other remedy led to. */
export const recoverySchema = z.object({
  state: z.enum(["verifying", "recovered", "not-recovered"]),
  operationId: z.string(),
  /** "rolled back to R-211, digests run, services up, alerts quiet for 1 of 2 min" */
  sentence: z.string(),
  checks: z.array(z.object({ name: z.enum(["digests", "services", "alerts"]), ok: z.boolean().nullable(), detail: z.string() })),
  since: time,
  until: time.nullable(),
});

export const incidentSummarySchema = z.object({
  id: z.string(),
  number: z.int().positive(),
  environment: z.string(),
  /** Null: it concerns the environment as a whole (or the monitoring of it). */
  bigPod: z.string().nullable(),
  /** The one sentence a colleague would say. */
  title: z.string(),
  severity: z.enum(severities),
  status: z.enum(incidentStatuses),
  onsetAt: time,
  openedAt: time,
  acknowledged: z.object({ by: who, at: time }).nullable(),
  assignee: who.nullable(),
  resolved: z.object({ at: time, by: z.string() }).nullable(),
  /** Reopened within the flap time at least once. */
  flapping: z.boolean(),
  reopened: z.int().nonnegative(),
  /** Opened by a person. */
  manual: z.boolean(),
  mergedInto: z.int().nullable(),
  /** Signals that fire now, and all it ever had. */
  firing: z.int().nonnegative(),
  signals: z.int().nonnegative(),
  /** First suspect, once there is one. */
  suspect: z.object({ changeId: z.string(), summary: z.string(), release: z.int().nullable(), verdict: z.enum(comparisonVerdicts).nullable() }).nullable(),
  recovery: recoverySchema.nullable(),
});

/** One line of an incident's timeline. Append-only; `late`: it was recorded well after it happened. */
export const timelineEntrySchema = z.object({
  id: z.int(),
  at: time,
  recordedAt: time,
  late: z.boolean(),
  kind: z.enum(timelineKinds),
  title: z.string(),
  detail: z.string().nullable(),
  by: z.string().nullable(),
  /** Path inside the portal ("/operations/…"), or null. */
  link: z.string().nullable(),
});

/** Counts and rates of a window before and one after a moment, and what a test says of them. */
export const errorComparisonSchema = z.object({
  before: z.object({ requests: z.int().nonnegative(), errors: z.int().nonnegative() }),
  after: z.object({ requests: z.int().nonnegative(), errors: z.int().nonnegative() }),
  /** One-sided Fisher exact test, "more errors after". Null without data. */
  p: z.number().nullable(),
  verdict: z.enum(comparisonVerdicts),
  sentence: z.string(),
});
export const sampleComparisonSchema = z.object({
  unit: z.enum(["seconds", "bytes", "count"]),
  before: z.object({ n: z.int().nonnegative(), median: z.number().nullable() }),
  after: z.object({ n: z.int().nonnegative(), median: z.number().nullable() }),
  /** One-sided Mann–Whitney U, "greater after"; effect: probability that one drawn after is greater than one before (0.5: no effect). */
  p: z.number().nullable(),
  effect: z.number().nullable(),
  verdict: z.enum(comparisonVerdicts),
  sentence: z.string(),
});
export const comparisonSchema = z.object({
  /** The suspected moment, and length of the window after it. Latency and memory are compared with as long a one before it. */
  at: time,
  windowSeconds: z.int().positive(),
  /** Length of the window before it in which errors and restarts are counted. Absent: as long as the one after. */
  baselineSeconds: z.int().positive().optional(),
  errors: errorComparisonSchema.nullable(),
  latency: sampleComparisonSchema.nullable(),
  memory: sampleComparisonSchema.nullable(),
  restarts: z.object({ before: z.int().nonnegative(), after: z.int().nonnegative() }).nullable(),
  /** The same hours a week before, where data exist: null without. */
  control: z.object({ errors: errorComparisonSchema.nullable(), sentence: z.string() }).nullable(),
  /** Worst of the parts, `insufficient-data` when none could say. */
  verdict: z.enum(comparisonVerdicts),
  sentence: z.string(),
  /** Queries as they were asked, and warnings of Prometheus. */
  queries: z.array(z.object({ name: z.string(), query: z.string() })),
  warnings: z.array(z.string()),
  measuredAt: time,
});

export const suspectSchema = z.object({
  change: changeSchema,
  rank: z.int().positive(),
  /** 0 to 1; for order only, not a probability. */
  score: z.number().min(0).max(1),
  /** Why it is suspected, in sentences, strongest first. */
  reasons: z.array(z.string()),
  comparison: comparisonSchema.nullable(),
  /** For a release: what came with it. */
  release: z
    .object({
      number: z.int(),
      by: z.string(),
      operationId: z.string().nullable(),
      images: z.array(z.object({ bigPod: z.string(), container: z.string(), from: z.string().nullable(), to: z.string() })),
      /** Compare page of the source repository, and commit messages where they could be asked. */
      commits: z.array(z.object({ repository: z.string(), from: z.string().nullable(), to: z.string(), url: z.string().nullable(), messages: z.array(z.string()), /** Why the messages are not there, in a sentence. */ trouble: z.string().nullable().optional() })),
    })
    .nullable(),
});

export const remedyKinds = ["rollback", "restart", "scale", "isolate", "lift-isolation"] as const;
/** A safe button. Disabled ones say why. */
export const remedySchema = z.object({
  kind: z.enum(remedyKinds),
  /** "Roll back prod to R-211" */
  title: z.string(),
  /** What it will do and what is known of it: digests, age, proof, seconds. */
  facts: z.array(z.string()),
  enabled: z.boolean(),
  /** Why it cannot be pressed; null when it can. */
  why: z.string().nullable(),
  /** Body for POST /api/v1/plans; null when disabled. */
  plan: z.record(z.string(), z.unknown()).nullable(),
  reason: z.string(),
  recommended: z.boolean(),
});

export const runbookSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** Markdown of a file; null for a link. */
  markdown: z.string().nullable(),
  url: z.string().nullable(),
  /** Steps that can be ticked ("- [ ] …" of the Markdown), with who ticked them. */
  steps: z.array(z.object({ index: z.int(), text: z.string(), ticked: z.object({ by: z.string(), at: time }).nullable() })),
  /** Why it cannot be shown; null when it can. */
  trouble: z.string().nullable(),
});

export const incidentSchema = incidentSummarySchema.extend({
  active: z.array(signalSchema),
  ended: z.array(signalSchema),
  suspects: z.array(suspectSchema),
  /** Why there are none, or fewer than there might be. */
  suspectsNote: z.string().nullable(),
  remedies: z.array(remedySchema),
  runbooks: z.array(runbookSchema),
  /** Newest first; the first page. */
  timeline: z.array(timelineEntrySchema),
  timelineNext: z.int().nullable(),
  /** What was saved before something was changed: logs, pod states, events. */
  evidence: z.array(z.object({ id: z.string(), name: z.string(), kind: z.enum(["logs", "pods", "events", "workload"]), bytes: z.int(), at: time })),
});

export const incidentQuerySchema = z.strictObject({
  status: z.enum(["open", "resolved", "all"]).default("open"),
  environment: z.string().max(63).optional(),
  bigPod: z.string().max(63).optional(),
  severity: z.enum(severities).optional(),
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const sentence = z.string().trim().min(3).max(500);
/** What people do with an incident: bodies of POST /api/v1/incidents/{number}/{verb}. */
export const incidentOpenSchema = z.strictObject({ environment: z.string().max(63), bigPod: z.string().max(63).nullable(), title: sentence, severity: z.enum(severities).default("warning") });
export const incidentNoteSchema = z.strictObject({ text: z.string().trim().min(1).max(4_000) });
export const incidentResolveSchema = z.strictObject({ note: sentence });
export const incidentMergeSchema = z.strictObject({ into: z.int().positive(), reason: sentence });
export const incidentAssignSchema = z.strictObject({ /** Null: nobody. */ to: z.string().max(100).nullable() });
export const runbookTickSchema = z.strictObject({ runbook: z.string().max(100), index: z.int().min(0).max(500), ticked: z.boolean() });
export const silenceRequestSchema = z.strictObject({ environment: z.string().max(63), signalId: z.string().max(64), minutes: z.int().min(5).max(7 * 24 * 60), comment: sentence });

export type Signal = z.infer<typeof signalSchema>;
export type IncidentSummary = z.infer<typeof incidentSummarySchema>;
export type Incident = z.infer<typeof incidentSchema>;
export type Recovery = z.infer<typeof recoverySchema>;
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
export type ErrorComparison = z.infer<typeof errorComparisonSchema>;
export type SampleComparison = z.infer<typeof sampleComparisonSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Suspect = z.infer<typeof suspectSchema>;
export type Remedy = z.infer<typeof remedySchema>;
export type Runbook = z.infer<typeof runbookSchema>;
export type IncidentQuery = z.infer<typeof incidentQuerySchema>;

import { z } from "zod";
import { incidentSummarySchema, recoverySchema } from "#lib/contracts/incident-summary.ts";
import { changeSchema } from "#lib/contracts/state.ts";
import { comparisonVerdicts, severities, signalKinds, signalStates, timelineKinds } from "#lib/domain/incident-status.ts";

/** Signals, incidents and what is shown with them. Times are ISO 8601 in UTC. */

export { incidentSummarySchema, recoverySchema };
export type { IncidentSummary, Recovery } from "#lib/contracts/incident-summary.ts";

const time = z.iso.datetime();

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

/** `before`: the `next` of the page before (an id of an entry). */
export const timelineQuerySchema = z.strictObject({ before: z.coerce.number().int().positive().optional(), limit: z.coerce.number().int().min(1).max(500).default(100) });
export const incidentNumbersQuerySchema = z.strictObject({ environment: z.string().max(63).optional(), bigPod: z.string().max(63).optional(), days: z.coerce.number().int().min(1).max(3_650).default(90) });

export const incidentNumberNames = ["time-to-acknowledge", "time-to-resolve", "failed-deployment-recovery", "change-failure-rate"] as const;
/** One number, with what it means and what it rests on. */
export const incidentNumberSchema = z.object({
  name: z.enum(incidentNumberNames),
  title: z.string(),
  /** What is counted, in one sentence. */
  definition: z.string(),
  unit: z.enum(["seconds", "share"]),
  /** Incidents or deployments it is made of. */
  n: z.int().nonnegative(),
  /** Median of seconds, or a share of 0 to 1. Null when there is too little: `note` says so. */
  value: z.number().nullable(),
  /** 95th percentile (nearest rank) of seconds; null for shares and where there is too little. */
  p95: z.number().nullable(),
  /** "3 of 14 deployments failed", or why there is no value. */
  note: z.string(),
});
export const incidentNumbersSchema = z.object({ environment: z.string().nullable(), bigPod: z.string().nullable(), days: z.int(), from: time, to: time, numbers: z.array(incidentNumberSchema) });
export const incidentListSchema = z.object({ incidents: z.array(incidentSummarySchema), next: z.int().nullable() });
export const timelinePageSchema = z.object({ timeline: z.array(timelineEntrySchema), next: z.int().nullable() });

export type TimelinePage = z.infer<typeof timelinePageSchema>;
export type TimelineQuery = z.infer<typeof timelineQuerySchema>;
export type IncidentNumber = z.infer<typeof incidentNumberSchema>;
export type IncidentNumbers = z.infer<typeof incidentNumbersSchema>;
export type IncidentNumbersQuery = z.infer<typeof incidentNumbersQuerySchema>;
export type IncidentList = z.infer<typeof incidentListSchema>;
export type Signal = z.infer<typeof signalSchema>;
export type Incident = z.infer<typeof incidentSchema>;
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
export type ErrorComparison = z.infer<typeof errorComparisonSchema>;
export type SampleComparison = z.infer<typeof sampleComparisonSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Suspect = z.infer<typeof suspectSchema>;
export type Remedy = z.infer<typeof remedySchema>;
export type Runbook = z.infer<typeof runbookSchema>;
export type IncidentQuery = z.infer<typeof incidentQuerySchema>;

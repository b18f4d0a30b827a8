import { z } from "zod";
import { comparisonVerdicts, incidentStatuses, severities } from "#lib/domain/incident-status.ts";

/** An incident in one line, as lists, the stream and notifications carry it. Apart from incident.ts, because the snapshot of the platform needs it. */

const time = z.iso.datetime();
const who = z.object({ id: z.string(), name: z.string() });

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
  /** monitoring: it is the monitoring that is blind; that nothing else is open then says nothing. */
  about: z.enum(["trouble", "monitoring"]),
  /** The one sentence a colleague would say. */
  title: z.string(),
  severity: z.enum(severities),
  status: z.enum(incidentStatuses),
  onsetAt: time,
  openedAt: time,
  acknowledged: z.object({ by: who, at: time }).nullable(),
  assignee: who.nullable(),
  /** When it ended, and by whom ("Vigie" when it fell quiet). Of a merged one: when it was merged. */
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

export type IncidentSummary = z.infer<typeof incidentSummarySchema>;
export type Recovery = z.infer<typeof recoverySchema>;

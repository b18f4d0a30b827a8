import { z } from "zod";
import { changeSchema } from "#lib/contracts/state.ts";
import { chartUnits } from "#lib/domain/chart-units.ts";
import { goldenSignalNames, goldenStates } from "#lib/domain/golden.ts";
import { severities } from "#lib/domain/incident-status.ts";

/** What charts are drawn from. Times are ISO 8601 in UTC. */

const time = z.iso.datetime();

export const goldenQuerySchema = z.strictObject({
  environment: z.string().max(63),
  bigPod: z.string().max(63),
  /** One of its services; all of them when left out. */
  service: z.string().max(63).optional(),
  from: time,
  to: time,
});

export const goldenSignalSchema = z.object({
  name: z.enum(goldenSignalNames),
  title: z.string(),
  unit: z.enum(chartUnits),
  /** The query knows nothing of services: it is about the whole Big Pod, whichever service was asked for. */
  wholeBigPod: z.boolean(),
  state: z.enum(goldenStates),
  /** Why there is no data, or what to know about it; null when there is nothing to say. */
  sentence: z.string().nullable(),
  /** PromQL as it was asked. Rate and ratio are made from it: `from` says how. */
  queries: z.array(z.object({ title: z.string(), query: z.string(), /** Page of Prometheus that draws it; null when it has none for browsers. */ url: z.string().nullable() })),
  derived: z.string().nullable(),
  /** `values` at from, from + step, …; null is a gap. */
  series: z.array(z.object({ name: z.string(), values: z.array(z.number().nullable()) })),
  /** Newest moment with a value. */
  newestAt: time.nullable(),
  /** Prometheus' own words: the answer may be partial. */
  warnings: z.array(z.string()),
});

/** A change, where it stands in a chart. */
export const chartMarkSchema = changeSchema.pick({ at: true, kind: true, by: true, operationId: true, release: true }).extend({ label: z.string(), /** Path inside the portal, or null. */ link: z.string().nullable() });
export const chartIncidentSchema = z.object({ number: z.int().positive(), title: z.string(), severity: z.enum(severities), from: time, to: time.nullable() });

export const goldenSchema = z.object({
  environment: z.string(),
  bigPod: z.string(),
  service: z.string().nullable(),
  /** As asked of Prometheus: whole steps. */
  from: time,
  to: time,
  stepSeconds: z.int().positive(),
  /** $range of the queries: each point is about this long a time before it. */
  windowSeconds: z.int().positive(),
  signals: z.array(goldenSignalSchema),
  marks: z.array(chartMarkSchema),
  incidents: z.array(chartIncidentSchema),
});

export type GoldenQuery = z.infer<typeof goldenQuerySchema>;
export type GoldenSignal = z.infer<typeof goldenSignalSchema>;
export type ChartMark = z.infer<typeof chartMarkSchema>;
export type ChartIncident = z.infer<typeof chartIncidentSchema>;
export type Golden = z.infer<typeof goldenSchema>;

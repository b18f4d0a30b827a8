import { z } from "zod";
import { bigPodStateSchema, changeSchema, environmentReleaseSchema, operationSummarySchema } from "#lib/contracts/state.ts";
import { healthStatuses, serviceStatuses } from "#lib/domain/status.ts";

const time = z.iso.datetime();

/** What is kept of a state: what the overview shows of it, without pods and evidence. */
export const historicStateSchema = z.object({
  status: z.enum(healthStatuses),
  cause: z.string().nullable(),
  version: z.string().nullable(),
  since: time,
  replicas: bigPodStateSchema.shape.replicas,
  rollout: bigPodStateSchema.shape.rollout,
  services: z.array(z.object({ name: z.string(), status: z.enum(serviceStatuses), detail: z.string().nullable() })),
});

export const historyQuerySchema = z.strictObject({ at: time });
/** The overview at a moment. Nothing is known of a Big Pod before its first row: it is left out then. */
export const historySchema = z.object({
  at: time,
  /** Earliest moment that is kept of anything visible; null when nothing is. */
  from: time.nullable(),
  states: z.array(historicStateSchema.extend({ environment: z.string(), bigPod: z.string() })),
  releases: z.array(environmentReleaseSchema.omit({ settled: true })),
  /** Newest before the moment first, at most 20. */
  changes: z.array(changeSchema),
  /** Under way at the moment. */
  operations: z.array(operationSummarySchema),
});

export const stripQuerySchema = z.strictObject({
  from: time,
  to: time,
  environment: z.string().max(63).optional(),
  bigPod: z.string().max(63).optional(),
});
/** Colours over time: for each Big Pod its spans, in order, without gaps from its first; what is shorter than a bucket shows as the worst in it. */
export const stripSchema = z.object({
  from: time,
  to: time,
  strips: z.array(z.object({ environment: z.string(), bigPod: z.string(), spans: z.array(z.object({ from: time, to: time, status: z.enum(healthStatuses) })) })),
});

/** A moment, or the `next` of the page before: that of its last event and the event's uid, because several may have been seen in one moment. */
export const eventCursorSchema = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z(\/[!-.0-~]{1,200})?$/, "a moment in UTC (2026-11-21T14:02:00Z), or the `next` of the page before");
export const eventQuerySchema = z.strictObject({ environment: z.string().max(63), bigPod: z.string().max(63), before: eventCursorSchema.optional(), limit: z.coerce.number().int().min(1).max(200).default(50) });
export const clusterEventSchema = z.object({ uid: z.string(), object: z.string(), type: z.string(), reason: z.string(), message: z.string(), count: z.int(), firstAt: time, lastAt: time });
export const eventsSchema = z.object({ events: z.array(clusterEventSchema), next: eventCursorSchema.nullable() });

export type HistoricState = z.infer<typeof historicStateSchema>;
export type History = z.infer<typeof historySchema>;
export type Strip = z.infer<typeof stripSchema>["strips"][number];
export type ClusterEvent = z.infer<typeof clusterEventSchema>;

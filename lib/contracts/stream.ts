import { z } from "zod";
import { incidentSummarySchema } from "#lib/contracts/incident-summary.ts";
import { bigPodStateSchema, changeSchema, environmentGuardSchema, environmentReleaseSchema, operationSummarySchema, platformSnapshotSchema, sourceStateSchema } from "#lib/contracts/state.ts";

/**
 * Events of GET /api/stream (server-sent events). `snapshot`, then `ready`, then deltas whose SSE id is the stream position;
 * a client that reconnects with Last-Event-ID gets what changed since, or a new snapshot. `beat` comes every 2 s
 * with the time of the newest worker heartbeat: a client that hears none for 5 s calls everything stale.
 */
export const streamEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), data: platformSnapshotSchema }),
  z.object({ type: z.literal("ready"), data: z.object({ position: z.int() }) }),
  z.object({ type: z.literal("state"), data: bigPodStateSchema }),
  z.object({ type: z.literal("source"), data: sourceStateSchema }),
  z.object({ type: z.literal("release"), data: environmentReleaseSchema }),
  z.object({ type: z.literal("change"), data: changeSchema }),
  z.object({ type: z.literal("guard"), data: environmentGuardSchema }),
  z.object({ type: z.literal("operation"), data: operationSummarySchema }),
  z.object({ type: z.literal("incident"), data: incidentSummarySchema }),
  z.object({ type: z.literal("beat"), data: z.object({ now: z.iso.datetime(), workerSeenAt: z.iso.datetime().nullable() }) }),
  z.object({ type: z.literal("signed-out"), data: z.object({}) }),
]);
export type StreamEvent = z.infer<typeof streamEventSchema>;

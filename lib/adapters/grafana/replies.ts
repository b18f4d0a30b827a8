import { z } from "zod";

/** Shapes of https://grafana.com/docs/grafana/latest/developers/http_api/ (annotations, other); unknown keys are left out. */

export const healthReplySchema = z.object({ database: z.string().max(200), version: z.string().max(60).default("unknown") });
export const annotationMadeSchema = z.object({ id: z.int().positive() });
export const annotationsReplySchema = z.array(z.object({ id: z.int().positive(), time: z.number(), tags: z.array(z.string()).nullable() }));
export const messageReplySchema = z.object({ message: z.string() });

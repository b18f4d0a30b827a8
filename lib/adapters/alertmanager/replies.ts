import { z } from "zod";

/** Shapes of https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml ; unknown keys are left out. */

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const texts = z.record(z.string(), z.string());

export const alertsReplySchema = z.array(
  z.object({
    fingerprint: z.string().min(1).max(64),
    labels: texts,
    annotations: texts,
    startsAt: time,
    endsAt: time,
    updatedAt: time,
    status: z.object({ state: z.enum(["active", "suppressed", "unprocessed"]), silencedBy: z.array(z.string()), inhibitedBy: z.array(z.string()) }),
    generatorURL: z.string().optional(),
  }),
);

export const silencesReplySchema = z.array(
  z.object({
    id: z.string().min(1).max(100),
    /** `isEqual` came with 0.22: before, every matcher was one of equality. */
    matchers: z.array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().default(true) })),
    startsAt: time,
    endsAt: time,
    createdBy: z.string(),
    comment: z.string(),
    status: z.object({ state: z.enum(["pending", "active", "expired"]) }),
  }),
);

export const silenceCreatedSchema = z.object({ silenceID: z.string().min(1).max(100) });
export const statusReplySchema = z.object({ uptime: time });

/** What refuses: a text of Alertmanager's own, or its parser's object. */
export const refusalSchema = z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]);

import { z } from "zod";

/**
 * What Alertmanager's webhook receivers are sent, format version "4"; unknown members are left out.
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
const texts = z.record(z.string(), z.string());
const time = z.iso.datetime({ offset: true });

export const alertmanagerWebhookSchema = z.object({
  version: z.literal("4"),
  receiver: z.string().optional(),
  groupKey: z.string().optional(),
  /** Alerts that max_alerts left out. */
  truncatedAlerts: z.int().nonnegative().default(0),
  alerts: z.array(
    z.object({
      status: z.enum(["firing", "resolved"]),
      labels: texts,
      annotations: texts.default({}),
      startsAt: time,
      /** 0001-01-01T00:00:00Z while it fires. */
      endsAt: time.optional(),
      generatorURL: z.string().optional(),
      fingerprint: z.string().min(1).max(64).optional(),
    }),
  ),
});

export const webhookReceivedSchema = z.object({
  /** Alerts in the message. */
  alerts: z.int().nonnegative(),
  /** Occurrences among them that were not known before. */
  signals: z.int().nonnegative(),
});

/** Environment that alerts belong to whose labels name none: an Alertmanager of one environment says it in the address of its webhook. */
export const webhookQuerySchema = z.strictObject({ environment: z.string().max(63).optional() });

export type AlertmanagerWebhook = z.infer<typeof alertmanagerWebhookSchema>;
export type WebhookReceived = z.infer<typeof webhookReceivedSchema>;

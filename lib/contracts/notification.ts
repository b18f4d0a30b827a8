import { z } from "zod";
import { notificationKinds } from "#lib/domain/notification.ts";

/** What is told to people outside, by which channel, and how that goes. Times are ISO 8601 in UTC. */

const time = z.iso.datetime();

export const notificationChannelSchema = z.object({
  name: z.string(),
  kind: z.enum(["slack", "email", "webhook"]),
  /** Where it leads, without secrets: "C0123456789", "oncall@example.org", "hooks.example.org". */
  to: z.string(),
  from: z.enum(["critical", "warning", "info"]),
  /** Null: all. */
  environments: z.array(z.string()).nullable(),
  lastSentAt: time.nullable(),
  /** Set while it fails; the sentence is what it said last. */
  failing: z.object({ since: time, at: time, sentence: z.string() }).nullable(),
  /** It asked to be left alone until then. */
  notBefore: time.nullable(),
  waiting: z.int().nonnegative(),
  dead: z.int().nonnegative(),
});

export const deadLetterSchema = z.object({
  id: z.string(),
  channel: z.string(),
  kind: z.enum(notificationKinds),
  /** Null: a test of the channel. */
  incident: z.object({ number: z.int(), title: z.string(), environment: z.string() }).nullable(),
  createdAt: time,
  deadAt: time,
  attempts: z.int(),
  sentence: z.string(),
});

export const notificationsResponseSchema = z.object({
  channels: z.array(notificationChannelSchema),
  /** Newest first, at most 100; those of incidents the caller may see. */
  dead: z.array(deadLetterSchema),
});

export const notificationRetriedSchema = z.object({ id: z.string() });
export const notificationTestedSchema = z.object({ id: z.string(), channel: z.string() });

/** Body of a webhook. `delivery` is the same in every attempt: a receiver that keeps it takes each once. */
export interface WebhookBody {
  version: 1;
  delivery: string;
  kind: (typeof notificationKinds)[number];
  at: string;
  platform: string;
  url: string | null;
  incident: unknown;
}

export type NotificationChannelState = z.infer<typeof notificationChannelSchema>;
export type DeadLetter = z.infer<typeof deadLetterSchema>;
export type NotificationsResponse = z.infer<typeof notificationsResponseSchema>;

import { createHmac } from "node:crypto";
import type { LookupFunction } from "node:net";
import { Refused } from "#lib/adapters/egress/guarded-request.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";
import { ask, wordsOf } from "#lib/adapters/egress/outgoing.ts";
import { retryAfterMs } from "#lib/adapters/notify/retry-after.ts";
import type { WebhookBody } from "#lib/contracts/notification.ts";
import { parseEgress } from "#lib/domain/egress.ts";
import { redactValue } from "#lib/domain/redact.ts";
import { NotifyError } from "#lib/ports/notify.ts";
import type { NotifyChannel } from "#lib/ports/notify.ts";

/** What a receiver answers is not read further: its status counts. */
const limits = { timeoutMs: 10_000, maximumBytes: 64 * 1024 };

interface WebhookOptions {
  url: string;
  secret: string;
  /** egress.allow */
  allow: readonly string[];
  resolver?: LookupFunction;
  now?: () => number;
}

/** Signature over timestamp and exact body, so that neither can be changed and an old delivery can be told from a new one. */
export function webhookSignature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`, "utf8").digest("hex")}`;
}

/**
 * POSTs JSON, signed (headers vigie-timestamp, vigie-signature), each announcement by itself and in order. Where it may go is judged by egress.allow, before
 * and when connecting; redirects are not followed; only 2xx is an arrival. A delivery that is repeated has the same `delivery`.
 */
export function createWebhookChannel({ url: address, secret, allow, resolver, now = Date.now }: WebhookOptions): NotifyChannel {
  const url = new URL(address);
  const reach = parseEgress(allow);

  return {
    absorbs: "none",
    paceMs: 0,
    async send({ id, kind, at, platform, incident, link }, thread, signal) {
      const content: WebhookBody = { version: 1, delivery: id, kind, at: at.toISOString(), platform, url: link, incident: redactValue(incident) };
      const body = JSON.stringify(content);
      const timestamp = String(Math.floor(now() / 1_000));
      let answer: OutgoingReply;
      try {
        answer = await ask({
          ...limits, method: "POST", url, body, signal, reach, resolver,
          headers: { "content-type": "application/json", "user-agent": "vigie", "vigie-delivery": id, "vigie-timestamp": timestamp, "vigie-signature": webhookSignature(secret, timestamp, body) },
        });
      } catch (cause) {
        if (cause instanceof Refused) throw new NotifyError(`${cause.message}.`, { permanent: true, cause });
        throw new NotifyError(`${url.host} cannot be reached: ${wordsOf(cause)}.`, { cause });
      }
      const { status, headers } = answer;
      if (status >= 200 && status < 300) return { thread };
      if (status >= 300 && status < 400) throw new NotifyError(`${url.host} answered with HTTP ${status}, a redirect, which is not followed: put the address it leads to into vigie.yaml.`, { permanent: true });
      if (status === 410) throw new NotifyError(`${url.host} answered that this webhook is gone for good (HTTP 410).`, { permanent: true });
      throw new NotifyError(`${url.host} answered with HTTP ${status}.`, { retryAfterMs: status === 429 || status === 503 ? retryAfterMs(headers["retry-after"], now()) : null });
    },
  };
}

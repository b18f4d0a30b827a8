import type { LookupFunction } from "node:net";
import { createPlaceClient } from "#lib/adapters/checkpoints/place-client.ts";
import { webhookSignature } from "#lib/adapters/notify/webhook.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";
import type { CheckpointPlace } from "#lib/ports/checkpoints.ts";

interface WebhookPlaceOptions {
  name: string;
  url: string;
  secret: string;
  /** egress.allow */
  allow: readonly string[];
  resolver?: LookupFunction;
  now?: () => Date;
}

/**
 * POSTs each checkpoint, in order, signed like notifications are (headers vigie-timestamp, vigie-signature: HMAC-SHA256 over "timestamp.body"). Only 2xx is an arrival.
 * A repeated delivery has the very same body; a receiver that has it already answers 2xx as well.
 */
export function createWebhookPlace({ name, url: address, secret, allow, resolver, now = () => new Date() }: WebhookPlaceOptions): CheckpointPlace {
  const ask = createPlaceClient(allow, resolver);
  const url = new URL(address);
  return {
    name,
    async put(signed, signal) {
      const body = checkpointLine(signed);
      const timestamp = String(Math.floor(now().getTime() / 1_000));
      const { status } = await ask({ method: "POST", url, body, headers: { "content-type": "application/json", "user-agent": "vigie", "vigie-timestamp": timestamp, "vigie-signature": webhookSignature(secret, timestamp, body) } }, signal);
      if (status === 409) throw new DeliveryError(`${url.host} answered with HTTP 409: what it holds contradicts this checkpoint.`, { conflict: true });
      if (status < 200 || status >= 300) throw new DeliveryError(`${url.host} answered with HTTP ${status}.`);
    },
  };
}

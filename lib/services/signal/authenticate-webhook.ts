import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { VigieError } from "#lib/domain/error.ts";
import { inWindow, parseSignature, signatureWindowSeconds } from "#lib/domain/webhook-signature.ts";

export interface WebhookCredentials {
  /** Header Authorization. */
  authorization: string | null;
  /** Header X-Vigie-Signature. */
  signature: string | null;
}

/** Who may tell of alerts. Null: by token; else the id by which a signed message is taken once. Throws VigieError "unauthenticated", with what is wrong. */
export function authenticateWebhook({ authorization, signature }: WebhookCredentials, body: Uint8Array, secret: string, now: Date): { deliveryId: string } | null {
  if (signature !== null) return { deliveryId: verified(signature, body, secret, now) };
  const token = /^bearer\s+(\S+)$/i.exec((authorization ?? "").trim())?.[1];
  if (token === undefined) throw refused("carries neither the secret as bearer token nor a signature. Set http_config.authorization.credentials of the webhook in alertmanager.yml, or sign it");
  if (!equal(token, secret)) throw refused("has another bearer token than alerting.webhookSecret in vigie.yaml names");
  return null;
}

function verified(header: string, body: Uint8Array, secret: string, now: Date): string {
  const given = parseSignature(header);
  if (given === null) throw refused('has a header X-Vigie-Signature that is not of the form "t=<seconds>,v1=<hex>"');
  const right = createHmac("sha256", secret).update(`${given.time}.`).update(body).digest("hex");
  // All are compared, and the window only for who knows the secret: an answer tells the others nothing.
  const matches = given.signatures.map((signature) => equal(signature, right)).includes(true);
  if (!matches) throw refused("has a signature that does not fit its body and time");
  if (!inWindow(given.time, now)) throw refused(`was signed more than ${signatureWindowSeconds / 60} minutes from now. Set the clocks right, or sign it when it is sent`);
  return createHash("sha256").update(`${given.time}.${right}`).digest("hex");
}

/** Takes as long whatever differs, the lengths too. */
function equal(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(left), digest(right));
}

function refused(why: string): VigieError {
  return new VigieError("unauthenticated", `This message ${why}.`);
}

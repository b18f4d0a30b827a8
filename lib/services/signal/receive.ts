import { randomUUID } from "node:crypto";
import { alertmanagerWebhookSchema } from "#lib/contracts/alertmanager-webhook.ts";
import type { AlertmanagerWebhook, WebhookReceived } from "#lib/contracts/alertmanager-webhook.ts";
import type { Transaction } from "#lib/db/client.ts";
import { knownAlerts, lockAlerts, saveAlerts } from "#lib/db/repositories/alert-record.ts";
import { keepable } from "#lib/domain/audit-text.ts";
import { VigieError } from "#lib/domain/error.ts";
import { jsonProblem } from "#lib/domain/json-guard.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import { heardAlert } from "#lib/domain/signal-alert.ts";
import { fingerprintOf } from "#lib/domain/signal-fingerprint.ts";
import { hearAlerts } from "#lib/domain/signal-occurrence.ts";
import type { HeardAlert } from "#lib/domain/signal-record.ts";
import { signatureWindowSeconds } from "#lib/domain/webhook-signature.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { judgeGuess } from "#lib/services/limit/guess.ts";
import { takeLimit } from "#lib/services/limit/take.ts";
import { inTurn } from "#lib/services/signal/turns.ts";
import { authenticateWebhook } from "#lib/services/signal/authenticate-webhook.ts";
import type { WebhookCredentials } from "#lib/services/signal/authenticate-webhook.ts";

export interface WebhookMessage extends WebhookCredentials {
  /** Reads it as it came: a signature is over its bytes. Not called for who shows a wrong token. */
  body: () => Promise<Uint8Array>;
  /** Where it came from, for the audit log. */
  address: string;
  /** Environment of alerts that name none. */
  environment: string | undefined;
}

/** Messages wait for each other's transaction in a storm. */
const patience = { maxWait: 15_000, timeout: 20_000 };

/**
 * Takes what Alertmanager says of alerts: one transaction, whatever their number; what is known already changes nothing. `secret` is the value of alerting.webhookSecret.
 * Throws VigieError: "not-found" (no webhook is configured), "limited" (too many, or too many wrong ones, from there), "unauthenticated" (audited), "conflict" (a signed message came twice, audited), "invalid" (what is wrong with it).
 */
export async function receiveAlerts(context: ServiceContext, message: WebhookMessage, secret: string | null): Promise<WebhookReceived> {
  const { config } = context;
  if (secret === null) throw new VigieError("not-found", "This portal has no webhook: alerting.webhookSecret is not set in vigie.yaml.");
  await takeLimit(context, "webhook", message);
  const early = message.signature === null;
  if (early) await authenticated(context, message, new Uint8Array(), secret);
  const body = await message.body();
  const delivery = early ? null : await authenticated(context, message, body, secret);
  const only = message.environment ?? null;
  if (only !== null && !config.environments.some((one) => one.name === only)) throw new VigieError("invalid", `The address of this webhook names an environment that does not exist: "${only}". There are: ${config.environments.map((one) => one.name).join(", ")}.`);
  const parsed = parse(body);
  if (parsed.truncatedAlerts > 0) context.log.warn({ receiver: parsed.receiver, truncated: parsed.truncatedAlerts }, "Alertmanager left alerts out of a message (max_alerts); they are found when it is asked next");
  const alerting = config.alerting;
  const heard = parsed.alerts.filter((alert) => alerting.watchdog === undefined || alert.labels.alertname !== alerting.watchdog.alert).map((alert) => heardAlert(toldOf(alert), { config, alerting, only }));
  const added = await inTurn(context.db, () => context.db.$transaction(async (tx) => {
    if (delivery !== null) await takeOnce(tx, delivery.deliveryId);
    if (heard.length === 0) return 0;
    const now = await lockAlerts(tx);
    const known = await knownAlerts(tx, heard.flatMap((alert) => alert.fingerprints));
    const result = hearAlerts(known, heard, now, randomUUID);
    await saveAlerts(tx, result);
    return result.added.length;
  }, patience)).catch(async (error: unknown) => {
    if (error instanceof Replayed) await refuse(context, message.address, "was sent a second time with the same signature");
    throw error;
  });
  return { alerts: parsed.alerts.length, signals: added };
}

class Replayed extends VigieError {
  constructor() {
    super("conflict", "This signed message was taken before. Sign it anew with the time at which it is sent.");
  }
}

async function takeOnce(tx: Transaction, id: string): Promise<void> {
  // Twice the window: a time may lie as far ahead as behind.
  await tx.$executeRaw`DELETE FROM webhook_delivery WHERE at < clock_timestamp() - make_interval(secs => ${2 * signatureWindowSeconds + 60}::int)`;
  const added = await tx.$executeRaw`INSERT INTO webhook_delivery (id, at) VALUES (${id}, clock_timestamp()) ON CONFLICT (id) DO NOTHING`;
  if (added === 0) throw new Replayed();
}

async function authenticated(context: ServiceContext, message: WebhookMessage, body: Uint8Array, secret: string): Promise<{ deliveryId: string } | null> {
  // Each message has another signature: what is remembered is that right ones came from there.
  let why: unknown = null;
  const judged = await judgeGuess(context, { address: message.address, credential: "webhook" }, async () => {
    try {
      return { delivery: authenticateWebhook(message, body, secret, context.clock.now()) };
    } catch (error) {
      if (error instanceof VigieError) await refuse(context, message.address, error.message.replace(/^This message /, "").replace(/\.$/, ""));
      why = error;
      return null;
    }
  });
  if (judged === null) throw why;
  return judged.delivery;
}

async function refuse(context: ServiceContext, address: string, why: string): Promise<void> {
  await recordRefusal(context, { action: "webhook.denied", actor: { kind: "token", id: "webhook", name: `somebody at ${address}` }, summary: `A message to the webhook of alerts from ${address} was refused: it ${why}`, after: { address } });
}

function parse(body: Uint8Array): AlertmanagerWebhook {
  // A text that no database keeps is replaced: refusing it would lose every alert of the message, which is not sent again.
  const kept = keepable(parseJson(body), "replace");
  const value = "problem" in kept ? undefined : kept.value;
  const problem = "problem" in kept ? kept.problem : jsonProblem(value);
  if (problem !== null) throw new VigieError("invalid", `The body ${problem}.`);
  const version = typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (version !== "4") {
    const given = version === undefined ? "no version" : `version ${JSON.stringify(version)?.slice(0, 20) ?? ""}`;
    throw new VigieError("invalid", `This webhook takes messages of Alertmanager's format version "4"; this one has ${given}. Point Alertmanager's webhook_config here, or update Vigie.`, { detail: { reason: "webhook-version", version: version ?? null } });
  }
  const parsed = alertmanagerWebhookSchema.safeParse(value);
  if (!parsed.success) throw new VigieError("invalid", `The message is not as Alertmanager sends it. ${issuesSentence(parsed.error.issues.slice(0, 20))}.`, { detail: { reason: "webhook-shape" } });
  return parsed.data;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new VigieError("invalid", "The body is not JSON in UTF-8.");
  }
}

function toldOf({ status, labels, annotations, startsAt, endsAt, generatorURL, fingerprint }: AlertmanagerWebhook["alerts"][number]): Parameters<typeof heardAlert>[0] {
  const ended = status === "resolved";
  const state: HeardAlert["state"] = ended ? "ended" : "firing";
  const at = new Date(startsAt);
  const until = ended && endsAt !== undefined ? new Date(endsAt) : null;
  return {
    labels, annotations, link: generatorURL ?? null, fingerprints: [fingerprint ?? fingerprintOf(labels)], state, activeAt: null, startsAt: at,
    // An end before the start is a clock that was set back.
    endsAt: until !== null && until < at ? at : until, ways: ["webhook"], surelyAt: null, notInPrometheus: false,
  };
}

import type { Actor } from "#lib/contracts/actor.ts";
import { silenceRequestSchema } from "#lib/contracts/incident.ts";
import type { z } from "zod";
import type { SilenceCreated } from "#lib/contracts/signal.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { lockAlerts } from "#lib/db/repositories/alert-record.ts";
import { setSilence, toSignal } from "#lib/db/repositories/signal.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import { longestLabel } from "#lib/domain/signal-alert.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const clocksDifferMs = 5 * 60_000;

export type SilenceRequest = z.input<typeof silenceRequestSchema>;

/**
 * Silences the alert of a signal in Alertmanager, with all of its labels, until an end, with a comment and the person's name. The intent is audited before Alertmanager
 * is told, what became of it after. Throws VigieError: "invalid", "not-found" (signal, environment, Alertmanager), "conflict" (it has ended), "denied", "upstream".
 */
export async function silenceSignal(context: ServiceContext, actor: Actor, request: SilenceRequest): Promise<SilenceCreated> {
  const parsed = silenceRequestSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", `A silence takes a signal, 5 minutes to 7 days, and a comment of 3 to 500 characters. ${issuesSentence(parsed.error.issues)}.`);
  const { environment, signalId, minutes, comment } = parsed.data;
  const row = await context.db.signalRow.findUnique({ where: { id: signalId } });
  const missing = new VigieError("not-found", `There is no such signal in ${environment}.`, { detail: { signalId } });
  // A signal of no environment concerns all of them: who silences it must be allowed to everywhere.
  await authorise(context, actor, "incident.silence", row?.environment ?? (row === null ? environment : null), `silence alerts in ${environment}`, missing);
  const [signal] = row === null ? [] : toSignal(row);
  if (row === null || signal === undefined || (row.environment !== null && row.environment !== environment)) throw missing;
  if (signal.kind !== "alert") throw new VigieError("invalid", "Only alerts can be silenced: this signal is Vigie's own. Acknowledge its incident instead.", { detail: { kind: signal.kind } });
  if (signal.state === "ended") throw new VigieError("conflict", `${signal.title} has ended already: there is nothing to silence.`, { detail: { signalId } });
  const alerts = context.outside.alerts(environment);
  if (alerts === null) throw new VigieError("not-found", `No Alertmanager is configured for ${environment}, so nothing can be silenced. Add one under alertmanager in vigie.yaml.`);

  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  const now = context.clock.now().getTime();
  // Alertmanager takes a start that is over for now: with a clock of its own behind ours, it would begin only later.
  const startsAt = new Date(now - clocksDifferMs);
  const endsAt = new Date(now + minutes * 60_000);
  const entry = { action: "silence.create" as const, actor: by, environment, bigPods: signal.bigPod === null ? [] : [signal.bigPod], operationId: null, reason: comment, before: null };
  const facts = { signalId, alert: signal.title, labels: signal.labels, endsAt: endsAt.toISOString() };
  await context.db.$transaction((tx) => appendAudit(tx, { ...entry, outcome: "allowed", summary: `${actor.name} silences ${signal.title} in ${environment} for ${minutes} min`, after: facts }));
  let id: string;
  try {
    // What was cut when it was recorded fits nothing; the other labels say enough.
    const whole = Object.entries(signal.labels).filter(([, value]) => value.length < longestLabel);
    const matchers = whole.map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
    id = await alerts.silence({ matchers, startsAt, endsAt, createdBy: actor.name, comment });
  } catch (error) {
    const why = isVigieError(error) ? error.message : "something failed inside Vigie";
    await context.db.$transaction((tx) => appendAudit(tx, { ...entry, outcome: "failed", summary: `${signal.title} in ${environment} was not silenced: ${why}`.slice(0, 2_000), after: facts }));
    throw error;
  }
  await context.db.$transaction(async (tx) => {
    await lockAlerts(tx);
    await setSilence(tx, signalId, { id, endsAt: endsAt.toISOString(), by: actor.name, comment });
    await appendAudit(tx, { ...entry, outcome: "succeeded", summary: `${signal.title} in ${environment} is silenced until ${endsAt.toISOString()}`, after: { ...facts, silence: id } });
  });
  return { id, endsAt: endsAt.toISOString() };
}

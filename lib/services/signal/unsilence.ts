import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { lockAlerts } from "#lib/db/repositories/alert-record.ts";
import { clearSilence } from "#lib/db/repositories/signal.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import { placeOf } from "#lib/domain/signal-place.ts";
import type { AlertSilence } from "#lib/ports/alerts.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Ends a silence now. Its matchers say which environment it holds in; one that may hold in several takes the right to silence everywhere.
 * One that is over already stays so. Throws VigieError: "not-found", "denied", "upstream".
 */
export async function endSilence(context: ServiceContext, actor: Actor, id: string, { environment }: { environment: string }): Promise<void> {
  const attempt = `end a silence in ${environment}`;
  await authorise(context, actor, "incident.silence", environment, attempt);
  const alerts = context.config.environments.some((one) => one.name === environment) ? context.outside.alerts(environment) : null;
  const missing = new VigieError("not-found", `There is no such silence in ${environment}.`, { detail: { id } });
  if (alerts === null) throw missing;
  const silence = (await alerts.silences()).find((one) => one.id === id);
  if (silence === undefined) throw missing;
  const holdsIn = environmentOf(context, silence);
  if (holdsIn !== environment && holdsIn !== null) throw missing;
  if (holdsIn === null && !isOnlyEnvironment(context, environment)) await authorise(context, actor, "incident.silence", null, `${attempt} that holds in others too`);
  if (silence.state === "expired") return;

  const entry = { action: "silence.end" as const, actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment, bigPods: [], operationId: null, reason: null, before: { silence: id, by: silence.createdBy, comment: silence.comment, endsAt: silence.endsAt.toISOString() } };
  await context.db.$transaction((tx) => appendAudit(tx, { ...entry, outcome: "allowed", summary: `${actor.name} ends a silence of ${silence.createdBy} in ${environment}`.slice(0, 2_000), after: null }));
  try {
    await alerts.expire(id);
  } catch (error) {
    const why = isVigieError(error) ? error.message : "something failed inside Vigie";
    await context.db.$transaction((tx) => appendAudit(tx, { ...entry, outcome: "failed", summary: `A silence in ${environment} was not ended: ${why}`.slice(0, 2_000), after: null }));
    throw error;
  }
  await context.db.$transaction(async (tx) => {
    await lockAlerts(tx);
    await clearSilence(tx, id);
    await appendAudit(tx, { ...entry, outcome: "succeeded", summary: `A silence of ${silence.createdBy} in ${environment} is over`.slice(0, 2_000), after: null });
  });
}

/** Only matchers that name one value narrow a silence down to an environment. */
function environmentOf({ config }: ServiceContext, { matchers }: AlertSilence): string | null {
  const labels = Object.fromEntries(matchers.filter((one) => one.isEqual && !one.isRegex).map(({ name, value }) => [name, value]));
  return placeOf(labels, config, config.alerting.labels).environment;
}

/** Whether its Alertmanager has the alerts of no other environment. */
function isOnlyEnvironment({ config, outside }: ServiceContext, environment: string): boolean {
  const own = outside.alerts(environment);
  return config.environments.every(({ name }) => name === environment || outside.alerts(name) !== own);
}

import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { blindness, incidentsToVerify, lastRemedy, saveRecovery, signalsOf } from "#lib/db/repositories/recovery.ts";
import type { IncidentToVerify } from "#lib/db/repositories/recovery.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { recoveryMoved, recoveryOf } from "#lib/domain/recovery.ts";
import type { RecoveryFacts } from "#lib/domain/recovery.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createLook } from "#lib/worker/look.ts";
import type { Look } from "#lib/worker/look.ts";

/**
 * Verifies, with the observer's lease only, whether incidents are over because of what was done: writes it to the incident and, at each turn, to its timeline.
 * What must be remembered is in the incident's row: any worker goes on from there.
 */
export function createRecoveryWatch({ context, lease }: { context: Pick<ServiceContext, "db" | "config" | "log">; lease: () => LeaseToken | null }): Look {
  const { db, config, log } = context;

  async function lookAtAll(): Promise<void> {
    const token = lease();
    if (token === null) return;
    const seen = new Map<string, Promise<EnvironmentFacts>>();
    const factsOf = (environment: string): Promise<EnvironmentFacts> => {
      const known = seen.get(environment) ?? readEnvironmentFacts(db, environment, config.bigPods.map((bigPod) => bigPod.name));
      seen.set(environment, known);
      return known;
    };
    for (const incident of await incidentsToVerify(db)) await verify(incident, factsOf, token);
  }

  async function verify(incident: IncidentToVerify, factsOf: (environment: string) => Promise<EnvironmentFacts>, token: LeaseToken): Promise<void> {
    const operation = await lastRemedy(db, incident);
    if (operation === null) return;
    const facts = await factsOf(incident.environment);
    const signals = await signalsOf(db, incident.id);
    const next = recoveryOf({
      operation, signals, states: statesOf(facts, operation.bigPods), blind: await blindness(db, incident.environment),
      verifyMinutes: config.incidents.verifyMinutes, previous: incident.recovery, now: await databaseNow(db),
    });
    if (!recoveryMoved(incident.recovery, next)) return;
    const turned = incident.recovery === null || incident.recovery.operationId !== next.operationId || incident.recovery.state !== next.state;
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      // Rows before the stream's clock, as everywhere.
      await tx.$queryRaw`SELECT 1 FROM incident WHERE id = ${incident.id} FOR UPDATE`;
      const at = await databaseNow(tx);
      if (turned) await appendEntry(tx, { incidentId: incident.id, key: `recovery:${next.operationId}:${next.state}`, at, kind: "recovery", title: capital(next.sentence), link: `/operations/${next.operationId}`, data: { state: next.state, checks: next.checks.map((check) => ({ ...check })) } });
      await saveRecovery(tx, incident.id, next);
    });
  }

  return createLook({ log, trouble: "whether incidents are over cannot be verified right now; it is looked at again", again: "recoveries are verified again", work: lookAtAll });
}

function statesOf(facts: EnvironmentFacts, bigPods: readonly string[]): RecoveryFacts["states"] {
  return new Map(
    bigPods.map((bigPod) => {
      const seen = visibility(facts, bigPod);
      return [bigPod, seen.seen ? seen.state : { unseen: seen.sentence }];
    }),
  );
}

function capital(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}

import type { EnvironmentConfig } from "#lib/contracts/config.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import { drillPatienceMs, dueDrill } from "#lib/domain/drill-schedule.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { zonedWords } from "#lib/domain/window.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requestAutomatic, vigieActor } from "#lib/services/operation/request-automatic.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import type { BuiltPlan } from "#lib/services/plan/build.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

export interface DrillScheduler {
  /** Begins the drills that are due. A look during another is left out. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Begins drills at their times, with the observer's lease only. Which time was taken up last is stored: none is done twice, and of those missed while nothing ran, one is made up for. */
export function createDrillScheduler({ context, lease }: { context: ServiceContext; lease: () => LeaseToken | null }): DrillScheduler {
  const { db, config, log } = context;
  /** When a time that is due was first tried, by environment and time (database clock). */
  const triedSince = new Map<string, number>();
  let looking: Promise<void> | null = null;

  async function lookAtAll(): Promise<void> {
    const token = lease();
    if (token === null) return;
    for (const environment of config.environments) {
      const { drill } = environment.policy;
      if (drill === undefined) continue;
      const now = await databaseNow(db);
      const row = await db.drillOccurrenceRow.findUnique({ where: { environment: environment.name } });
      // A schedule counts from when it was first seen: a time before that was never promised.
      if (row === null) await db.drillOccurrenceRow.createMany({ data: [{ environment: environment.name, dueAt: now }], skipDuplicates: true });
      const due = row === null ? null : dueDrill(drill, row.dueAt, now);
      if (due !== null) await begin(environment, due, now, token);
    }
  }

  async function begin(environment: EnvironmentConfig, due: Date, now: Date, token: LeaseToken): Promise<void> {
    const key = `drill:${environment.name}:${due.toISOString()}`;
    const when = zonedWords(due, environment.policy.drill?.timeZone ?? "UTC");
    let built: BuiltPlan;
    try {
      built = await buildPlan(context, { kind: "drill", environment: environment.name });
    } catch (error) {
      if (!isVigieError(error)) throw error;
      return refuse(environment, due, `The drill of ${when} is left out: ${error.message}`, token);
    }
    if (built.plan.start.how === "now") {
      const requested = await requestAutomatic(context, {
        stored: built, reason: `Drill of ${when}`, followsId: null, key,
        before: async (tx) => (await assertLease(tx, token), true),
        also: (tx, operationId) => takeUp(tx, environment.name, due, { operationId, refused: null }),
      }).catch((error: unknown) => (isVigieError(error) && error.code === "conflict" ? error.message : Promise.reject(error)));
      if (typeof requested === "string") return refuse(environment, due, `The drill of ${when} is left out: ${requested}`, token);
      triedSince.delete(key);
      // Asked for before, but not written down: an earlier version, or a row put back by hand.
      if (requested === null) await db.$transaction(async (tx) => void (await assertLease(tx, token), await takeUp(tx, environment.name, due, { operationId: null, refused: null })));
      return;
    }
    const held = built.plan.gates.filter((gate) => gate.verdict !== "pass");
    const since = triedSince.get(key) ?? now.getTime();
    triedSince.set(key, since);
    // What cannot be seen may be seen in a moment (a worker that has just started); what is not well is not waited for.
    if (held.length > 0 && held.every((gate) => gate.verdict !== "fail") && now.getTime() - since < drillPatienceMs) return;
    triedSince.delete(key);
    await refuse(environment, due, `The drill of ${when} is left out, the next one is tried again: ${held.map((gate) => `${gate.title}: ${gate.evidence}`).join("; ")}`, token);
  }

  async function refuse(environment: EnvironmentConfig, due: Date, sentence: string, token: LeaseToken): Promise<void> {
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      await takeUp(tx, environment.name, due, { operationId: null, refused: sentence.slice(0, 2000) });
      await appendAudit(tx, { action: "operation.refuse", outcome: "failed", actor: vigieActor, environment: environment.name, bigPods: [], operationId: null, summary: sentence.slice(0, 2000), reason: "drill", before: null, after: { dueAt: due.toISOString() } });
    });
    log.info({ environment: environment.name }, sentence);
  }

  return {
    look() {
      looking ??= lookAtAll()
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost)) log.warn({ err: error }, "drills cannot be begun right now; they are tried again");
        })
        .finally(() => (looking = null));
      return looking;
    },
    close: async () => void (await looking),
  };
}

async function takeUp(tx: Transaction, environment: string, due: Date, what: { operationId: string | null; refused: string | null }): Promise<void> {
  await tx.drillOccurrenceRow.upsert({ where: { environment }, create: { environment, dueAt: due, ...what }, update: { dueAt: due, ...what } });
}

import type { Actor } from "#lib/contracts/actor.ts";
import { recoverySchema, suspectSchema } from "#lib/contracts/incident.ts";
import type { Remedy, Suspect } from "#lib/contracts/incident.ts";
import type { Database } from "#lib/db/client.ts";
import { findActiveOperation } from "#lib/db/repositories/operation.ts";
import { findRecordedRelease, readEnvironmentFacts, recentDurations } from "#lib/db/repositories/plan.ts";
import { recordFacts, storedReadiness } from "#lib/db/repositories/rollback-readiness.ts";
import { isAllowed, rolesThatMay } from "#lib/domain/access.ts";
import { VigieError } from "#lib/domain/error.ts";
import { estimateDuration } from "#lib/domain/operation-estimate.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { draftRollback } from "#lib/domain/plan-rollback.ts";
import { incidentReason, remediesOf } from "#lib/domain/remedies.ts";
import type { RemedyFacts, RemedyKind, RollbackFacts } from "#lib/domain/remedies.ts";
import { returnRelease } from "#lib/domain/rollback-readiness.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** What the remedies of an incident are made from: columns of its row. */
export interface RemedyIncident {
  number: number;
  title: string;
  environment: string;
  bigPod: string | null;
  onsetAt: Date;
  /** As stored; read as far as it is understood. */
  suspects: unknown;
  recovery?: unknown;
  /** Signals that fire now. */
  firing?: number;
}

const kinds: readonly RemedyKind[] = ["rollback", "restart", "scale", "isolate", "lift-isolation"];

/**
 * The remedy card of an incident, by number: what may be done about it, what is known of each, and the body of its plan. From the database alone, so that
 * it is there at once; the plan that is made of one asks the world. Throws VigieError "denied", "not-found".
 */
export async function readRemedies(context: ServiceContext, actor: Actor, number: number): Promise<Remedy[]> {
  const incident = await context.db.incidentRow.findUnique({ where: { number } });
  const missing = new VigieError("not-found", `There is no incident ${number}.`, { detail: { incident: number } });
  if (incident === null) throw missing;
  await authorise(context, actor, "incident.read", incident.environment, `read incident ${number}`, missing);
  return listRemedies(context, actor, incident);
}

/** As readRemedies, for a row that was read already. Does not authorise reading; what the actor may not ask for is disabled, with the roles that may. */
export async function listRemedies({ db, config }: Pick<ServiceContext, "db" | "config">, actor: Pick<Actor, "grants">, incident: RemedyIncident): Promise<Remedy[]> {
  const { environment, bigPod } = incident;
  const all = config.bigPods.map((one) => one.name);
  const known = config.environments.some((one) => one.name === environment);
  const facts = await readEnvironmentFacts(db, environment, all);
  const { rollback, nowhere } = await wayBack(db, facts, all);
  const durations = await Promise.all(kinds.map(async (kind) => [kind, estimateDuration(await recentDurations(db, kind, environment, 10))] as const));
  const place = `in ${environment}`;
  return remediesOf({
    environment, bigPod, rollback, nowhere,
    reason: incidentReason(incident, facts.now),
    now: facts.now,
    state: stateOf(facts, bigPod),
    active: await findActiveOperation(db, environment),
    estimates: Object.fromEntries(durations.flatMap(([kind, estimate]) => (estimate === null ? [] : [[kind, estimate]]))),
    refused: (kind) => {
      if (!known) return `${environment} is not in the configuration any more.`;
      const action = `operation.request.${kind}` as const;
      return isAllowed(actor.grants, action, environment) ? null : `That takes the role ${rolesThatMay(action).join(" or ")} ${place}.`;
    },
    // Once a remedy has helped, or is being watched, no other is urged on anybody.
    suspected: helping(incident) ? null : suspicion(incident, await promotionBefore(db, incident, config.incidents.suspectMinutes)),
  });
}

function stateOf(facts: EnvironmentFacts, bigPod: string | null): RemedyFacts["state"] {
  if (bigPod === null) return null;
  const seen = visibility(facts, bigPod);
  if (seen.seen) return seen.state;
  return facts.states.has(bigPod) ? { unseen: seen.sentence } : null;
}

/** The last release that was healthy. While what runs is no recorded release (an edit by hand), that is the recorded one itself, if it ever was. */
async function wayBack(db: Database, facts: EnvironmentFacts, all: readonly string[]): Promise<{ rollback: RollbackFacts | null; nowhere: string }> {
  const { name, release } = facts;
  const { records, quarantined } = await recordFacts(db, name);
  const current = records.find((record) => record.contentHash === release?.contentHash);
  if (release === null || current === undefined) return { rollback: null, nowhere: `No release of ${name} is recorded yet, so there is nothing to go back to.` };
  const itself = !release.settled && current.healthyAt !== null && !quarantined.has(current.imagesHash) ? current : null;
  const target = itself ?? returnRelease(records, current.contentHash, quarantined);
  if (target === null) return { rollback: null, nowhere: `No release before R-${release.number} was ever seen healthy in ${name}.` };
  const record = await findRecordedRelease(db, name, target.number, release.settled ? release.contentHash : null);
  if (record === null) return { rollback: null, nowhere: `The record of R-${target.number} is not kept any more.` };
  const stored = await storedReadiness(db, name);
  const draft = draftRollback(facts, record, all, all);
  return {
    nowhere: "",
    rollback: {
      release: target.number,
      healthyAt: target.healthyAt,
      changes: draft.changes.filter((change) => change.effect !== "unchanged"),
      whole: draft.targets.length === all.length,
      readiness: stored !== null && stored.release === target.number ? { verdict: stored.verdict, sentence: stored.sentence } : null,
      proven: stored === null || stored.proven === null ? null : { at: new Date(stored.proven.at), seconds: stored.proven.seconds, succeeded: stored.proven.succeeded },
    },
  };
}

function helping({ recovery, firing = 0 }: RemedyIncident): boolean {
  const state = recoverySchema.safeParse(recovery).data?.state;
  return state === "verifying" || (state === "recovered" && firing === 0);
}

/** A promotion that ended shortly before the onset, whoever else is suspected. */
async function promotionBefore(db: Database, { environment, onsetAt }: RemedyIncident, minutes: number): Promise<{ title: string; finishedAt: Date } | null> {
  const row = await db.operationRow.findFirst({
    where: { environment, kind: "promotion", status: "succeeded", finishedAt: { gte: new Date(onsetAt.getTime() - minutes * 60_000) }, startedAt: { lte: onsetAt } },
    orderBy: { finishedAt: "desc" }, select: { title: true, finishedAt: true },
  });
  return row === null || row.finishedAt === null ? null : { title: row.title, finishedAt: row.finishedAt };
}

/** What a rollback undoes: another template, other configuration. */
const undone: readonly Suspect["change"]["kind"][] = ["release", "rollout", "config"];

function suspicion({ bigPod, suspects, onsetAt }: RemedyIncident, promotion: { title: string; finishedAt: Date } | null): string | null {
  const parsed = suspectSchema.array().safeParse(suspects);
  const first = parsed.success ? parsed.data.toSorted((a, b) => a.rank - b.rank)[0] : undefined;
  if (first !== undefined) {
    if (!undone.includes(first.change.kind) || (first.change.bigPod !== null && bigPod !== null && first.change.bigPod !== bigPod)) return null;
    return `${first.change.summary} is the first suspect`;
  }
  if (promotion === null) return null;
  const minutes = Math.max(0, Math.round((onsetAt.getTime() - promotion.finishedAt.getTime()) / 60_000));
  return `"${promotion.title}" came ${minutes === 0 ? "right" : `${minutes} min`} before it`;
}

import type { History } from "#lib/contracts/history.ts";
import { historyQuerySchema } from "#lib/contracts/history.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { readChanges } from "#lib/db/repositories/change.ts";
import { firstMoment, readReleasesAt, readStatesAt } from "#lib/db/repositories/history.ts";
import { toOperationSummary } from "#lib/db/repositories/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { visibleEnvironments } from "#lib/services/state/visible.ts";

const changesShown = 20;

/** What the overview showed at a moment, of the environments the actor may see. Throws VigieError "denied", "invalid" (no time, or one to come). */
export async function readHistory(context: ServiceContext, actor: Actor, query: { at: string }): Promise<History> {
  const parsed = historyQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", "Name the moment as an ISO 8601 time in UTC, such as 2026-11-21T14:02:00Z.");
  const visible = visibleEnvironments(context.config, actor);
  if (visible.length === 0) await authorise(context, actor, "state.read", null, "see how the platform was");
  const at = new Date(parsed.data.at);
  if (at.getTime() > context.clock.now().getTime() + 60_000) throw new VigieError("invalid", "That moment has not come yet. Choose one in the past.");
  const { db, config } = context;
  const [from, states, releases, changes, operations] = await Promise.all([
    firstMoment(db, visible),
    readStatesAt(db, visible, at),
    readReleasesAt(db, visible, at),
    readChanges(db, { where: { environment: { in: visible }, at: { lte: at } }, limit: changesShown }),
    db.operationRow.findMany({ where: { environment: { in: visible }, startedAt: { lte: at }, OR: [{ finishedAt: null }, { finishedAt: { gt: at } }] }, include: { steps: { select: { status: true } } }, orderBy: { requestedAt: "desc" }, take: 20 }),
  ]);
  const bigPods = config.bigPods.map((bigPod) => bigPod.name);
  return {
    at: at.toISOString(),
    from: from?.toISOString() ?? null,
    states: states.filter((state) => bigPods.includes(state.bigPod)).toSorted((a, b) => visible.indexOf(a.environment) - visible.indexOf(b.environment) || bigPods.indexOf(a.bigPod) - bigPods.indexOf(b.bigPod)),
    releases,
    changes: changes.map(({ change }) => change),
    operations: operations.map((row) => toOperationSummary(row)),
  };
}

import { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { isAllowed } from "#lib/domain/access.ts";
import { operationStatuses } from "#lib/domain/status.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Filters of GET /api/v1/operations. `before` is the `next` of the page before. */
export const operationQuerySchema = z.object({
  environment: z.string().max(63).optional(),
  status: z.enum(operationStatuses).optional(),
  before: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type OperationQuery = z.infer<typeof operationQuerySchema>;

/** Operations of the environments the actor may read, newest first, by keyset. `next` is null on the last page. Throws VigieError "denied". */
export async function listOperations(context: ServiceContext, actor: Actor, query: OperationQuery): Promise<{ operations: OperationSummary[]; next: number | null }> {
  await authorise(context, actor, "operation.read", query.environment ?? null, "list operations");
  const readable = context.config.environments.map((environment) => environment.name).filter((name) => isAllowed(actor.grants, "operation.read", name));
  const everywhere = isAllowed(actor.grants.filter((grant) => grant.environments === "*"), "operation.read", null);
  const rows = await context.db.operationRow.findMany({
    where: {
      ...(query.environment !== undefined ? { environment: query.environment } : everywhere ? {} : { environment: { in: readable } }),
      ...(query.status === undefined ? {} : { status: query.status }),
      ...(query.before === undefined ? {} : { number: { lt: query.before } }),
    },
    orderBy: { number: "desc" },
    take: query.limit + 1,
    include: { steps: { select: { status: true } } },
  });
  const page = rows.slice(0, query.limit);
  return { operations: await summariesOf(context.db, page), next: rows.length > query.limit ? (page.at(-1)?.number ?? null) : null };
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { waitingOperationStatuses } from "#lib/domain/status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listOperations } from "#lib/services/operation/list.ts";
import type { ShownKind } from "#components/operation/shown-kinds.ts";

interface Query {
  environment: string | undefined;
  shown: ShownKind;
  before: number | undefined;
  limit: number;
}

/** A page of the operations that are asked for, newest first. Those that wait are few and come all at once. Throws VigieError "denied". */
export async function readOperations(context: ServiceContext, actor: Actor, { environment, shown, before, limit }: Query): Promise<{ operations: OperationSummary[]; next: number | null }> {
  if (shown === "all") return listOperations(context, actor, { environment, before, limit });
  if (shown !== "waiting") return listOperations(context, actor, { environment, before, limit, status: shown });
  const pages = await Promise.all(waitingOperationStatuses.map((status) => listOperations(context, actor, { environment, status, limit: 200 })));
  return { operations: pages.flatMap((page) => page.operations).sort((a, b) => b.requestedAt.localeCompare(a.requestedAt)), next: null };
}

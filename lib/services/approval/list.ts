import type { Actor } from "#lib/contracts/actor.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { findOperation } from "#lib/db/repositories/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import { validApprovals } from "#lib/services/approval/valid.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Approvals of an operation that count now, and how many it takes. Throws VigieError "not-found", "denied". */
export async function listApprovals(context: ServiceContext, actor: Actor, id: string): Promise<Operation["approvals"]> {
  const row = await findOperation(context.db, id);
  const missing = new VigieError("not-found", "There is no such operation.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "operation.read", row.environment, "read an operation's approvals", missing);
  return { required: row.approvalsRequired, given: await validApprovals(context, row), until: row.waitsUntil?.toISOString() ?? null };
}

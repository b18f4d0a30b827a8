import type { Database, Transaction } from "#lib/db/client.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import type { ApprovalRow } from "#lib/db/repositories/operation.ts";

export interface NewApproval {
  operationId: string;
  actor: { kind: string; id: string; name: string };
  planHash: string;
  expiresMinutes: number;
  note: string | null;
}

/** Gives an approval, or gives one that ran out anew; its life is counted in database time. Null when this actor's still holds. */
export async function insertApproval(tx: Transaction, { operationId, actor, planHash, expiresMinutes, note }: NewApproval): Promise<ApprovalRow | null> {
  const added = await tx.$executeRaw`
    INSERT INTO approval (operation_id, actor_id, actor, plan_hash, at, expires_at, note)
    VALUES (${operationId}, ${actor.id}, ${JSON.stringify(asJson(actor))}::jsonb, ${planHash}, clock_timestamp(), clock_timestamp() + make_interval(mins => ${expiresMinutes}::int), ${note})
    ON CONFLICT (operation_id, actor_id) DO UPDATE SET actor = EXCLUDED.actor, plan_hash = EXCLUDED.plan_hash, at = EXCLUDED.at, expires_at = EXCLUDED.expires_at, note = EXCLUDED.note
    WHERE approval.expires_at <= clock_timestamp()`;
  return added === 0 ? null : tx.approvalRow.findUniqueOrThrow({ where: { operationId_actorId: { operationId, actorId: actor.id } } });
}

/** Approvals of an operation that have not run out, by database time, oldest first. */
export async function unexpiredApprovals(db: Database | Transaction, operationId: string): Promise<ApprovalRow[]> {
  const rows = await db.$queryRaw<{ actor_id: string }[]>`SELECT actor_id FROM approval WHERE operation_id = ${operationId} AND expires_at > clock_timestamp()`;
  return db.approvalRow.findMany({ where: { operationId, actorId: { in: rows.map((row) => row.actor_id) } }, orderBy: { at: "asc" } });
}

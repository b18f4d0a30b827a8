import type { Operation } from "#lib/contracts/operation.ts";
import { unexpiredApprovals } from "#lib/db/repositories/approval.ts";
import { storedActor, toApproval } from "#lib/db/repositories/operation.ts";
import type { OperationRow } from "#lib/db/repositories/operation.ts";
import { samePerson, whoIsBehind } from "#lib/services/approval/same-person.ts";
import type { Behind } from "#lib/services/approval/same-person.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { whyNoLonger } from "#lib/services/operation/still-allowed.ts";

type Approval = Operation["approvals"]["given"][number];

/**
 * Approvals of an operation that count now: for this very plan, not run out (database time), by people who may still approve, none of whom asked for
 * it, each counted once however many tokens they have.
 */
export async function validApprovals(context: Pick<ServiceContext, "db" | "config">, row: Pick<OperationRow, "id" | "environment" | "planHash" | "actor">): Promise<Approval[]> {
  const { db } = context;
  const requester = await whoIsBehind(db, storedActor(row));
  const counted: { approval: Approval; behind: Behind }[] = [];
  for (const given of await unexpiredApprovals(db, row.id)) {
    const approver = storedActor(given);
    const behind = await whoIsBehind(db, approver);
    if (given.planHash !== row.planHash || samePerson(behind, requester) || counted.some((other) => samePerson(other.behind, behind))) continue;
    if ((await whyNoLonger(context, approver, "operation.approve", row.environment)) !== null) continue;
    counted.push({ approval: toApproval(given), behind });
  }
  return counted.map(({ approval }) => approval);
}

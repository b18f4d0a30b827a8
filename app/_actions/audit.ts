"use server";

import type { ActionResult } from "#components/actions/contract.ts";
import type { AuditVerification } from "#lib/contracts/api.ts";
import { verifyAudit } from "#lib/services/audit/verify.ts";
import { answer } from "#app/_actions/answer.ts";

/** Recomputes the whole chain. */
export async function verifyLog(): Promise<ActionResult<AuditVerification>> {
  return answer("verify the audit log", (context, actor) => verifyAudit(context, actor));
}

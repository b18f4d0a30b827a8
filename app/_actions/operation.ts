"use server";

import { z } from "zod";
import type { ActionResult, ConfirmInput } from "#components/actions/contract.ts";
import { approvalRequestSchema, operationRequestSchema } from "#lib/contracts/operation.ts";
import type { ApprovalRequest } from "#lib/contracts/operation.ts";
import { approveOperation } from "#lib/services/approval/give.ts";
import type { GivenApproval } from "#lib/services/approval/give.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

const confirmSchema = z.strictObject({ ...operationRequestSchema.shape, idempotencyKey: z.string().min(8).max(64) });
const idSchema = z.string().min(1).max(64);

/** Accepts the plan that was shown. Returns the operation's id at once; the worker does the work. */
export async function confirm(input: ConfirmInput): Promise<ActionResult<{ id: string }>> {
  return answer("confirm a plan", async (context, actor) => {
    const { idempotencyKey, ...request } = parsed(confirmSchema.safeParse(input));
    const { id } = await requestOperation(context, actor, request, idempotencyKey);
    return { id };
  });
}

/** Approves an operation that waits, for the plan that was looked at. */
export async function approve(operationId: string, request: ApprovalRequest): Promise<ActionResult<GivenApproval>> {
  return answer("approve an operation", (context, actor) => approveOperation(context, actor, parsed(idSchema.safeParse(operationId)), parsed(approvalRequestSchema.safeParse(request))));
}

/** Stops an operation: one that waits ends at once, one that runs brings back what it changed. */
export async function abort(operationId: string): Promise<ActionResult<{ id: string }>> {
  return answer("abort an operation", async (context, actor) => {
    const { id } = await abortOperation(context, actor, parsed(idSchema.safeParse(operationId)));
    return { id };
  });
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { ApprovalRequest } from "#lib/contracts/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export async function giveApproval(_context: ServiceContext, _actor: Actor, _id: string, _request: ApprovalRequest): Promise<void> {
  throw new VigieError("unavailable", "Approvals cannot be given here.");
}

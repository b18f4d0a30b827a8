import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { findToken, revokeTokenRow } from "#lib/db/repositories/token.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Ends a token at once. Doing it twice is no error and one entry. Throws VigieError "denied" or "not-found". */
export async function revokeToken(context: ServiceContext, actor: Actor, id: string): Promise<void> {
  await authorise(context, actor, "token.revoke", null, "revoke an API token");
  await context.db.$transaction(async (tx) => {
    const token = await findToken(tx, id);
    if (token === null) throw new VigieError("not-found", "There is no API token with this id. Look it up in the list of tokens.", { detail: { id } });
    if (!(await revokeTokenRow(tx, id))) return;
    await appendAudit(tx, {
      action: "token.revoke", outcome: "succeeded", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} revoked the API token ${token.name}`, reason: null, before: { id, name: token.name, role: token.role, status: token.status }, after: { status: "revoked" },
    });
  });
}

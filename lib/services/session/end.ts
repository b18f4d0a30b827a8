import { appendAudit } from "#lib/db/audit.ts";
import { deleteSession } from "#lib/db/repositories/session.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { personName } from "#lib/services/session/person-name.ts";

/** Signs out: the session is gone for every tab and copy of the cookie. A token that is no session's does nothing. */
export async function endSession(context: ServiceContext, token: string): Promise<void> {
  await context.db.$transaction(async (tx) => {
    const user = await deleteSession(tx, token);
    if (user === null) return;
    const name = personName(user);
    await appendAudit(tx, {
      action: "session.sign-out", outcome: "succeeded", actor: { kind: "person", id: user.id, name }, environment: null, bigPods: [], operationId: null,
      summary: `${name} signed out`, reason: null, before: null, after: null,
    });
  });
}

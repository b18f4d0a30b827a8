import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import { findAuditEntry } from "#lib/db/repositories/audit.ts";
import { VigieError } from "#lib/domain/error.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** One entry by its sequence. Throws VigieError "not-found" when there is none, or none that the actor may see: the two look alike. */
export async function readAuditEntry(context: ServiceContext, actor: Actor, sequence: number): Promise<AuditEntry> {
  await authorise(context, actor, "audit.read", null, "read the audit log");
  const visible = visibleEnvironments(context, actor, "audit.read");
  const entry = Number.isSafeInteger(sequence) && sequence > 0 ? await findAuditEntry(context.db, sequence) : null;
  if (entry === null || (entry.environment !== null && visible !== "*" && !visible.includes(entry.environment))) {
    throw new VigieError("not-found", `There is no audit entry ${sequence}. Look for it in the list of the audit log.`, { detail: { sequence } });
  }
  return entry;
}

import type { Actor } from "#lib/contracts/actor.ts";
import { quarantineLiftSchema } from "#lib/contracts/operation.ts";
import type { Quarantine } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { liftQuarantineRow, toQuarantine } from "#lib/db/repositories/quarantine.ts";
import { redact } from "#lib/domain/redact.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Lifts the quarantine of a release in one environment, with a reason. Throws VigieError "not-found", "denied", "invalid" (reason), "conflict" (lifted already). */
export async function liftQuarantine(context: ServiceContext, actor: Actor, id: string, request: { reason: string }): Promise<Quarantine> {
  const parsed = quarantineLiftSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Lifting a quarantine takes a reason of 10 to 500 characters: why would it go well this time?", { detail: { path: "reason" } });
  const row = await context.db.quarantineRow.findUnique({ where: { id } });
  const missing = new VigieError("not-found", "There is no such quarantine.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "quarantine.lift", row.environment, `lift the quarantine of R-${row.release} in ${row.environment}`, missing);
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  const reason = redact(parsed.data.reason);
  const lifted = await context.db.$transaction(async (tx) => {
    if (!(await liftQuarantineRow(tx, id, by, reason))) return false;
    await appendAudit(tx, {
      action: "quarantine.lift", outcome: "succeeded", actor: by, environment: row.environment, bigPods: [], operationId: row.operationId,
      summary: `${actor.name} lifted the quarantine of R-${row.release} in ${row.environment}`, reason, before: { release: row.release, reason: row.reason }, after: { id },
    });
    return true;
  });
  if (!lifted) throw new VigieError("conflict", `The quarantine of R-${row.release} in ${row.environment} was lifted already.`, { detail: { id } });
  return toQuarantine(await context.db.quarantineRow.findUniqueOrThrow({ where: { id } }));
}

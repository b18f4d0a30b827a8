import { randomUUID } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { breakGlassRequestSchema } from "#lib/contracts/operation.ts";
import type { BreakGlass, BreakGlassRequest } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { activeBreakGlassOf, breakGlassMinutes, findBreakGlass, insertBreakGlass, toBreakGlass } from "#lib/db/repositories/break-glass.ts";
import { lockEnvironment } from "#lib/db/repositories/operation-queue.ts";
import { redact } from "#lib/domain/redact.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requireEnvironment } from "#lib/services/plan/names.ts";

/**
 * Breaks the glass: for a quarter of an hour of database time, plans of this actor in this environment pass its policy gates. While one is open, opening
 * another gives the same: it is not prolonged, only opened anew once it is over. Every use stays open for review by somebody else.
 * Throws VigieError "denied", "not-found" (environment), "invalid" (reason).
 */
export async function openBreakGlass(context: ServiceContext, actor: Actor, request: BreakGlassRequest): Promise<BreakGlass> {
  const parsed = breakGlassRequestSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Breaking the glass takes an environment and a reason of 10 to 500 characters, because somebody will read it.", { detail: { issues: parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })) } });
  const { environment } = parsed.data;
  const reason = redact(parsed.data.reason);
  await authorise(context, actor, "break-glass.open", environment, `break the glass in ${environment}`);
  requireEnvironment(context.config, environment);
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  return context.db.$transaction(
    async (tx) => {
      await lockEnvironment(tx, environment);
      const open = await activeBreakGlassOf(tx, environment, actor.id);
      const known = open === null ? null : await findBreakGlass(tx, open.id);
      const row = known ?? (await insertBreakGlass(tx, { id: randomUUID(), environment, actor: by, reason }));
      if (known === null) {
        await appendAudit(tx, {
          action: "break-glass.open",
          outcome: "allowed",
          actor: by,
          environment,
          bigPods: [],
          operationId: null,
          summary: `BREAK-GLASS in ${environment}: ${actor.name} may overrule its policy gates for ${breakGlassMinutes} minutes, until ${row.expiresAt.toISOString()}`,
          reason,
          before: null,
          after: { id: row.id, expiresAt: row.expiresAt.toISOString() },
        });
      }
      const [shown] = await toBreakGlass(tx, [row]);
      if (shown === undefined) throw new Error("a row gives one break-glass");
      return shown;
    },
    { maxWait: 8_000, timeout: 10_000 },
  );
}

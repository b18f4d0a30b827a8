import type { PlanRequest } from "#lib/contracts/operation.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { insertOperation } from "#lib/services/operation/insert.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";
import { buildPlan } from "#lib/services/plan/build.ts";

const vigie = { kind: "system", id: "vigie", name: "Vigie" } as const;

/**
 * An operation that Vigie itself asks for after another one (the rollback of a promotion whose watch failed, a drill's time): planned and accepted at once,
 * and exactly once per predecessor and kind, however many workers try; all get the same operation. Throws VigieError "not-found", "invalid" (of the plan),
 * "conflict" when its gates refuse (detail.gates).
 */
export async function requestAutomatic(context: ServiceContext, given: { request: PlanRequest; reason: string; followsId: string }): Promise<RequestedOperation> {
  const { request, reason, followsId } = given;
  const built = await buildPlan(context, request);
  const { start, gates } = built.plan;
  if (start.how === "refused") {
    const failing = gates.filter((gate) => gate.verdict !== "pass" && !gate.overruled);
    throw new VigieError("conflict", `${built.plan.title} cannot begin by itself: ${failing.map((gate) => `${gate.title}: ${gate.verdict}, ${gate.evidence}`).join("; ")}.`, { detail: { gates: failing } });
  }
  try {
    return await insertOperation(context, vigie, { stored: built, reason, idempotencyKey: `${request.kind}/${followsId}`, automatic: true, followsId });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "P2002")) throw error;
    const rows = await context.db.operationRow.findMany({ where: { followsId, kind: request.kind, automatic: true }, include: { steps: { select: { status: true } } } });
    const [twin] = await summariesOf(context.db, rows);
    if (twin === undefined) throw error;
    return { id: twin.id, status: twin.status, waits: twin.waits };
  }
}

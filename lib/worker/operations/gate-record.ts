import { z } from "zod";
import { gateResultSchema } from "#lib/contracts/operation.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { ClaimLost } from "#lib/worker/operations/lease.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** Replaces the results of the after gates of a running operation; what was asked when its turn came stays. Throws ClaimLost when another worker has it. */
export async function recordAfterGates({ db, keeper }: Pick<Run, "db" | "keeper">, gates: readonly GateResult[]): Promise<void> {
  const { claim } = keeper;
  await db.$transaction(async (tx) => {
    const [held] = await tx.$queryRaw<{ gates: unknown }[]>`SELECT gates FROM operation WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND status = 'running' FOR UPDATE`;
    if (held === undefined) throw new ClaimLost(claim, "another worker has claimed it");
    const before = z.array(gateResultSchema).catch([]).parse(held.gates).filter((gate) => gate.phase === "before");
    const position = await nextPosition(tx);
    await tx.operationRow.update({ where: { id: claim.operationId }, data: { gates: asJson([...before, ...gates]), position } });
    await publish(tx, "operation", claim.operationId, position);
  });
}

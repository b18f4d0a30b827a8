import { z } from "zod";
import type { Database } from "#lib/db/client.ts";
import { lastManager } from "#lib/domain/difference-workload.ts";
import { fieldManager, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";

/** Who made a change, for people: "Rafael (promotion)", or the field manager with "not through Vigie". */
export interface Author {
  by: string;
  operationId: string | null;
  /** Release number an operation set out to bring. */
  release: number | null;
  /** When, by the server's record (whole seconds); null when it tells nothing. */
  at: string | null;
}

const operationActor = z.object({ name: z.string() });
const operationPlan = z.object({ release: z.int().nullable().optional() });

/**
 * Vigie's mark stays on an object when somebody else edits it later, so the mark counts only while Vigie's field manager is also the last to have written.
 * `owned` names the fields that are asked about: ["f:spec"] of a workload, ["f:data", "f:binaryData"] of a ConfigMap.
 */
export async function authorOf(db: Database, object: ClusterObject, owned: readonly string[]): Promise<Author> {
  const last = lastManager(object, owned, fieldManager);
  const operationId = object.metadata.annotations?.[operationAnnotation] ?? null;
  if (operationId !== null && (last === null || last.manager === fieldManager)) {
    const operation = await db.operationRow.findUnique({ where: { id: operationId }, select: { kind: true, actor: true, plan: true } });
    if (operation) {
      const actor = operationActor.safeParse(operation.actor);
      const plan = operationPlan.safeParse(operation.plan);
      return { by: `${actor.success ? actor.data.name : "somebody"} (${operation.kind})`, operationId, release: plan.success ? (plan.data.release ?? null) : null, at: last?.at ?? null };
    }
  }
  return { by: `${last?.manager ?? "unknown"}, not through Vigie`, operationId: null, release: null, at: last?.at ?? null };
}

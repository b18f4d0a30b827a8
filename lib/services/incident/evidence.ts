import type { Actor } from "#lib/contracts/actor.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface SavedEvidence {
  id: string;
  /** "logs/core-7d9f-x2/app.log" */
  name: string;
  kind: string;
  content: string;
  bytes: number;
  at: Date;
  environment: string;
  bigPod: string;
}

/** One file of saved evidence. Who looked is not kept; that it was saved is. Throws VigieError "denied", "not-found". */
export async function readEvidence(context: ServiceContext, actor: Actor, id: string): Promise<SavedEvidence> {
  const row = await context.db.incidentEvidenceRow.findUnique({ where: { id } });
  const missing = new VigieError("not-found", "There is no such evidence, or it is not kept any more.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "incident.evidence", row.environment, `read the evidence ${row.name} of ${row.bigPod}`, missing);
  const { name, kind, content, bytes, at, environment, bigPod } = row;
  return { id, name, kind, content, bytes, at, environment, bigPod };
}

/** "prod-core-2026-11-21T140200Z-logs-core-7d9f-x2-app.log": a name that no shell and no browser takes for anything else. */
export function evidenceFileName({ environment, bigPod, at, name }: Pick<SavedEvidence, "environment" | "bigPod" | "at" | "name">): string {
  const when = at.toISOString().slice(0, 19).replaceAll(":", "");
  return `${environment}-${bigPod}-${when}Z-${name}`.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 200);
}

export interface EvidenceSummary {
  id: string;
  name: string;
  kind: "logs" | "pods" | "events" | "workload";
  bytes: number;
  at: string;
}

/** What was saved for an incident, or by an operation, without its contents; oldest first. Does not authorise: names of pods are no secret of an incident one may read. */
export async function listEvidence({ db }: Pick<ServiceContext, "db">, where: { incidentId: string } | { operationId: string }): Promise<EvidenceSummary[]> {
  const rows = await db.incidentEvidenceRow.findMany({ where, orderBy: [{ at: "asc" }, { name: "asc" }], take: 500, select: { id: true, name: true, kind: true, bytes: true, at: true } });
  return rows.map(({ kind, at, ...row }) => ({ ...row, kind: kind === "pods" || kind === "events" || kind === "workload" ? kind : "logs", at: at.toISOString() }));
}

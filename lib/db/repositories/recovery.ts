import { z } from "zod";
import { recoverySchema } from "#lib/contracts/incident.ts";
import type { Recovery } from "#lib/contracts/incident.ts";
import { planSchema } from "#lib/contracts/operation.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import type { StreamTopic } from "#lib/db/channels.ts";
import { storedTargets } from "#lib/db/repositories/operation.ts";
import type { RecoveryOperation, RecoverySignal } from "#lib/domain/recovery.ts";
import { signalStates } from "#lib/domain/incident-status.ts";
import { templateImages } from "#lib/domain/template-diff.ts";

/** An incident whose recovery may have to be looked at. */
export interface IncidentToVerify {
  id: string;
  environment: string;
  bigPod: string | null;
  openedAt: Date;
  onsetAt: Date;
  recovery: Recovery | null;
}

/** Open ones, and those that were resolved while it was still being verified whether they are over. */
export async function incidentsToVerify(db: Database): Promise<IncidentToVerify[]> {
  const rows = await db.incidentRow.findMany({
    where: { OR: [{ status: { in: ["open", "acknowledged"] } }, { status: "resolved", recovery: { path: ["state"], equals: "verifying" } }] },
    select: { id: true, environment: true, bigPod: true, openedAt: true, onsetAt: true, recovery: true }, orderBy: { number: "desc" }, take: 500,
  });
  return rows.map((row) => ({ ...row, recovery: recoverySchema.nullable().catch(null).parse(row.recovery) }));
}

/** What is done against an incident. An isolation is no remedy that anything recovers by. */
const remedies = ["rollback", "restart", "scale", "lift-isolation", "promotion"];

/** The last operation that ended well, touched the Big Pod and began after the onset. Null: there is none. */
export async function lastRemedy(db: Database, incident: Pick<IncidentToVerify, "environment" | "bigPod" | "onsetAt">): Promise<RecoveryOperation | null> {
  const rows = await db.operationRow.findMany({
    where: { environment: incident.environment, kind: { in: remedies }, status: "succeeded", startedAt: { gte: incident.onsetAt }, finishedAt: { not: null } },
    orderBy: { finishedAt: "desc" }, take: 20,
  });
  for (const row of rows) {
    const targets = storedTargets(row).filter((target) => incident.bigPod === null || target.bigPod === incident.bigPod);
    if (targets.length === 0 || row.finishedAt === null) continue;
    const { release, changes } = planSchema.pick({ release: true, changes: true }).parse(row.plan);
    const wanted = targets.map(({ bigPod, write }) => {
      const planned = Object.fromEntries((changes.find((change) => change.bigPod === bigPod)?.images ?? []).map((image) => [image.container, image.to]));
      const references = { ...planned, ...(write.effect === "restore" ? templateImages(write.template) : write.effect === "images" ? write.images : {}) };
      return [bigPod, digestsOf(references)] as const;
    });
    return { id: row.id, kind: row.kind, release, finishedAt: row.finishedAt, automatic: row.automatic, wanted: new Map(wanted.filter(([, digests]) => Object.keys(digests).length > 0)), bigPods: targets.map((target) => target.bigPod) };
  }
  return null;
}

function digestsOf(references: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(references).flatMap(([container, reference]) => {
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
    return digest === undefined ? [] : [[container, digest]];
  }));
}

export async function signalsOf(db: Database, incidentId: string): Promise<RecoverySignal[]> {
  const rows = await db.signalRow.findMany({ where: { incidentId }, select: { title: true, kind: true, state: true, endedAt: true } });
  return rows.map((row) => ({ ...row, state: z.enum(signalStates).catch("firing").parse(row.state) }));
}

/** Why alerts of an environment would not be heard of: the monitoring itself is silent. Null: nothing says so. */
export async function blindness(db: Database, environment: string): Promise<string | null> {
  const row = await db.signalRow.findFirst({ where: { kind: "blind", state: "firing", OR: [{ environment }, { environment: null }] }, orderBy: { onsetAt: "asc" }, select: { title: true } });
  return row === null ? null : `monitoring is blind (${row.title}), so quiet alerts prove nothing`;
}

/** Writes what a remedy came to and tells the stream; late in its transaction. */
export async function saveRecovery(tx: Transaction, incidentId: string, recovery: Recovery): Promise<void> {
  const position = await nextPosition(tx);
  await tx.incidentRow.update({ where: { id: incidentId }, data: { recovery: { ...recovery, checks: recovery.checks.map((check) => ({ ...check })) }, position } });
  // The topic comes with the incidents' stream; until it is there, listeners of other topics pass this by.
  await publish(tx, "incident" as StreamTopic, incidentId, position);
}

import { z } from "zod";
import { incidentSummarySchema, recoverySchema } from "#lib/contracts/incident-summary.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { IncidentRow, Prisma } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { comparisonVerdicts } from "#lib/domain/incident-status.ts";

/** Of the column `suspects` only what a summary shows. */
const firstSuspectSchema = z.object({
  change: z.object({ id: z.string(), summary: z.string(), release: z.int().nullable() }),
  comparison: z.object({ verdict: z.enum(comparisonVerdicts) }).nullable(),
  release: z.object({ number: z.int() }).nullable(),
});

function suspectOf(suspects: unknown): IncidentSummary["suspect"] {
  const first = firstSuspectSchema.safeParse(Array.isArray(suspects) ? suspects[0] : null);
  if (!first.success) return null;
  const { change, comparison, release } = first.data;
  return { changeId: change.id, summary: change.summary, release: release?.number ?? change.release, verdict: comparison?.verdict ?? null };
}

const whoSchema = z.object({ id: z.string(), name: z.string() });
/** A person as rows keep them; null where there is none, or none that can be read. */
export function storedWho(value: unknown): { id: string; name: string } | null {
  const parsed = whoSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** `mergedInto`: number of the incident it was merged into. */
function summaryOf(row: IncidentRow, mergedInto: number | null): IncidentSummary {
  const acknowledgedBy = storedWho(row.acknowledgedBy);
  return incidentSummarySchema.parse({
    id: row.id,
    number: row.number,
    environment: row.environment,
    bigPod: row.bigPod,
    about: row.about,
    title: row.title,
    severity: row.severity,
    status: row.status,
    onsetAt: row.onsetAt.toISOString(),
    openedAt: row.openedAt.toISOString(),
    // One that was opened again is open: who acknowledged it before may not know.
    acknowledged: row.status === "open" || row.acknowledgedAt === null || acknowledgedBy === null ? null : { by: acknowledgedBy, at: row.acknowledgedAt.toISOString() },
    assignee: storedWho(row.assignee),
    resolved: row.resolvedAt === null ? null : { at: row.resolvedAt.toISOString(), by: row.resolvedBy ?? "Vigie" },
    flapping: row.flapping,
    reopened: row.reopened,
    manual: row.manual,
    mergedInto,
    firing: row.firing,
    signals: row.signals,
    suspect: suspectOf(row.suspects),
    // Written by another part: one that does not fit must not take the overview away.
    recovery: recoverySchema.nullable().catch(null).parse(row.recovery),
  });
}

/** Rows as summaries, in the order given. */
export async function incidentSummariesOf(db: Database | Transaction, rows: readonly IncidentRow[]): Promise<IncidentSummary[]> {
  const targets = [...new Set(rows.flatMap((row) => (row.mergedInto === null ? [] : [row.mergedInto])))];
  const numbers = targets.length === 0 ? [] : await db.incidentRow.findMany({ where: { id: { in: targets } }, select: { id: true, number: true } });
  return rows.map((row) => summaryOf(row, numbers.find((target) => target.id === row.mergedInto)?.number ?? null));
}

/** Newest first. */
export async function readIncidents(db: Database | Transaction, options: { where?: Prisma.IncidentRowWhereInput; limit: number }): Promise<{ incident: IncidentSummary; position: number }[]> {
  const rows = await db.incidentRow.findMany({ where: options.where ?? {}, orderBy: { number: "desc" }, take: options.limit });
  const summaries = await incidentSummariesOf(db, rows);
  return summaries.map((incident, index) => ({ incident, position: Number(rows[index]?.position ?? 0) }));
}

/** Tells the stream that incidents moved. Last of the transaction: from here to its end the clock of the stream is locked. */
export async function publishIncidents(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const position = await nextPosition(tx);
  await tx.incidentRow.updateMany({ where: { id: { in: [...ids] } }, data: { position } });
  for (const id of ids) await publish(tx, "incident", id, position);
}

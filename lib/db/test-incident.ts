import { randomUUID } from "node:crypto";
import type { Database } from "#lib/db/client.ts";
import { incidentSummariesOf } from "#lib/db/repositories/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Prisma } from "#lib/db/generated/client.ts";

/** An incident of its own for a test, as a row. */
export async function insertTestIncident(db: Database, given: Partial<Prisma.IncidentRowCreateInput> = {}): Promise<IncidentSummary> {
  const row = await db.incidentRow.create({
    data: { id: randomUUID(), environment: "prod", bigPod: "core", title: "auth in core-7d9f-x2 keeps exiting with code 137", severity: "critical", status: "open", onsetAt: new Date("2026-11-21T03:12:00Z"), openedAt: new Date("2026-11-21T03:13:00Z"), manual: true, position: 0n, ...given },
  });
  const [summary] = await incidentSummariesOf(db, [row]);
  if (summary === undefined) throw new Error("a row gives one summary");
  return summary;
}

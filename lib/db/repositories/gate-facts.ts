import type { Database } from "#lib/db/client.ts";
import type { OpenIncident, SoakFacts } from "#lib/domain/gate-policy.ts";
import { severities } from "#lib/domain/incident-status.ts";
import { healthyWithoutBreak } from "#lib/domain/gate-soak.ts";

/** A Big Pod that changed its status more often than this within its soak has not been healthy without a break: older rows would only lengthen it. */
const mostRows = 500;

/**
 * Since when Big Pods have been healthy without a break, by their history (null for one that has none), and since when the environment runs what it runs now.
 */
export async function readSoakFacts(db: Database, environment: string, bigPods: readonly string[]): Promise<SoakFacts> {
  const healthySince = new Map<string, Date | null>();
  for (const bigPod of bigPods) {
    const rows = await db.stateHistory.findMany({ where: { environment, bigPod }, orderBy: [{ at: "desc" }, { id: "desc" }], take: mostRows, select: { status: true, at: true } });
    healthySince.set(bigPod, healthyWithoutBreak(rows));
  }
  const release = await db.environmentRelease.findUnique({ where: { environment } });
  return { healthySince, releaseSince: release?.since ?? null };
}

/** Incidents of an environment that have not ended. */
export async function readOpenIncidents(db: Database, environment: string): Promise<OpenIncident[]> {
  const rows = await db.incidentRow.findMany({ where: { environment, status: { in: ["open", "acknowledged"] } }, orderBy: { number: "asc" }, select: { number: true, title: true, severity: true, bigPod: true, about: true } });
  return rows.map((row) => ({ ...row, severity: severities.find((severity) => severity === row.severity) ?? "warning", about: row.about === "monitoring" ? "monitoring" : "trouble" }));
}

import type { Database, Transaction } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";

export interface IncidentPlace {
  environment: string;
  bigPod: string;
  /** The incident that was named; it counts only in this environment. */
  number: number | null;
}

/** The incident that what is done to a Big Pod belongs to: the one that was named, else the open one of that Big Pod, else that of its environment. Null: none. */
export async function incidentFor(db: Database | Transaction, { environment, bigPod, number }: IncidentPlace): Promise<{ id: string; number: number } | null> {
  const select = { id: true, number: true } as const;
  if (number !== null) {
    const named = await db.incidentRow.findFirst({ where: { number, environment }, select });
    if (named !== null) return named;
  }
  const open = await db.incidentRow.findMany({ where: { environment, OR: [{ bigPod }, { bigPod: null }], status: { in: ["open", "acknowledged"] } }, orderBy: { openedAt: "desc" }, select: { ...select, bigPod: true } });
  const found = open.find((incident) => incident.bigPod === bigPod) ?? open[0];
  return found === undefined ? null : { id: found.id, number: found.number };
}

/** The incident of a number, for what is asked for from it. Throws VigieError "not-found", and "invalid" when it is of another environment. */
export async function readIncident(db: Database | Transaction, { number, environment }: { number: number; environment: string }) {
  const incident = await db.incidentRow.findUnique({ where: { number }, select: { id: true, number: true, environment: true, title: true, onsetAt: true } });
  if (incident === null) throw new VigieError("not-found", `There is no incident ${number}.`, { detail: { incident: number } });
  if (incident.environment !== environment) throw new VigieError("invalid", `Incident ${number} is in ${incident.environment}, not in ${environment}.`, { detail: { incident: number } });
  return incident;
}

import type { AuditEntry } from "#lib/contracts/audit.ts";

/** Incidents and releases that an entry is about, each once: what the database's audit_subjects finds it by (prisma/migrations). */
export function subjectsOf({ action, before, after }: Pick<AuditEntry, "action" | "before" | "after">): { incidents: number[]; releases: number[] } {
  const incidents = [after?.incident, ...(action.startsWith("incident.") ? [after?.number] : []), ...(action === "incident.merge" ? [after?.into] : [])];
  return { incidents: numbersOf(incidents), releases: numbersOf([after?.release, before?.release]) };
}

function numbersOf(values: readonly unknown[]): number[] {
  return [...new Set(values.filter((value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0))];
}

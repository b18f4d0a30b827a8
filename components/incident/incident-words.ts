import type { IncidentSummary, Recovery } from "#lib/contracts/incident-summary.ts";
import { comparisonPresentation, endedIncidentStatuses, incidentPresentation, severityPresentation, severities } from "#lib/domain/incident-status.ts";
import type { ComparisonVerdict, IncidentStatus, Severity } from "#lib/domain/incident-status.ts";
import type { Shape, Tone } from "#lib/domain/status.ts";

/** Which shape an incident's words wear. Tone and word come from lib/domain/incident-status. */
const severityShapes: Record<Severity, Shape> = { critical: "octagon", warning: "triangle", info: "question" };
const statusShapes: Record<IncidentStatus, Shape> = { open: "octagon", acknowledged: "clock", resolved: "check", merged: "dashed" };
const verdictShapes: Record<ComparisonVerdict, Shape> = { worse: "octagon", "no-difference": "check", "insufficient-data": "question" };
const recoveryMarks: Record<Recovery["state"], Presented> = {
  verifying: { word: "verifying", tone: "busy", shape: "clock" },
  recovered: { word: "recovered", tone: "ok", shape: "check" },
  "not-recovered": { word: "not recovered", tone: "bad", shape: "octagon" },
};

export interface Presented {
  word: string;
  tone: Tone;
  shape: Shape;
}

export const presentSeverity = (severity: Severity): Presented => ({ ...severityPresentation[severity], shape: severityShapes[severity] });
export const presentStatus = (status: IncidentStatus): Presented => ({ ...incidentPresentation[status], shape: statusShapes[status] });
export const presentVerdict = (verdict: ComparisonVerdict): Presented => ({ ...comparisonPresentation[verdict], shape: verdictShapes[verdict] });
export const presentRecovery = (state: Recovery["state"]): Presented => recoveryMarks[state];

export function isOver(incident: Pick<IncidentSummary, "status">): boolean {
  return endedIncidentStatuses.includes(incident.status);
}

/** The mark at the head of a page: how bad it is while it lasts, that it is over when it is. */
export function presentIncident(incident: Pick<IncidentSummary, "status" | "severity">): Presented {
  return isOver(incident) ? presentStatus(incident.status) : presentSeverity(incident.severity);
}

/** Who looks at it, in the words of a list. */
export function whoIsOnIt(incident: Pick<IncidentSummary, "assignee" | "acknowledged">): string {
  if (incident.assignee) return `${incident.assignee.name} is on it`;
  if (incident.acknowledged) return `acknowledged by ${incident.acknowledged.by.name}, nobody has taken it`;
  return "nobody is on it yet";
}

/** "2 of 3 signals fire". */
export function signalWords({ firing, signals }: Pick<IncidentSummary, "firing" | "signals">): string {
  if (signals === 0) return "no signals";
  if (firing === 0) return `${signals} ${signals === 1 ? "signal" : "signals"}, none fires`;
  if (firing === signals) return `${firing} ${firing === 1 ? "signal fires" : "signals fire"}`;
  return `${firing} of ${signals} signals ${firing === 1 ? "fires" : "fire"}`;
}

/** Open before ended, worst first, then production first (the last of `environments`), then the newest. */
export function worstFirst(incidents: readonly IncidentSummary[], environments: readonly string[]): IncidentSummary[] {
  const rank = (incident: IncidentSummary): number => (isOver(incident) ? 1_000 : 0) + severities.indexOf(incident.severity) * 100 - environments.indexOf(incident.environment);
  return incidents.toSorted((a, b) => (isOver(a) && isOver(b) ? 0 : rank(a) - rank(b)) || b.number - a.number);
}

export function openIncidents(incidents: readonly IncidentSummary[]): IncidentSummary[] {
  return incidents.filter((incident) => !isOver(incident));
}

/** It is about the monitoring itself: while it is open, that nothing else is told of says nothing. */
export function isBlindness(incident: Pick<IncidentSummary, "about">): boolean {
  return incident.about === "monitoring";
}

import type { Tone } from "#lib/domain/status.ts";

/** How bad it is, worst first. Severity is not status: a warning may be broken, and something critical may be healthy again. */
export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

export const severityPresentation: Record<Severity, { word: string; tone: Tone }> = {
  critical: { word: "critical", tone: "bad" },
  warning: { word: "warning", tone: "warn" },
  info: { word: "info", tone: "unknown" },
};

export function worstSeverity(given: Iterable<Severity>): Severity {
  let worst: number = severities.length - 1;
  for (const severity of given) worst = Math.min(worst, severities.indexOf(severity));
  return severities[worst] ?? "info";
}

/** open: nobody has said that they look. resolved: quiet, or called so by a person. merged: it goes on as another incident. */
export const incidentStatuses = ["open", "acknowledged", "resolved", "merged"] as const;
export type IncidentStatus = (typeof incidentStatuses)[number];
export const endedIncidentStatuses: readonly IncidentStatus[] = ["resolved", "merged"];

export const incidentPresentation: Record<IncidentStatus, { word: string; tone: Tone }> = {
  open: { word: "open", tone: "bad" },
  acknowledged: { word: "acknowledged", tone: "warn" },
  resolved: { word: "resolved", tone: "ok" },
  merged: { word: "merged", tone: "unknown" },
};

/** alert: of Prometheus or Alertmanager. health: a Big Pod is broken. operation: one failed. blind: the monitoring itself is silent. */
export const signalKinds = ["alert", "health", "operation", "blind"] as const;
export type SignalKind = (typeof signalKinds)[number];
/** pending: an alert whose `for:` has not passed; it opens nothing. */
export const signalStates = ["pending", "firing", "ended"] as const;
export type SignalState = (typeof signalStates)[number];

/** `insufficient-data` is an answer, never to be read as "no difference". */
export const comparisonVerdicts = ["worse", "no-difference", "insufficient-data"] as const;
export type ComparisonVerdict = (typeof comparisonVerdicts)[number];

export const comparisonPresentation: Record<ComparisonVerdict, { word: string; tone: Tone }> = {
  worse: { word: "worse", tone: "bad" },
  "no-difference": { word: "no difference", tone: "ok" },
  "insufficient-data": { word: "insufficient data", tone: "unknown" },
};

/** What a line of a timeline can be. */
export const timelineKinds = ["opened", "signal", "signal-ended", "state", "change", "operation", "acknowledged", "assigned", "severity", "silence", "note", "runbook", "notification", "evidence", "merged", "recovery", "resolved", "reopened"] as const;
export type TimelineKind = (typeof timelineKinds)[number];

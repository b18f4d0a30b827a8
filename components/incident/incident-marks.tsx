import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { ComparisonVerdict, Severity } from "#lib/domain/incident-status.ts";
import { isOver, presentIncident, presentSeverity, presentVerdict } from "#components/incident/incident-words.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Mark } from "#components/patterns/status.tsx";

export function SeverityMark({ severity }: { severity: Severity }) {
  return <Mark {...presentSeverity(severity)} strong={severity === "critical"} />;
}

export function VerdictMark({ verdict }: { verdict: ComparisonVerdict }) {
  return <Mark {...presentVerdict(verdict)} strong={verdict === "worse"} />;
}

export function IncidentIcon({ incident, className }: { incident: Pick<IncidentSummary, "status" | "severity">; className?: string }) {
  const { tone, shape } = presentIncident(incident);
  return <StatusIcon tone={tone} shape={shape} className={className} />;
}

/** Severity and status in words, beside the incident's icon. Flapping is said, because quiet does not mean well then. */
export function IncidentState({ incident }: { incident: Pick<IncidentSummary, "status" | "severity" | "flapping"> }) {
  const over = isOver(incident);
  const { word, tone } = presentIncident(incident);
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <b className={toneText[tone]}>{word}</b>
      <span className="text-muted">{over ? `was ${incident.severity}` : incident.status}</span>
      {incident.flapping ? <b className="text-warn">flapping</b> : null}
    </span>
  );
}

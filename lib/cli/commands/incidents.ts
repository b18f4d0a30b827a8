import { incidentListSchema, incidentNumbersSchema, incidentSchema, incidentSummarySchema } from "#lib/contracts/incident.ts";
import type { Incident, IncidentNumber, IncidentSummary } from "#lib/contracts/incident.ts";
import { comparisonPresentation, incidentPresentation, severityPresentation } from "#lib/domain/incident-status.ts";
import { exitCodes } from "#lib/cli/exit.ts";
import { duration, inert, table, toned, writeJson } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

const timelineShown = 20;

export interface IncidentFilters {
  environment?: string;
  bigPod?: string;
  severity?: string;
  all?: boolean;
  limit: number;
  check?: boolean;
}

/** Open incidents, or all; with `check` it ends with 1 when one is open. */
export async function listIncidents({ client, output }: Session, options: IncidentFilters): Promise<number> {
  const { environment, bigPod, severity, all = false, limit, check = false } = options;
  const query = new URLSearchParams({ status: all ? "all" : "open", limit: String(limit), ...(environment === undefined ? {} : { environment }), ...(bigPod === undefined ? {} : { bigPod }), ...(severity === undefined ? {} : { severity }) });
  const page = await client.get(`api/v1/incidents?${query}`, incidentListSchema);
  if (output.json) writeJson(output, page);
  else if (page.incidents.length === 0) output.note(all ? "No incidents.\n" : "No open incidents.\n");
  else output.write(table([["NUMBER", "STATUS", "SEVERITY", "SINCE", "WHERE", "ON IT", "WHAT"], ...page.incidents.map((one) => row(output, one))]));
  return check && page.incidents.some((one) => one.resolved === null) ? exitCodes.failed : exitCodes.done;
}

function row(output: Output, one: IncidentSummary): string[] {
  const { word, tone } = incidentPresentation[one.status];
  const severity = severityPresentation[one.severity];
  return [`INC-${one.number}`, toned(output, tone, word), toned(output, severity.tone, severity.word), one.onsetAt, where(one), inert(one.assignee?.name ?? "nobody"), `${inert(one.title)}${one.flapping ? "  [flapping]" : ""}`];
}

const where = (one: Pick<IncidentSummary, "environment" | "bigPod">): string => (one.bigPod === null ? one.environment : `${one.bigPod} in ${one.environment}`);

/** One incident: what it is, its first suspects, the safe buttons and the newest of its timeline. */
export async function showIncident({ client, output }: Session, number: string): Promise<number> {
  const incident = await client.get(`api/v1/incidents/${encodeURIComponent(number)}`, incidentSchema);
  if (output.json) writeJson(output, incident);
  else output.write(inWords(output, incident));
  return exitCodes.done;
}

function inWords(output: Output, incident: Incident): string {
  const { word, tone } = incidentPresentation[incident.status];
  const lines = [`INC-${incident.number} ${toned(output, tone, word)}, ${incident.severity}, ${where(incident)}: ${inert(incident.title)}`, `since ${incident.onsetAt}, ${incident.firing} of ${incident.signals} signals fire; on it: ${inert(incident.assignee?.name ?? "nobody")}`];
  if (incident.mergedInto !== null) lines.push(`goes on as INC-${incident.mergedInto}`);
  if (incident.resolved !== null && incident.mergedInto === null) lines.push(`resolved at ${incident.resolved.at} by ${inert(incident.resolved.by)}`);
  for (const suspect of incident.suspects.slice(0, 3)) lines.push(`suspect ${suspect.rank}: ${inert(suspect.change.summary)}${suspect.comparison === null ? "" : ` (${comparisonPresentation[suspect.comparison.verdict].word})`}${suspect.reasons[0] === undefined ? "" : `: ${inert(suspect.reasons[0])}`}`);
  if (incident.suspectsNote !== null) lines.push(inert(incident.suspectsNote));
  for (const remedy of incident.remedies) lines.push(`${remedy.enabled ? (remedy.recommended ? "recommended" : "possible") : "not possible"}: ${inert(remedy.title)}${remedy.why === null ? "" : ` (${inert(remedy.why)})`}`);
  const timeline = incident.timeline.slice(0, timelineShown).map((entry) => [`  ${entry.at}`, `${entry.kind}${entry.late ? " (late)" : ""}`, `${inert(entry.title)}${entry.by === null ? "" : `, ${inert(entry.by)}`}`]);
  return `${lines.join("\n")}\n${table(timeline)}`;
}

/** Says that whoever the token speaks for looks at it. */
export async function acknowledgeIncident({ client, output }: Session, number: string): Promise<number> {
  return told(output, await client.post(`api/v1/incidents/${encodeURIComponent(number)}/acknowledge`, undefined, incidentSummarySchema), (one) => `Acknowledged by ${inert(one.acknowledged?.by.name ?? "somebody")}`);
}

export async function noteIncident({ client, output }: Session, number: string, text: string): Promise<number> {
  return told(output, await client.post(`api/v1/incidents/${encodeURIComponent(number)}/note`, { text }, incidentSummarySchema), () => "Noted");
}

export async function resolveIncident({ client, output }: Session, number: string, note: string): Promise<number> {
  return told(output, await client.post(`api/v1/incidents/${encodeURIComponent(number)}/resolve`, { note }, incidentSummarySchema), (one) => (one.firing === 0 ? "Resolved" : `Resolved, though ${one.firing} ${one.firing === 1 ? "signal fires" : "signals fire"}`));
}

function told(output: Output, incident: IncidentSummary, words: (incident: IncidentSummary) => string): number {
  if (output.json) writeJson(output, incident);
  else output.write(`${words(incident)}: INC-${incident.number}, ${inert(incident.title)}\n`);
  return exitCodes.done;
}

/** Time to acknowledge, to resolve, and what becomes of promotions. */
export async function showNumbers({ client, output }: Session, options: { environment?: string; days: number }): Promise<number> {
  const query = new URLSearchParams({ days: String(options.days), ...(options.environment === undefined ? {} : { environment: options.environment }) });
  const answer = await client.get(`api/v1/incidents/numbers?${query}`, incidentNumbersSchema);
  if (output.json) writeJson(output, answer);
  else output.write(table([["NUMBER", "VALUE", "95 %", "RESTS ON"], ...answer.numbers.map((one) => [one.title, shown(one, one.value), shown(one, one.p95), one.note])]));
  return exitCodes.done;
}

function shown(number: IncidentNumber, value: number | null): string {
  if (value === null) return "-";
  return number.unit === "seconds" ? duration(value) : `${(value * 100).toFixed(1)} %`;
}

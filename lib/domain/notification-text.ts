import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { comparisonPresentation, incidentPresentation, severityPresentation } from "#lib/domain/incident-status.ts";
import type { NotificationKind } from "#lib/domain/notification.ts";
import { redact } from "#lib/domain/redact.ts";

/** A message before any channel's form: words only, without secrets, markup left as it is (whoever makes a form of it escapes). */
export interface NotificationText {
  /** One line, for a subject or a header. */
  subject: string;
  /** The cause, in one sentence. */
  cause: string;
  facts: { name: string; value: string }[];
  link: string | null;
}

export interface Told {
  kind: NotificationKind;
  platform: string;
  /** Null: a test. */
  incident: IncidentSummary | null;
  link: string | null;
  /** Who asked for a test. */
  by: string | null;
}

const longest = 500;

/** One line without control characters (C0, C1, line and paragraph separators, marks that turn the direction of text) and without secrets. */
export function oneLine(text: string, limit: number = longest): string {
  const line = redact(text).replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ").replaceAll(/ {2,}/g, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** "2026-11-21 03:12 UTC" */
function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function statusWords(incident: IncidentSummary): string {
  const { status, resolved, acknowledged, mergedInto, flapping, reopened } = incident;
  const again = flapping || reopened > 0 ? `, came back ${reopened === 1 ? "once" : `${reopened} times`}` : "";
  if (status === "resolved" && resolved !== null) return `resolved ${moment(resolved.at)} by ${resolved.by}${again}`;
  if (status === "merged") return `merged${mergedInto === null ? "" : ` into #${mergedInto}`}`;
  if (status === "acknowledged" && acknowledged !== null) return `acknowledged ${moment(acknowledged.at)} by ${acknowledged.by.name}${again}`;
  return `${incidentPresentation[status].word}${again}`;
}

/** The words of a message: cause, where, since when, how bad, who is on it, the first suspect, and what a remedy led to. */
export function notificationText({ kind, platform, incident, link, by }: Told): NotificationText {
  if (incident === null) {
    return { subject: oneLine(`Vigie of ${platform}: a test`, 120), cause: "This channel works: incidents will be told here.", facts: by === null ? [] : [{ name: "Asked for by", value: oneLine(by, 100) }], link };
  }
  const { number, environment, bigPod, severity, status, onsetAt, assignee, acknowledged, suspect, recovery } = incident;
  const state = status === "resolved" ? "resolved" : kind === "reopened" ? "came back" : status === "acknowledged" ? "acknowledged" : status === "merged" ? "merged" : severityPresentation[severity].word;
  const place = bigPod === null ? environment : `${bigPod} in ${environment}`;
  const onIt = assignee?.name ?? acknowledged?.by.name;
  const facts = [
    { name: "Where", value: place },
    { name: "Severity", value: severityPresentation[severity].word },
    { name: "Since", value: moment(onsetAt) },
    { name: "Status", value: statusWords(incident) },
    { name: "On it", value: onIt ?? "nobody yet" },
    { name: "First suspect", value: suspect === null ? "none known" : `${suspect.summary}${suspect.release === null || suspect.summary.includes(`R-${suspect.release}`) ? "" : ` (R-${suspect.release})`}${suspect.verdict === null ? "" : `; before and after: ${comparisonPresentation[suspect.verdict].word}`}` },
    ...(recovery === null ? [] : [{ name: "Recovery", value: recovery.sentence }]),
  ];
  return {
    subject: oneLine(`#${number} ${state}, ${place}: ${incident.title}`, 140),
    cause: oneLine(incident.title),
    facts: facts.map(({ name, value }) => ({ name, value: oneLine(value) })),
    link,
  };
}

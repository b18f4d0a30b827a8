import type { IncidentSummary, Suspect, TimelineEntry } from "#lib/contracts/incident.ts";
import { unitText } from "#lib/domain/chart-units.ts";
import { comparisonPresentation, incidentPresentation, severityPresentation } from "#lib/domain/incident-status.ts";
import type { Severity, TimelineKind } from "#lib/domain/incident-status.ts";
import { markdownRow, markdownText } from "#lib/domain/markdown-text.ts";
import type { Impact } from "#lib/domain/postmortem-impact.ts";

export interface PostmortemInput {
  platform: string;
  /** Page of the incident. */
  link: string;
  /** When it is written (ISO 8601). */
  at: string;
  incident: IncidentSummary;
  signals: readonly { title: string; severity: Severity; service: string | null; onsetAt: string; endedAt: string | null }[];
  /** Oldest first. */
  timeline: readonly Pick<TimelineEntry, "at" | "late" | "kind" | "title" | "detail" | "by">[];
  /** Entries that were left out, because there are too many. */
  timelineLeft: number;
  suspects: readonly Suspect[];
  suspectsNote: string | null;
  /** Null: the metrics could not be asked, and why. */
  impact: Impact | { unknown: string };
  charts: readonly { title: string; url: string }[];
}

const blank = "_To be filled in._";
/** Kinds of entries that are what people and Vigie did about it. */
const deeds: ReadonlySet<TimelineKind> = new Set<TimelineKind>(["operation", "acknowledged", "assigned", "silence", "runbook", "evidence", "merged", "recovery"]);

/**
 * A postmortem as GitHub Flavored Markdown, begun so that people only add what they alone know: blanks stand where that is. Times are UTC. Nothing in it is
 * markup but its own, and secrets are cut out. Parts after the example in Google, Site Reliability Engineering, appendix D.
 */
export function postmortem(input: PostmortemInput): string {
  const { incident, platform, link, at } = input;
  const ended = incident.resolved !== null;
  const parts = [
    `# Postmortem: ${markdownText(incident.title)}`,
    `Incident [#${incident.number}](${link}) of ${markdownText(platform)} · ${place(incident)} · ${severityPresentation[incident.severity].word} · ${incidentPresentation[incident.status].word}`,
    ...(ended ? [] : ["> It is not over: this is how things stood when it was written."]),
    `Begun by Vigie on ${moment(at)}. Authors: ${blank}`,
    "## Summary",
    summary(input),
    blank,
    "## Impact",
    impactTable(input),
    `Who noticed, and what it cost them: ${blank}`,
    ...input.charts.map(({ title, url }) => `![${markdownText(title)}](${url})`),
    "## What is suspected",
    ...suspects(input),
    `Root cause, and what let it through: ${blank}`,
    "## What was done",
    actions(input),
    "## What went well",
    `- ${blank}`,
    "## What went badly",
    `- ${blank}`,
    "## Where we were lucky",
    `- ${blank}`,
    "## What will be done",
    table(["What", "Prevents, finds or mends", "Who", "Until"], [[blank, "", "", ""], ["", "", "", ""]]),
    "## Timeline",
    timeline(input),
  ];
  return `${parts.join("\n\n")}\n`;
}

function summary({ incident, suspects: [first] }: PostmortemInput): string {
  const { onsetAt, resolved, acknowledged, recovery, reopened } = incident;
  const sentences = [
    `${place(incident, true)} was not well from ${moment(onsetAt)}${resolved === null ? " on" : ` to ${moment(resolved.at)} (${duration(onsetAt, resolved.at)})`}: ${markdownText(incident.title)}.`,
    acknowledged === null ? "Nobody said that they were looking at it." : `${markdownText(acknowledged.by.name)} took it up ${duration(onsetAt, acknowledged.at)} after it began.`,
    ...(first === undefined ? [] : [`First suspect: ${markdownText(first.change.summary)}, ${sinceWords(first.change.at, onsetAt)}${first.comparison === null ? "" : ` (before and after: ${comparisonPresentation[first.comparison.verdict].word})`}.`]),
    ...(recovery === null ? [] : [`Recovery: ${markdownText(recovery.sentence)}.`]),
    ...(resolved === null ? [] : [`It was called resolved by ${markdownText(resolved.by)}.`]),
    ...(reopened === 0 ? [] : [`It came back ${reopened === 1 ? "once" : `${reopened} times`} after it had been quiet.`]),
  ];
  return sentences.map((sentence) => sentence.replace(/([.!?])\.$/, "$1")).join(" ");
}

function impactTable({ incident, impact, signals }: PostmortemInput): string {
  const { onsetAt, openedAt, acknowledged, resolved } = incident;
  const measured = "unknown" in impact ? [["Requests", `not known: ${markdownText(impact.unknown)}`]] : measuredRows(impact);
  return table(["Number", "Value"], [
    ["Began", moment(onsetAt)],
    ["Found after", duration(onsetAt, openedAt)],
    ["Acknowledged after", acknowledged === null ? "not acknowledged" : duration(onsetAt, acknowledged.at)],
    ["Lasted", resolved === null ? "not over" : duration(onsetAt, resolved.at)],
    ["Signals", `${signals.length}: ${[...new Set(signals.map(({ title }) => markdownText(title)))].slice(0, 10).join("; ") || "none"}`],
    ...measured,
  ]);
}

function measuredRows({ requests, failed, worstRatio, worstLatency, measured }: Impact): string[][] {
  const few = measured > 0 && measured < 0.95 ? ` (measured ${Math.round(measured * 100)} % of the time)` : "";
  return [
    ["Requests", requests === null ? "not measured" : `about ${grouped(requests)}${few}`],
    ["Failed requests", failed === null || requests === null ? "not measured" : `about ${grouped(failed)}${requests === 0 ? "" : ` (${unitText(failed / requests, "ratio")})`}`],
    ["Highest share of failures", worstRatio === null ? "not measured" : `${unitText(worstRatio.value, "ratio")} at ${clock(worstRatio.at)}`],
    ["Slowest, 95th percentile", worstLatency === null ? "not measured" : `${unitText(worstLatency.value, "seconds")} at ${clock(worstLatency.at)}`],
  ];
}

function suspects({ suspects: given, suspectsNote, incident }: PostmortemInput): string[] {
  if (given.length === 0) return [suspectsNote === null ? "No change before it is known." : markdownText(suspectsNote)];
  const shown = given.slice(0, 5).map((suspect) => {
    const { rank, change, reasons, comparison, release } = suspect;
    const lines = [
      `### ${rank}. ${markdownText(change.summary)}`,
      `${moment(change.at)}, ${sinceWords(change.at, incident.onsetAt)}, by ${markdownText(change.by)}.`,
      reasons.map((reason) => `- ${markdownText(reason)}`).join("\n"),
    ];
    if (comparison !== null) lines.push(...compared(comparison));
    if (release !== null) {
      const images = release.images.map(({ bigPod, container, from, to }) => [markdownText(bigPod), markdownText(container), from === null ? "" : markdownText(from), markdownText(to)]);
      lines.push(`Release R-${release.number}, by ${markdownText(release.by)}.`);
      if (images.length > 0) lines.push(table(["Big Pod", "Container", "From", "To"], images));
      lines.push(...release.commits.flatMap(({ repository, messages }) => (messages.length === 0 ? [] : [`Commits of ${markdownText(repository)}:`, messages.slice(0, 20).map((message) => `- ${markdownText(message)}`).join("\n")])));
    }
    return lines.filter((line) => line !== "").join("\n\n");
  });
  return [...shown, ...(suspectsNote === null ? [] : [markdownText(suspectsNote)])];
}

function compared({ windowSeconds, errors, latency, memory, restarts, verdict, sentence, control }: NonNullable<Suspect["comparison"]>): string[] {
  const p = (value: number | null): string => (value === null ? "" : value < 0.0001 ? "below 0.0001" : value.toPrecision(2));
  const samples = (name: string, given: typeof latency): string[][] =>
    given === null ? [] : [[name, median(given.before.median, given.unit, given.before.n), median(given.after.median, given.unit, given.after.n), p(given.p), comparisonPresentation[given.verdict].word]];
  const rows = [
    ...(errors === null ? [] : [["Failed requests", counted(errors.before), counted(errors.after), p(errors.p), comparisonPresentation[errors.verdict].word]]),
    ...samples("Latency, median", latency),
    ...samples("Memory, median", memory),
    ...(restarts === null ? [] : [["Restarts", String(restarts.before), String(restarts.after), "", ""]]),
  ];
  return [
    `Before and after (${windowSeconds % 60 === 0 ? `${windowSeconds / 60} min` : `${windowSeconds} s`} each): **${comparisonPresentation[verdict].word}**. ${markdownText(sentence)}`,
    ...(rows.length === 0 ? [] : [table(["", "Before", "After", "p", "Verdict"], rows)]),
    ...(control === null ? [] : [`The same hours a week before: ${markdownText(control.sentence)}`]),
  ];
}

function counted({ requests, errors }: { requests: number; errors: number }): string {
  return `${grouped(errors)} of ${grouped(requests)}${requests === 0 ? "" : ` (${unitText(errors / requests, "ratio")})`}`;
}

function median(value: number | null, unit: "seconds" | "bytes" | "count", n: number): string {
  const shown = value === null ? "no value" : unit === "count" ? grouped(value) : unitText(value, unit);
  return `${shown} (n = ${grouped(n)})`;
}

function actions({ timeline: entries, incident }: PostmortemInput): string {
  const done = entries.filter(({ kind }) => deeds.has(kind));
  if (done.length === 0) return "Nothing that Vigie knows of.";
  return done.map(({ at, title, by }) => `- ${clock(at)} (${offset(incident.onsetAt, at)}): ${markdownText(title)}${by === null ? "" : `, ${markdownText(by)}`}`).join("\n");
}

function timeline({ timeline: entries, timelineLeft, incident }: PostmortemInput): string {
  const rows = entries.map(({ at, late, kind, title, detail, by }) => [`${at.slice(0, 10)} ${clock(at)}`, offset(incident.onsetAt, at), kind, `${markdownText(title)}${detail === null || detail === "" ? "" : `: ${markdownText(detail.slice(0, 300))}`}${late ? " (recorded later)" : ""}`, by === null ? "" : markdownText(by)]);
  return `${table(["UTC", "After the onset", "Kind", "What", "Who"], rows)}${timelineLeft === 0 ? "" : `\n\n${timelineLeft} more entries stand in Vigie.`}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [markdownRow(head), markdownRow(head.map(() => "---")), ...rows.map(markdownRow)].join("\n");
}

function place({ bigPod, environment }: IncidentSummary, capital = false): string {
  const words = bigPod === null ? environment : `${bigPod} in ${environment}`;
  return markdownText(capital ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : words);
}

function grouped(value: number): string {
  return value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
}

/** "2026-11-21 03:12:40 UTC" */
function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${clock(iso)} UTC`;
}

function clock(iso: string): string {
  return iso.slice(11, 19);
}

/** "42 s", "4 min 10 s", "2 h 5 min", "3 d 4 h" */
function duration(from: string, to: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1_000));
  const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0 s";
  let rest = seconds;
  return units.slice(first, first + 2).flatMap(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count} ${name}`];
  }).join(" ");
}

function offset(onset: string, at: string): string {
  return at < onset ? `−${duration(at, onset)}` : `+${duration(onset, at)}`;
}

function sinceWords(at: string, onset: string): string {
  return at <= onset ? `${duration(at, onset)} before it began` : `${duration(onset, at)} after it began`;
}

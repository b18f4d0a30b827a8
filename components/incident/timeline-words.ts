import type { TimelineEntry } from "#lib/contracts/incident.ts";
import type { TimelineKind } from "#lib/domain/incident-status.ts";
import type { Shape, Tone } from "#lib/domain/status.ts";

/** What is shown of a timeline; part of the address. */
export const timelineFilters = ["all", "signals", "changes", "people", "told"] as const;
export type TimelineFilter = (typeof timelineFilters)[number];
export const filterWords: Record<TimelineFilter, string> = { all: "everything", signals: "signals and states", changes: "changes and operations", people: "people", told: "notifications" };

/** `filter`: under which it is found besides "all". */
export const kindPresentation: Record<TimelineKind, { word: string; tone: Tone; shape: Shape; filter: Exclude<TimelineFilter, "all"> }> = {
  opened: { word: "opened", tone: "bad", shape: "octagon", filter: "signals" },
  signal: { word: "signal", tone: "warn", shape: "triangle", filter: "signals" },
  "signal-ended": { word: "signal ended", tone: "unknown", shape: "check", filter: "signals" },
  state: { word: "state", tone: "warn", shape: "dashed", filter: "signals" },
  change: { word: "change", tone: "busy", shape: "clock", filter: "changes" },
  operation: { word: "operation", tone: "busy", shape: "clock", filter: "changes" },
  acknowledged: { word: "acknowledged", tone: "warn", shape: "clock", filter: "people" },
  assigned: { word: "assigned", tone: "unknown", shape: "dashed", filter: "people" },
  severity: { word: "severity", tone: "warn", shape: "triangle", filter: "signals" },
  silence: { word: "silence", tone: "hold", shape: "pause", filter: "people" },
  note: { word: "note", tone: "unknown", shape: "dashed", filter: "people" },
  runbook: { word: "runbook", tone: "unknown", shape: "check", filter: "people" },
  notification: { word: "notification", tone: "unknown", shape: "dashed", filter: "told" },
  evidence: { word: "evidence", tone: "unknown", shape: "dashed", filter: "changes" },
  merged: { word: "merged", tone: "unknown", shape: "dashed", filter: "people" },
  recovery: { word: "recovery", tone: "ok", shape: "check", filter: "changes" },
  resolved: { word: "resolved", tone: "ok", shape: "check", filter: "people" },
  reopened: { word: "reopened", tone: "bad", shape: "octagon", filter: "signals" },
};

export type TimelineOrder = "newest" | "oldest";
export type TimelineZone = "local" | "utc";

/** Entries once each, filtered, by the time they happened; of the same moment by the order they were written in. */
export function arrange(pages: readonly (readonly TimelineEntry[])[], filter: TimelineFilter, order: TimelineOrder): TimelineEntry[] {
  const byId = new Map(pages.flat().map((entry) => [entry.id, entry]));
  const shown = [...byId.values()].filter((entry) => filter === "all" || kindPresentation[entry.kind].filter === filter);
  const sign = order === "newest" ? -1 : 1;
  return shown.sort((a, b) => sign * (a.at === b.at ? a.id - b.id : a.at < b.at ? -1 : 1));
}

/** An incident's past is collected within this time of its opening. */
const collectedWithinMs = 15_000;

/** Recorded well after it happened, to somebody who may have read the timeline before: not the past that is collected when an incident opens. */
export function isLate(entry: Pick<TimelineEntry, "late" | "recordedAt">, openedAt: string): boolean {
  return entry.late && Date.parse(entry.recordedAt) > Date.parse(openedAt) + collectedWithinMs;
}

/**
 * Day and clock of a moment in a zone, built from parts: Node and browsers put different commas between them, and the first HTML must read the same.
 * @param timeZone IANA name.
 */
export function clockIn(at: string, timeZone: string): { day: string; clock: string } {
  const format = formatOf(timeZone);
  const parts = Object.fromEntries(format.formatToParts(Date.parse(at)).map(({ type, value }) => [type, value]));
  return { day: `${parts["weekday"]} ${parts["day"]} ${parts["month"]} ${parts["year"]}`, clock: `${parts["hour"]}:${parts["minute"]}:${parts["second"]}` };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than using it hundreds of times. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  formats.set(timeZone, made);
  return made;
}

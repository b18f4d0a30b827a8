import type { Severity } from "#lib/domain/incident-status.ts";

const words: Readonly<Record<string, Severity>> = {
  critical: "critical", crit: "critical", page: "critical", emergency: "critical", fatal: "critical", alert: "critical", error: "critical", high: "critical", major: "critical", p0: "critical", p1: "critical", sev1: "critical", disaster: "critical",
  warning: "warning", warn: "warning", medium: "warning", minor: "warning", ticket: "warning", p2: "warning", p3: "warning", sev2: "warning", sev3: "warning",
  info: "info", information: "info", informational: "info", notice: "info", none: "info", low: "info", debug: "info", p4: "info", p5: "info", sev4: "info",
};

/** Severity of an alert by its label; a word nobody knows, or none, is a warning: neither lost nor a call at night. */
export function severityOf(word: string | undefined): Severity {
  const key = (word ?? "").trim().toLowerCase();
  return Object.hasOwn(words, key) ? (words[key] ?? "warning") : "warning";
}

import type { Machine } from "#bench/machine.ts";
import type { Figure, PartOutcome } from "#bench/part.ts";

export interface PartReport {
  name: string;
  title: string;
  /** When it ended. */
  at: Date;
  seconds: number;
  loadBefore: number | null;
  /** A sentence instead of an outcome when it failed. */
  result: PartOutcome | { failed: string };
}

function verdict(part: string, figure: Figure, reasons: Readonly<Record<string, string>>): string {
  if (figure.aim === null) return "";
  return figure.aim.met ? "met" : `MISSED: ${reasons[`${part}/${figure.key}`] ?? "the reason is not known yet"}`;
}

/** The part as lines for the terminal. */
export function asTable(report: PartReport, reasons: Readonly<Record<string, string>>): string {
  if ("failed" in report.result) return `${report.title}\n  FAILED: ${report.result.failed}`;
  const rows = report.result.figures.map((figure) => [figure.what, figure.value, figure.aim?.text ?? "", verdict(report.name, figure, reasons)]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [report.title, ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`)].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The part as a section of results.md. Its heading names it, so that a later run of other parts keeps it. */
export function asSection(report: PartReport, machine: Machine, reasons: Readonly<Record<string, string>>): string {
  const load = report.loadBefore === null ? "" : `, load before it ${report.loadBefore.toFixed(1)}`;
  const head = [`## ${report.name}`, "", `**${report.title}.** ${report.at.toISOString().slice(0, 16).replace("T", " ")} UTC, took ${Math.round(report.seconds)} s; ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}${load}.`, ""];
  if ("failed" in report.result) return [...head, "**FAILED**, so there are no figures:", "", "```", report.result.failed.replaceAll("```", "'''"), "```", ""].join("\n");
  const rows = report.result.figures.map((figure) => `| ${cell(figure.what)} | ${cell(figure.value)} | ${cell(figure.aim?.text ?? "")} | ${cell(verdict(report.name, figure, reasons))} |`);
  return [...head, "| what | measured | aim | |", "|---|---|---|---|", ...rows, "", ...report.result.notes.flatMap((note) => [note, ""])].join("\n");
}

const introduction = `# Measurements

Made by \`npm run bench\` (single parts: \`npm run bench -- latency memory\`), which starts the whole stack as the demo does for each part, on free ports, and writes this file. A part that was not run keeps its section; each says when and where it was measured. Load is the number of processes that wanted to run in the minute before: above zero, others were at work on the machine too. Reasons for missed aims are kept in \`bench/reasons.ts\`.
`;

/** results.md with the sections of this run put in; others stay as they were. `order`: names of all parts. */
export function mergeResults(before: string, sections: ReadonlyMap<string, string>, order: readonly string[]): string {
  const kept = new Map(before.split(/^(?=## )/m).slice(1).map((text) => [text.slice(3, text.indexOf("\n")).trim(), `${text.trimEnd()}\n`]));
  const all = order.flatMap((name) => sections.get(name) ?? kept.get(name) ?? []);
  return [introduction, ...all].map((text) => `${text.trimEnd()}\n`).join("\n");
}

import { stripVTControlCharacters, styleText } from "node:util";
import type { Tone } from "#lib/domain/status.ts";

/** Where a command writes: handed in, so that tests read it. `json` asks for programs' output: one JSON value, or one a line. */
export interface Output {
  json: boolean;
  /** Colour and a progress line that is written over. */
  terminal: boolean;
  write(text: string): void;
  /** For people while a result for programs goes to `write`. */
  note(text: string): void;
}

const styles: Record<Tone, Parameters<typeof styleText>[0]> = { ok: "green", busy: "blue", warn: "yellow", bad: "red", hold: "magenta", unknown: "gray", stale: "gray" };

/** Control characters would move the cursor or recolour the screen: names and log lines come from outside. */
export function inert(text: string): string {
  return text.replaceAll(/[\n\t]+/g, " ").replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}

export function toned(output: Output, tone: Tone, text: string): string {
  return output.terminal ? styleText(styles[tone], text, { validateStream: false }) : text;
}

export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Columns as wide as their widest cell; the last one is left as it is. Cells may hold colour, which takes no width. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - width(cell) + 2))).join("").trimEnd()).join("\n") + (rows.length > 0 ? "\n" : "");
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** "41 s", "3 min 5 s", "2 h 10 min" */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

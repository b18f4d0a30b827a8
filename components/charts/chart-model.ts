import type { Golden, GoldenSignal } from "#lib/contracts/metrics.ts";

export interface ChartRow {
  atMs: number;
  values: (number | null)[];
}

/** A row per moment, a value per series; null where nothing was measured. */
export function chartRows({ from, stepSeconds }: Pick<Golden, "from" | "stepSeconds">, series: GoldenSignal["series"]): ChartRow[] {
  const fromMs = Date.parse(from);
  const length = Math.max(0, ...series.map(({ values }) => values.length));
  return Array.from({ length }, (_none, index) => ({ atMs: fromMs + index * stepSeconds * 1000, values: series.map(({ values }) => values[index] ?? null) }));
}

/** Whether a value has no neighbour: a line cannot show it. */
export function isLonely(rows: readonly ChartRow[], index: number, series: number): boolean {
  return (rows[index - 1]?.values[series] ?? null) === null && (rows[index + 1]?.values[series] ?? null) === null;
}

export interface Gap {
  fromMs: number;
  toMs: number;
}

/** Stretches in which no series has a value, so that they can be told from a line at zero. Those at the very beginning and end count too. */
export function gapsOf(rows: readonly ChartRow[], stepSeconds: number): Gap[] {
  const gaps: Gap[] = [];
  let begun: number | null = null;
  for (const { atMs, values } of rows) {
    const missing = values.every((value) => value === null);
    if (missing && begun === null) begun = atMs;
    if (!missing && begun !== null) {
      gaps.push({ fromMs: begun, toMs: atMs });
      begun = null;
    }
  }
  const last = rows.at(-1);
  if (begun !== null && last !== undefined) gaps.push({ fromMs: begun, toMs: last.atMs });
  // One missing point is a late scrape more often than anything else; the broken line shows it.
  return gaps.filter((gap) => gap.toMs - gap.fromMs > stepSeconds * 1000);
}

export interface MarkLine {
  atMs: number;
  /** Its number, or those of a group whose numbers would lie over each other ("2–4"); "" for the others of that group. */
  label: string;
}

/** Lines of the marks, numbered from 1, with labels that can be read: closer than 3 % of the span they share one. */
export function markLines(marks: readonly { at: string }[], spanMs: number): MarkLine[] {
  const lines: MarkLine[] = [];
  let first = 0;
  marks.forEach(({ at }, index) => {
    const atMs = Date.parse(at);
    const head = lines[first];
    if (head !== undefined && atMs - head.atMs < spanMs * 0.03) {
      head.label = `${first + 1}–${index + 1}`;
      lines.push({ atMs, label: "" });
    } else {
      first = index;
      lines.push({ atMs, label: String(index + 1) });
    }
  });
  return lines;
}

/** Newest value of each series, and of all of them the time. */
export function newestOf(rows: readonly ChartRow[]): ChartRow | null {
  return rows.findLast(({ values }) => values.some((value) => value !== null)) ?? null;
}

/** Rows for a table: at most `most`, spread over the time; gaps stay in it. */
export function thinned(rows: readonly ChartRow[], most: number): ChartRow[] {
  const every = Math.max(1, Math.ceil(rows.length / most));
  return rows.filter((_row, index) => (rows.length - 1 - index) % every === 0).toReversed();
}

/** Local wall-clock time for an axis: seconds only where the steps need them, the date where the span is longer than a day. */
export function axisTime(atMs: number, spanMs: number): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(spanMs <= 300_000 ? { second: "2-digit" } : {}), ...(spanMs > 2 * 86_400_000 ? { day: "numeric", month: "short" } : {}) }).format(atMs);
}

import { axisTicks, timeTicks, unitText } from "#lib/domain/chart-units.ts";
import type { ChartUnit } from "#lib/domain/chart-units.ts";

export interface ChartSvgInput {
  /** "Error ratio of Experience in prod" */
  title: string;
  unit: ChartUnit;
  /** Milliseconds since the epoch; the axis is labelled in UTC. */
  fromMs: number;
  toMs: number;
  /** In order of time; null where nothing was measured: the line breaks there. */
  points: readonly { atMs: number; value: number | null }[];
  /** Moments that are marked by a line: "Promote R-214 to prod". */
  markers?: readonly { atMs: number; label: string }[];
  /** Stretches that are shaded; `toMs` null: it still lasts. */
  ranges?: readonly { fromMs: number; toMs: number | null; label: string }[];
  /** Said in the middle of a chart without points. */
  emptySentence?: string;
  /** Pixels. */
  width?: number;
  height?: number;
}

/** One palette on a white ground: a picture in a document cannot know the reader's theme. */
const paint = { ground: "#ffffff", text: "#1f2937", muted: "#5b6472", grid: "#e3e6ea", line: "#1d5fc4", marker: "#6d28d9", range: "#b91c1c" };
const margin = { top: 34, right: 14, bottom: 40, left: 68 };
const markerRow = 14;

/**
 * A chart as one SVG text: no script, no style sheet, no reference to anything else; every given word is escaped. Total: odd input (no points, NaN,
 * points outside the time) gives a smaller picture, never a wrong one. Gaps are not bridged; a lonely point is a dot. Markers are numbered and named below.
 */
export function chartSvg({ title, unit, fromMs, toMs, points, markers = [], ranges = [], emptySentence = "Nothing was measured in this time.", width = 720, height = 240 }: ChartSvgInput): string {
  const inside = points.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ atMs, value }) => ({ atMs, value: value !== null && Number.isFinite(value) ? value : null }));
  const named = markers.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const plot = { left: margin.left, right: Math.max(margin.left + 10, width - margin.right), top: margin.top, bottom: Math.max(margin.top + 10, height - margin.bottom) };
  const ticks = axisTicks(inside.map(({ value }) => value), unit);
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (atMs: number) => round(plot.left + ((clamp(atMs, fromMs, toMs) - fromMs) / Math.max(1, toMs - fromMs)) * (plot.right - plot.left));
  const y = (value: number) => round(plot.bottom - ((value - low) / (high - low || 1)) * (plot.bottom - plot.top));
  const total = height + named.length * markerRow;

  const parts = [
    `<rect width="${width}" height="${total}" fill="${paint.ground}"/>`,
    text(plot.left, 20, title, { size: 13, bold: true, colour: paint.text }),
    ...ranges.filter((range) => range.fromMs <= toMs && (range.toMs ?? toMs) >= fromMs).map((range) => {
      const [left, right] = [x(range.fromMs), x(range.toMs ?? toMs)];
      return `<rect x="${left}" y="${plot.top}" width="${Math.max(1, round(right - left))}" height="${plot.bottom - plot.top}" fill="${paint.range}" fill-opacity="0.09"><title>${escapeXml(range.label)}</title></rect>`;
    }),
    ...ticks.map((tick) => line(plot.left, y(tick), plot.right, y(tick), paint.grid) + text(plot.left - 6, y(tick) + 4, unitText(tick, unit), { anchor: "end" })),
    ...timeTicks(fromMs, toMs, Math.max(2, Math.floor((plot.right - plot.left) / 90))).map((at) => line(x(at), plot.bottom, x(at), plot.bottom + 4, paint.muted) + text(x(at), plot.bottom + 16, clock(at, toMs - fromMs), { anchor: "middle" })),
    text(plot.right, plot.bottom + 32, `UTC, ${new Date(fromMs).toISOString().slice(0, 10)}`, { anchor: "end" }),
    ...named.map(({ atMs, label }, index) => `${line(x(atMs), plot.top, x(atMs), plot.bottom, paint.marker, true)}${text(x(atMs) + 3, plot.top + 10, String(index + 1), { colour: paint.marker, bold: true })}${text(plot.left, height + index * markerRow + 4, `${index + 1}  ${clock(atMs, 0)}  ${label}`, { colour: paint.marker })}`),
    ...stretches(inside).map((stretch) => (stretch.length === 1 ? stretch.map((point) => `<circle cx="${x(point.atMs)}" cy="${y(point.value)}" r="2" fill="${paint.line}"/>`).join("") : `<polyline points="${stretch.map((point) => `${x(point.atMs)},${y(point.value)}`).join(" ")}" fill="none" stroke="${paint.line}" stroke-width="1.75" stroke-linejoin="round"/>`)),
    ...(inside.some(({ value }) => value !== null) ? [] : [text((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2, emptySentence, { anchor: "middle", size: 12 })]),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" role="img" font-family="ui-sans-serif, system-ui, sans-serif"><title>${escapeXml(title)}</title>${parts.join("")}</svg>`;
}

/** What is drawn in one go: points without a gap between them. */
function stretches(points: readonly { atMs: number; value: number | null }[]): { atMs: number; value: number }[][] {
  const found: { atMs: number; value: number }[][] = [];
  let current: { atMs: number; value: number }[] = [];
  for (const { atMs, value } of points) {
    if (value !== null) current.push({ atMs, value });
    else if (current.length > 0) {
      found.push(current);
      current = [];
    }
  }
  return current.length > 0 ? [...found, current] : found;
}

function clock(atMs: number, spanMs: number): string {
  const iso = new Date(atMs).toISOString();
  if (spanMs > 48 * 3_600_000) return iso.slice(5, 16).replace("T", " ");
  return spanMs === 0 || spanMs <= 5 * 60_000 ? iso.slice(11, 19) : iso.slice(11, 16);
}

function text(x: number, y: number, words: string, { anchor = "start", size = 11, bold = false, colour = paint.muted }: { anchor?: "start" | "middle" | "end"; size?: number; bold?: boolean; colour?: string } = {}): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${bold ? ' font-weight="600"' : ""}>${escapeXml(words)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, dashed = false): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}"${dashed ? ' stroke-dasharray="4 3"' : ""}/>`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Also leaves out what XML 1.0 has no way to write: control characters but tab and line ends, and lone surrogates. */
function escapeXml(words: string): string {
  const writable = [...words.toWellFormed()].filter((character) => character >= " " || "\t\n\r".includes(character)).join("");
  return writable.replace(/[\ufffe\uffff]/g, "").replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

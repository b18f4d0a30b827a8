/** What a chart's numbers are. `per-second`: requests; `ratio`: 1 is all of them; the others are the base units that Prometheus recommends. */
export const chartUnits = ["per-second", "ratio", "seconds", "bytes"] as const;
export type ChartUnit = (typeof chartUnits)[number];

const kibi = 1024;
const byteNames = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A value with its unit, in at most four digits: "12.5 /s", "0.4 %", "320 ms", "1.2 s", "212 MiB". Never rounds something to nothing. */
export function unitText(value: number, unit: ChartUnit): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : value > 0 ? "infinite" : "minus infinite";
  switch (unit) {
    case "per-second":
      return `${digits(value)} /s`;
    case "ratio":
      return `${digits(value * 100)} %`;
    case "seconds":
      return Math.abs(value) < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
    case "bytes": {
      const power = value === 0 ? 0 : Math.min(byteNames.length - 1, Math.max(0, Math.floor(Math.log(Math.abs(value)) / Math.log(kibi))));
      return `${digits(value / kibi ** power)} ${byteNames[power] ?? "B"}`;
    }
  }
}

function digits(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-GB");
  const text = value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, "");
  // 0.0004 % of the requests is not none of them.
  return Number(text) === 0 ? value.toPrecision(1) : text;
}

/**
 * Values for an axis' lines: round, evenly spaced, enclosing what is shown; from zero unless something is below it, since heights are compared.
 * `values` null: no point there. Without any finite value the axis goes from 0 to 1 of the smallest sensible size.
 */
export function axisTicks(values: readonly (number | null)[], unit: ChartUnit, lines = 4): number[] {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const highest = Math.max(0, ...finite);
  const lowest = Math.min(0, ...finite);
  const spread = highest - lowest || usual[unit];
  const step = roundStep(spread / lines, unit);
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil((highest === lowest ? spread : highest) / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_none, index) => Number(((first + index) * step).toPrecision(12)));
}

const usual: Record<ChartUnit, number> = { "per-second": 1, ratio: 0.01, seconds: 0.1, bytes: kibi * kibi };

/** 1, 2 or 5 times a power of ten; of bytes a power of two. */
function roundStep(least: number, unit: ChartUnit): number {
  if (unit === "bytes") return 2 ** Math.ceil(Math.log2(least));
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const steps = [second, 5 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour, 48 * hour];

/** Round moments (milliseconds) between two, at most `lines`, in the zone whose offset from UTC is given in milliseconds. */
export function timeTicks(fromMs: number, toMs: number, lines: number, offsetMs = 0): number[] {
  const step = steps.find((candidate) => (toMs - fromMs) / candidate <= lines) ?? Math.ceil((toMs - fromMs) / lines / (24 * hour)) * 24 * hour;
  const ticks: number[] = [];
  for (let at = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs; at <= toMs && step > 0; at += step) ticks.push(at);
  return ticks;
}

/** Numbers of incidents and comparisons as people read them. The same in the first HTML and in the browser: no locale but English is asked for. */

/** "11.8 %", "0.43 %"; two digits that say something. Null of none: a ratio of nothing is no ratio. */
export function formatRatio({ requests, errors }: { requests: number; errors: number }): string | null {
  if (requests === 0) return null;
  const percent = (errors / requests) * 100;
  return `${trimmed(percent, percent >= 10 ? 1 : 2)} %`;
}

/** "p < 0.001", "p = 0.04". Null when nothing could be computed. */
export function formatP(p: number | null): string | null {
  if (p === null || Number.isNaN(p)) return null;
  return p < 0.001 ? "p < 0.001" : `p = ${p < 0.1 ? p.toPrecision(2).replace(/0+$/, "") : p.toFixed(2)}`;
}

/** "7,204". */
export function formatCount(count: number): string {
  return count.toLocaleString("en-GB");
}

/** A median with its unit: "210 ms", "1.34 s", "640 MiB". */
export function formatMeasured(value: number | null, unit: "seconds" | "bytes" | "count"): string {
  if (value === null || !Number.isFinite(value)) return "no value";
  if (unit === "count") return trimmed(value, 1);
  if (unit === "seconds") return value < 1 ? `${Math.round(value * 1000)} ms` : `${trimmed(value, 2)} s`;
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  const step = Math.min(steps.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10));
  return `${trimmed(value / 1024 ** step, step === 0 ? 0 : 1)} ${steps[step]}`;
}

/** Size of a saved file. */
export function formatBytes(bytes: number): string {
  return formatMeasured(bytes, "bytes");
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

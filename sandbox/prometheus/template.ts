import { formatValue } from "#sandbox/prometheus/promql/format.ts";

/** Fills in the templates that the sandbox's rules use: `{{ $labels.x }}`, `{{ $value }}`, and that through humanize or humanizePercentage. */
export function fillTemplate(text: string, labels: Readonly<Record<string, string>>, value: number): string {
  return text.replaceAll(/\{\{\s*(?:\$labels\.(\w+)|\$value(?:\s*\|\s*(humanize|humanizePercentage))?)\s*\}\}/g, (_whole, label?: string, filter?: string) => {
    if (label !== undefined) return labels[label] ?? "";
    if (filter === "humanizePercentage") return `${shortened(value * 100)}%`;
    return filter === "humanize" ? humanized(value) : formatValue(value);
  });
}

function humanized(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) < 1000) return shortened(value);
  const prefixes = ["k", "M", "G", "T", "P"];
  let [scaled, index] = [value / 1000, 0];
  for (; Math.abs(scaled) >= 1000 && index < prefixes.length - 1; index++) scaled /= 1000;
  return `${shortened(scaled)}${prefixes[index] ?? ""}`;
}

/** Four significant digits, as Go's %.4g. */
function shortened(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : formatValue(value);
}

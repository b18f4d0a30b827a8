/** Lengths of time that charts show, and how often they are asked for anew. */
export const chartSpans = {
  "15m": { title: "15 min", ms: 900_000, everyMs: 10_000 },
  "1h": { title: "1 h", ms: 3_600_000, everyMs: 15_000 },
  "6h": { title: "6 h", ms: 6 * 3_600_000, everyMs: 60_000 },
  "24h": { title: "24 h", ms: 86_400_000, everyMs: 60_000 },
} as const;
export type ChartSpanName = keyof typeof chartSpans;
// Safe: the keys of the object above.
export const chartSpanNames = Object.keys(chartSpans) as ChartSpanName[];
export const usualChartSpan: ChartSpanName = "1h";

/** The span that the address names (`span`), else the usual one. */
export function chosenChartSpan(given: string | null | undefined): ChartSpanName {
  return chartSpanNames.find((name) => name === given) ?? usualChartSpan;
}

/** The address with another span or service, the rest of its query as it was; what is usual is left out. */
export function chartHref(path: string, search: string, change: { span?: ChartSpanName; service?: string | null }): string {
  const query = new URLSearchParams(search);
  if (change.span !== undefined) query.set("span", change.span);
  if (query.get("span") === usualChartSpan) query.delete("span");
  if (change.service === null) query.delete("service");
  else if (change.service !== undefined) query.set("service", change.service);
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

import type { Dashboard, Panel } from "#sandbox/grafana/dashboards.ts";

export type PanelSeries = (readonly [atMs: number, value: number])[];

/** A moment of the address: milliseconds since the epoch, or "now", "now-1h". Undefined when it is neither. */
export function momentOf(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative === null) return undefined;
  const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
  return nowMs - Number(relative[1] ?? 0) * (units[relative[2] ?? "s"] ?? 0);
}

/** Values of the dashboard's variables: from var-<name> of the address, else their own. */
export function variablesOf(dashboard: Dashboard, given: URLSearchParams): Record<string, string> {
  return Object.fromEntries(Object.entries(dashboard.variables).map(([name, usual]) => [name, given.get(`var-${name}`) ?? usual]));
}

/** Asks the sandbox's Prometheus for a panel. Rejects with a sentence. */
export async function queryPanel(prometheusUrl: string, panel: Panel, variables: Readonly<Record<string, string>>, fromMs: number, toMs: number): Promise<PanelSeries[]> {
  const step = Math.max(5, Math.ceil((toMs - fromMs) / 1000 / 200));
  const query = panel.expr.replaceAll(/\$(\w+)/g, (whole, name: string) => (variables[name] ?? whole).replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  const form = new URLSearchParams({ query, start: String(fromMs / 1000), end: String(toMs / 1000), step: String(step) });
  const response = await fetch(`${prometheusUrl}/api/v1/query_range`, { method: "POST", body: form, signal: AbortSignal.timeout(10_000) });
  // Safe: the sandbox's own Prometheus answers here.
  const body = (await response.json()) as { error?: string; data?: { result: { values: [number, string][] }[] } };
  if (!response.ok || body.data === undefined) throw new Error(body.error ?? `Prometheus answers ${response.status}`);
  return body.data.result.map(({ values }) => values.map(([at, value]) => [at * 1000, Number(value)] as const));
}

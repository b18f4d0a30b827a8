import type { PrometheusConfig } from "#lib/contracts/config.ts";
import type { GoldenGrid } from "#lib/domain/golden.ts";

/**
 * The page of Prometheus that draws a query over the same time (2.x and 3.x understand the path /graph); null where the environment has none.
 * Credentials in the configured address are left out.
 */
export function graphPage(configured: readonly PrometheusConfig[], environment: string, query: string, { fromMs, toMs, stepSeconds }: GoldenGrid): string | null {
  const chosen = configured.find((one) => one.environments?.includes(environment)) ?? configured.find((one) => one.environments === undefined);
  const base = chosen === undefined ? null : URL.parse(chosen.url);
  if (base === null || !/^https?:$/.test(base.protocol)) return null;
  const page = new URL(`${base.pathname.replace(/\/$/, "")}/graph`, base.origin);
  const end = new Date(toMs).toISOString();
  page.search = new URLSearchParams({ "g0.expr": query, "g0.tab": "0", "g0.range_input": `${Math.round((toMs - fromMs) / 1000)}s`, "g0.end_input": `${end.slice(0, 10)} ${end.slice(11, 19)}`, "g0.step_input": String(stepSeconds) }).toString();
  return page.href;
}

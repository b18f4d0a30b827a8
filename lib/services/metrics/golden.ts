import type { Actor } from "#lib/contracts/actor.ts";
import { goldenQuerySchema } from "#lib/contracts/metrics.ts";
import type { Golden, GoldenQuery } from "#lib/contracts/metrics.ts";
import { readChartIncidents, readChartMarks } from "#lib/db/repositories/chart-mark.ts";
import { isAllowed } from "#lib/domain/access.ts";
import { VigieError } from "#lib/domain/error.ts";
import { fillGoldenQuery, goldenGrid, longestGoldenMs } from "#lib/domain/golden.ts";
import type { GoldenPlace } from "#lib/domain/golden.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { askRange } from "#lib/services/metrics/ask-range.ts";
import { errorSignal, gaugeSignal, rateSignal } from "#lib/services/metrics/golden-signal.ts";
import { graphPage } from "#lib/services/metrics/graph-page.ts";

/**
 * Golden signals of a Big Pod (or one of its services) over at most seven days, with the changes and incidents of that time. What Prometheus does is
 * told per signal and never thrown. Throws VigieError "denied", "invalid" (the time, or an unknown service), "not-found" (environment or Big Pod).
 */
export async function readGolden(context: ServiceContext, actor: Actor, query: GoldenQuery): Promise<Golden> {
  const parsed = goldenQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", "Name environment, bigPod, and the time as from and to, ISO 8601 in UTC, such as from=2026-11-21T13:00:00Z&to=2026-11-21T14:00:00Z.");
  const { environment, bigPod, service = null } = parsed.data;
  await authorise(context, actor, "state.read", environment, `see the metrics of ${environment}`);
  const place = context.config.environments.find(({ name }) => name === environment);
  const known = context.config.bigPods.find(({ name }) => name === bigPod);
  if (place === undefined) throw noSuchEnvironment(environment);
  if (known === undefined) throw new VigieError("not-found", `There is no Big Pod "${bigPod}" in an environment "${environment}".`);
  if (service !== null && !known.services.some(({ name }) => name === service)) throw new VigieError("invalid", `${bigPod} has no service "${service}". It has ${known.services.map(({ name }) => name).join(", ")}.`);
  const now = context.clock.now();
  const { from, to } = timeOf(parsed.data, now);

  const { goldenSignals } = context.config;
  const grid = goldenGrid(from.getTime(), to.getTime(), goldenSignals.windowSeconds);
  const filled: GoldenPlace = { environment, namespace: place.namespace, bigPod, service, windowSeconds: grid.windowSeconds };
  const metrics = context.outside.metrics(environment);
  const ask = async (title: string, template: string) => {
    const promql = fillGoldenQuery(template, filled);
    return { title, query: promql, url: graphPage(context.config.prometheus, environment, promql, grid), wholeBigPod: !/\$service\b/.test(template), ...(await askRange(metrics, environment, promql, grid, now.getTime())) };
  };
  const stretch = { environment, bigPod, from, to };
  const [requests, errors, latency, memory, saturation, marks, incidents] = await Promise.all([
    ask("Requests", goldenSignals.requests),
    ask("Errors", goldenSignals.errors),
    ask("Latency", goldenSignals.latency),
    ask("Memory", goldenSignals.memory),
    ask("Saturation", goldenSignals.saturation),
    readChartMarks(context.db, stretch),
    isAllowed(actor.grants, "incident.read", environment) ? readChartIncidents(context.db, stretch) : [],
  ]);
  return {
    environment,
    bigPod,
    service,
    from: new Date(grid.fromMs).toISOString(),
    to: new Date(grid.toMs).toISOString(),
    stepSeconds: grid.stepSeconds,
    windowSeconds: grid.windowSeconds,
    signals: [
      rateSignal({ name: "requests", title: "Requests", unit: "per-second" }, requests, grid),
      errorSignal(requests, errors, grid),
      gaugeSignal({ name: "latency", title: "Latency, 95th percentile", unit: "seconds" }, latency, grid),
      gaugeSignal({ name: "memory", title: "Memory", unit: "bytes" }, memory, grid),
      gaugeSignal({ name: "saturation", title: "Memory, share of its limit", unit: "ratio" }, saturation, grid),
    ],
    marks,
    incidents,
  };
}

/** What lies in the future is cut off: Prometheus would answer with old values there. */
function timeOf(given: { from: string; to: string }, now: Date): { from: Date; to: Date } {
  const from = new Date(given.from);
  const to = new Date(Math.min(Date.parse(given.to), now.getTime()));
  if (to <= from || to.getTime() - from.getTime() > longestGoldenMs) throw new VigieError("invalid", "The time must begin in the past, end after it begins, and be at most 7 days long.");
  return { from, to };
}

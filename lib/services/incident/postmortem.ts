import { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import { suspectSchema, timelineEntrySchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident.ts";
import type { Golden, GoldenSignal } from "#lib/contracts/metrics.ts";
import type { IncidentRow } from "#lib/db/generated/client.ts";
import { incidentSummariesOf } from "#lib/db/repositories/incident.ts";
import { chartSvg } from "#lib/domain/chart-svg.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { severities } from "#lib/domain/incident-status.ts";
import { impactOf } from "#lib/domain/postmortem-impact.ts";
import type { Impact } from "#lib/domain/postmortem-impact.ts";
import { postmortem } from "#lib/domain/postmortem.ts";
import { redact } from "#lib/domain/redact.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { findIncident } from "#lib/services/incident/find.ts";
import { readGolden } from "#lib/services/metrics/golden.ts";

const mostEntries = 1_000;
const mostSignals = 500;
const chartNames = ["requests", "errors", "latency", "memory"] as const;
/** Longer than this the metrics are not asked for: the charts would show nothing of the beginning. */
const longestMs = 6 * 86_400_000;

/** The postmortem of an incident, begun. `portalUrl` is what links and pictures start with. Throws VigieError "denied", "not-found". */
export async function writePostmortem(context: ServiceContext, actor: Actor, number: string | number, portalUrl: string): Promise<{ name: string; markdown: string }> {
  const { row, incident } = await readOne(context, actor, number);
  const { db, config, clock } = context;
  const [signals, entries, count] = await Promise.all([
    db.signalRow.findMany({ where: { incidentId: row.id }, orderBy: { onsetAt: "asc" }, take: mostSignals }),
    db.incidentEntryRow.findMany({ where: { incidentId: row.id }, orderBy: [{ at: "asc" }, { id: "asc" }], take: mostEntries }),
    db.incidentEntryRow.count({ where: { incidentId: row.id } }),
  ]);
  const golden = await measured(context, actor, incident);
  const link = `${portalUrl}/incidents/${incident.number}`;
  const charts = "unknown" in golden ? [] : golden.signals.filter((signal) => isChart(signal) && signal.state === "data");
  const markdown = postmortem({
    platform: config.platform.name, link, at: clock.now().toISOString(), incident,
    signals: signals.map(({ title, severity, service, onsetAt, endedAt }) => ({ title, severity: severities.find((known) => known === severity) ?? "info", service, onsetAt: onsetAt.toISOString(), endedAt: endedAt?.toISOString() ?? null })),
    timeline: entries.map((entry) => ({ at: entry.at.toISOString(), late: entry.late, kind: timelineEntrySchema.shape.kind.catch("note").parse(entry.kind), title: entry.title, detail: entry.detail, by: z.object({ name: z.string() }).safeParse(entry.actor).data?.name ?? null })),
    timelineLeft: Math.max(0, count - entries.length),
    suspects: z.array(suspectSchema).catch([]).parse(row.suspects), suspectsNote: row.suspectsNote,
    impact: "unknown" in golden ? golden : impact(golden, incident, clock.now()),
    charts: charts.map(({ name, title }) => ({ title: `${title} of ${incident.bigPod ?? ""} in ${incident.environment}`, url: `${portalUrl}/api/v1/incidents/${incident.number}/postmortem/charts/${name}.svg` })),
  });
  return { name: `incident-${incident.number}.md`, markdown };
}

/** One chart of it as SVG. Throws VigieError "denied", "not-found" (incident or chart), "upstream" when the metrics cannot be asked. */
export async function drawPostmortemChart(context: ServiceContext, actor: Actor, number: string | number, file: string): Promise<string> {
  const name = chartNames.find((known) => `${known}.svg` === file);
  const { incident } = await readOne(context, actor, number);
  if (name === undefined) throw new VigieError("not-found", `There is no such chart. There are ${chartNames.map((known) => `${known}.svg`).join(", ")}.`);
  const golden = await measured(context, actor, incident);
  if ("unknown" in golden) throw new VigieError("upstream", golden.unknown);
  const signal = golden.signals.find((candidate) => candidate.name === name);
  if (signal === undefined) throw new VigieError("not-found", "There is no such chart.");
  if (signal.state !== "data" && signal.state !== "empty") throw new VigieError("upstream", signal.sentence ?? "Prometheus could not be asked.");
  const fromMs = Date.parse(golden.from);
  const values = signal.series[0]?.values ?? [];
  return chartSvg({
    title: `${signal.title} of ${incident.bigPod ?? ""} in ${incident.environment}`, unit: signal.unit, fromMs, toMs: Date.parse(golden.to),
    points: values.map((value, index) => ({ atMs: fromMs + index * golden.stepSeconds * 1_000, value })),
    markers: golden.marks.slice(0, 20).map(({ at, label }) => ({ atMs: Date.parse(at), label: redact(label) })),
    ranges: [{ fromMs: Date.parse(incident.onsetAt), toMs: incident.resolved === null ? null : Date.parse(incident.resolved.at), label: `incident #${incident.number}` }],
    emptySentence: signal.sentence ?? "Nothing was measured in this time.",
  });
}

async function readOne(context: ServiceContext, actor: Actor, number: string | number): Promise<{ row: IncidentRow; incident: IncidentSummary }> {
  const row = await findIncident(context, actor, number, "incident.read", (found) => `read the postmortem of incident ${found.number}`);
  const [incident] = await incidentSummariesOf(context.db, [row]);
  if (incident === undefined) throw new Error("a row gives one summary");
  return { row, incident };
}

/** Golden signals of the incident's time and as long before it (a quarter of an hour at least); why not, in a sentence. */
async function measured(context: ServiceContext, actor: Actor, { environment, bigPod, onsetAt, resolved }: IncidentSummary): Promise<Golden | { unknown: string }> {
  if (bigPod === null) return { unknown: "it is about the environment as a whole." };
  if (!context.config.bigPods.some(({ name }) => name === bigPod)) return { unknown: `${bigPod} is not in the configuration any more.` };
  const onset = Date.parse(onsetAt);
  const end = resolved === null ? context.clock.now().getTime() : Date.parse(resolved.at);
  const around = Math.max(15 * 60_000, end - onset);
  if (end + 10 * 60_000 - (onset - around) > longestMs) return { unknown: "it lasted for days: see the charts of the Big Pod." };
  try {
    return await readGolden(context, actor, { environment, bigPod, from: new Date(onset - around).toISOString(), to: new Date(end + 10 * 60_000).toISOString() });
  } catch (error) {
    if (isVigieError(error) && error.code !== "denied") return { unknown: error.message };
    throw error;
  }
}

function impact(golden: Golden, { onsetAt, resolved }: IncidentSummary, now: Date): Impact | { unknown: string } {
  const series = (name: GoldenSignal["name"]): GoldenSignal["series"] => golden.signals.find((signal) => signal.name === name)?.series ?? [];
  const requests = golden.signals.find(({ name }) => name === "requests");
  if (requests !== undefined && requests.state !== "data") return { unknown: requests.sentence ?? "Prometheus could not be asked." };
  const parts = { fromMs: Date.parse(golden.from), stepSeconds: golden.stepSeconds, requests: series("requests"), errors: series("errors"), latency: series("latency") };
  return impactOf(parts, Date.parse(onsetAt), resolved === null ? now.getTime() : Date.parse(resolved.at));
}

function isChart(signal: GoldenSignal): boolean {
  return chartNames.some((name) => name === signal.name);
}

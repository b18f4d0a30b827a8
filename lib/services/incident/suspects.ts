import { z } from "zod";
import { suspectSchema } from "#lib/contracts/incident.ts";
import type { Comparison, Suspect } from "#lib/contracts/incident.ts";
import { bigPodStateSchema } from "#lib/contracts/state.ts";
import type { BigPodState, Change } from "#lib/contracts/state.ts";
import { readChanges } from "#lib/db/repositories/change.ts";
import { firstMoment } from "#lib/db/repositories/history.ts";
import { baselineFactor, windowsAround } from "#lib/domain/comparison-windows.ts";
import { neighbours, rankSuspects } from "#lib/domain/suspects.ts";
import type { SuspectCase, SuspectEvidence } from "#lib/domain/suspects.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { compareAround } from "#lib/services/incident/compare.ts";
import { describeSuspectedRelease } from "#lib/services/incident/suspect-release.ts";

const mostSuspects = 10;
/** Comparing costs a dozen queries: only the first few are measured, in order of what is known without. */
const mostCompared = 3;
const mostChanges = 1_000;
const minuteMs = 60_000;
/** A measurement that failed is tried again for this long after its window is full. */
const tryAgainMs = 10 * minuteMs;

export interface SuspectedIncident {
  id: string;
  environment: string;
  bigPod: string | null;
  onsetAt: Date;
  /** What was found the last time: full windows are not measured again. */
  suspects: unknown;
}

export interface FoundSuspects {
  suspects: Suspect[];
  note: string | null;
  /** Nothing more will be measured unless another change is heard of. */
  settled: boolean;
}

/** Finds and ranks the suspects of an incident as things are known now. Throws what the database throws; what cannot be measured stands in the comparisons. */
export async function findSuspects(context: ServiceContext, incident: SuspectedIncident, now: Date, signal?: AbortSignal): Promise<FoundSuspects> {
  const { db, config } = context;
  const { suspectMinutes, compareMinutes, dependencies } = config.incidents;
  const { environment, bigPod, onsetAt } = incident;
  const earliest = onsetAt.getTime() - suspectMinutes * minuteMs;
  const changes = (await readChanges(db, { where: { environment, at: { gte: new Date(earliest - compareMinutes * baselineFactor * minuteMs) } }, limit: mostChanges })).map(({ change }) => change);
  const about: SuspectCase = { environment, bigPod, onsetAt, suspectMinutes, dependencies: bigPod === null ? [] : (dependencies[bigPod] ?? []), titleOf: (name) => config.bigPods.find((candidate) => candidate.name === name)?.title ?? name };
  const evidence = { ...(await readEvidence(context, incident, changes)), comparisons: new Map<string, Comparison>() };
  const services = await failingServices(context, incident);

  const before = new Map(z.array(suspectSchema).catch([]).parse(incident.suspects).map((suspect) => [suspect.change.id, suspect]));
  const first = rankSuspects(about, changes, evidence);
  let settled = true;
  await Promise.all(
    first.slice(0, mostCompared).map(async ({ change }) => {
      const place = bigPod ?? change.bigPod;
      if (place === null) return;
      const near = neighbours(change, place, changes);
      const moment = { at: new Date(change.at), now, changedBefore: near.before, changedAfter: near.after };
      const windows = windowsAround({ ...moment, compareMinutes, leastWindowSeconds: config.goldenSignals.windowSeconds });
      const known = before.get(change.id)?.comparison ?? null;
      const measuredFull = known !== null && Date.parse(known.measuredAt) >= windows.until.getTime() && known.windowSeconds === windows.afterSeconds && windows.full;
      if (known !== null && measuredFull && (known.errors?.p != null || now.getTime() - windows.until.getTime() > tryAgainMs)) return void evidence.comparisons.set(change.id, known);
      settled &&= windows.full && now.getTime() - windows.until.getTime() > tryAgainMs;
      const measured = await compareAround(context, { environment, bigPod: place, services: place === bigPod ? services : [], memory: change.kind !== "scale" }, moment, signal);
      // Prometheus that cannot be asked for a moment takes back nothing that was measured within the same window.
      const stands = known?.errors?.p != null && measured.errors?.p == null && Date.parse(known.at) + known.windowSeconds * 1000 <= windows.until.getTime();
      evidence.comparisons.set(change.id, stands ? known : measured);
    }),
  );
  const ranked = rankSuspects(about, changes, evidence);
  const suspects = await Promise.all(
    ranked.slice(0, mostSuspects).map(async ({ change, score, reasons }, index): Promise<Suspect> => ({
      change, rank: index + 1, score, reasons, comparison: evidence.comparisons.get(change.id) ?? null,
      release: index < mostCompared ? await describeSuspectedRelease(context, change, bigPod, signal) : null,
    })),
  );
  return { suspects, note: await noteOf(context, about, { ranked: ranked.length, changes: changes.length, earliest }), settled };
}

const operationRowShape = { id: true, kind: true, automatic: true, status: true } as const;

async function readEvidence({ db }: ServiceContext, { id, environment, bigPod }: SuspectedIncident, changes: readonly Change[]): Promise<Omit<SuspectEvidence, "comparisons">> {
  const operationIds = [...new Set(changes.flatMap((change) => change.operationId ?? []))];
  const operations = await db.operationRow.findMany({ where: { id: { in: operationIds } }, select: operationRowShape });
  const row = bigPod === null ? null : await db.bigPodStateRow.findUnique({ where: { environment_bigPod: { environment, bigPod } }, select: { state: true } });
  const state = bigPodStateSchema.safeParse(row?.state).data;
  const signals = await db.signalRow.findMany({ where: { incidentId: id, kind: "health" }, select: { title: true, detail: true }, orderBy: { onsetAt: "asc" }, take: 20 });
  // What a signal said when it was raised stays true after the pods are gone.
  const lines = [...(state === undefined ? [] : linesOf(state)), ...signals.flatMap(({ title, detail }) => (detail === null ? [title] : [title, detail]))];
  return { operations: new Map(operations.map((operation) => [operation.id, operation])), pods: state === undefined ? null : podsOf(state), lines };
}

function linesOf(state: BigPodState): string[] {
  return [...state.evidence.filter((one) => one.kind === "log").map((one) => one.text), ...(state.cause === null ? [] : [state.cause]), ...state.services.flatMap((service) => service.detail ?? [])];
}

function podsOf(state: BigPodState): SuspectEvidence["pods"] {
  const living = state.pods.filter((pod) => !pod.terminating);
  const isFailing = (pod: BigPodState["pods"][number]): boolean => !pod.ready || pod.services.some((service) => service.status === "down");
  const [failing, well] = [living.filter(isFailing), living.filter((pod) => !isFailing(pod))];
  return { failing: failing.length, failingNewest: failing.filter((pod) => pod.current).length, well: well.length, wellNewest: well.filter((pod) => pod.current).length };
}

/** Services that every alert of the incident names; all services as soon as one names none. */
async function failingServices({ db, config }: ServiceContext, { id, bigPod }: SuspectedIncident): Promise<string[]> {
  const known = config.bigPods.find((candidate) => candidate.name === bigPod)?.services.map((service) => service.name) ?? [];
  const rows = await db.signalRow.findMany({ where: { incidentId: id, kind: "alert" }, select: { service: true }, distinct: ["service"], take: 50 });
  const named = rows.map((row) => row.service).filter((service) => service !== null && known.includes(service));
  return named.length === rows.length ? named.filter((service) => service !== null).toSorted() : [];
}

/** Why there are none, or fewer than there might be. */
async function noteOf({ db }: ServiceContext, { environment, onsetAt, suspectMinutes }: SuspectCase, { ranked, changes, earliest }: { ranked: number; changes: number; earliest: number }): Promise<string | null> {
  const notes: string[] = [];
  if (ranked === 0) notes.push(`Nothing was changed in ${environment} in the ${suspectMinutes} min before the trouble began, as far as Vigie saw: something outside may be the cause.`);
  if (ranked > mostSuspects) notes.push(`${ranked - mostSuspects} less suspected changes are left out.`);
  if (changes >= mostChanges) notes.push(`There were more changes than the ${mostChanges} that are looked at: the oldest are left out.`);
  const watchedSince = await firstMoment(db, [environment]);
  if (watchedSince === null || watchedSince.getTime() > earliest) notes.push(watchedSince === null || watchedSince > onsetAt ? `Vigie did not watch ${environment} yet when it began: changes before that are not known.` : `Vigie watches ${environment} only since ${watchedSince.toISOString().slice(0, 16).replace("T", " ")} UTC: changes before that are not known.`);
  return notes.length === 0 ? null : notes.join(" ");
}

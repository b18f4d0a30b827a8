import type { Config } from "#lib/contracts/config.ts";
import type { BigPodState, Change, EnvironmentGuard, EnvironmentRelease, OperationSummary, PlatformSnapshot, SourceState } from "#lib/contracts/state.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Database } from "#lib/db/client.ts";
import { readChanges } from "#lib/db/repositories/change.ts";
import { readGuards } from "#lib/db/repositories/guard.ts";
import { readIncidents } from "#lib/db/repositories/incident.ts";
import { activeStatuses } from "#lib/db/repositories/operation.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { readEnvironmentReleases } from "#lib/db/repositories/release.ts";
import { readHeartbeat, readPosition, readSources, readStates } from "#lib/db/repositories/state.ts";

export interface Placed<T> {
  value: T;
  /** Stream position at which it was last written. */
  position: number;
}

/** Everything the overview shows, of all environments, as of one moment of the database. Keys as in StreamNotice. */
export interface Platform {
  position: number;
  states: Map<string, Placed<BigPodState>>;
  sources: Map<string, Placed<SourceState>>;
  releases: Map<string, Placed<EnvironmentRelease>>;
  changes: Map<string, Placed<Change>>;
  operations: Map<string, Placed<OperationSummary>>;
  guards: Map<string, Placed<EnvironmentGuard>>;
  incidents: Map<string, Placed<IncidentSummary>>;
  workerSeenAt: Date | null;
  now: Date;
}

export const changesShown = 20;
/** Finished operations are shown for this long. */
export const operationMemoryMs = 3_600_000;
/** Ended incidents too. */
export const incidentMemoryMs = 3_600_000;
export const incidentsShown = 200;

export const stateKey = (state: Pick<BigPodState, "environment" | "bigPod">): string => `${state.environment}/${state.bigPod}`;

/** Reads all of it in one repeatable-read transaction, so that the position belongs to exactly these rows. */
export async function loadPlatform(db: Database, environments: readonly string[]): Promise<Platform> {
  return await db.$transaction(
    async (tx) => {
      const position = await readPosition(tx);
      const { workerSeenAt, now } = await readHeartbeat(tx);
      const only = { environment: { in: [...environments] } };
      const states = await readStates(tx, only);
      const sources = await readSources(tx);
      const releases = await readEnvironmentReleases(tx, only);
      const guards = await readGuards(tx, environments);
      const changes = [];
      for (const environment of environments) changes.push(...(await readChanges(tx, { where: { environment }, limit: changesShown })));
      const operations = await tx.operationRow.findMany({
        where: { ...only, OR: [{ status: { in: activeStatuses } }, { finishedAt: { gt: new Date(now.getTime() - operationMemoryMs) } }] },
        include: { steps: { select: { status: true } } },
        orderBy: { requestedAt: "desc" },
        take: 200,
      });
      const summaries = await summariesOf(tx, operations);
      const positions = new Map(operations.map((row) => [row.id, Number(row.position)]));
      const incidents = await readIncidents(tx, { where: { ...only, OR: [{ status: { in: ["open", "acknowledged"] } }, { resolvedAt: { gt: new Date(now.getTime() - incidentMemoryMs) } }] }, limit: incidentsShown });
      return {
        position,
        states: new Map(states.map(({ state, position: at }) => [stateKey(state), { value: state, position: at }])),
        sources: new Map(sources.filter(({ source }) => source.environment === null || environments.includes(source.environment)).map(({ source, position: at }) => [source.key, { value: source, position: at }])),
        releases: new Map(releases.map(({ release, position: at }) => [release.environment, { value: release, position: at }])),
        changes: new Map(changes.map(({ change, position: at }) => [change.id, { value: change, position: at }])),
        operations: new Map(summaries.map((summary) => [summary.id, { value: summary, position: positions.get(summary.id) ?? 0 }])),
        guards: new Map(guards.map(({ guard, position: at }) => [guard.environment, { value: guard, position: at }])),
        incidents: new Map(incidents.map(({ incident, position: at }) => [incident.id, { value: incident, position: at }])),
        workerSeenAt,
        now,
      };
    },
    { isolationLevel: "RepeatableRead", maxWait: 3_000, timeout: 10_000 },
  );
}

/** The snapshot of what may be seen: environments in the configured order, and nothing of any other. */
export function snapshotOf(config: Config, platform: Platform, visible: readonly string[], now: Date): PlatformSnapshot {
  const sees = (environment: string | null): boolean => environment === null || visible.includes(environment);
  const environments = config.environments.filter((e) => visible.includes(e.name));
  const order = new Map(config.environments.map((e, index) => [e.name, index * 1_000]));
  config.bigPods.forEach((bigPod, index) => order.set(`/${bigPod.name}`, index));
  const rank = (state: BigPodState): number => (order.get(state.environment) ?? 0) + (order.get(`/${state.bigPod}`) ?? 0);
  const values = <T>(map: Map<string, Placed<T>>): T[] => [...map.values()].map((placed) => placed.value);
  return {
    platform: config.platform.name,
    environments: environments.map((e) => {
      const before = config.environments[config.environments.indexOf(e) - 1]?.name ?? null;
      const from = e.policy.promotesFrom ?? before;
      return { name: e.name, title: e.title ?? e.name, promotesFrom: from !== null && visible.includes(from) ? from : null };
    }),
    bigPods: config.bigPods.map((b) => ({ name: b.name, title: b.title ?? b.name, services: b.services.map((s) => s.name) })),
    states: values(platform.states).filter((s) => visible.includes(s.environment)).sort((a, b) => rank(a) - rank(b)),
    sources: values(platform.sources).filter((s) => sees(s.environment)),
    releases: values(platform.releases).filter((r) => visible.includes(r.environment)),
    changes: values(platform.changes).filter((c) => visible.includes(c.environment)).sort((a, b) => b.at.localeCompare(a.at)).slice(0, changesShown),
    operations: values(platform.operations).filter((o) => visible.includes(o.environment)).sort((a, b) => b.requestedAt.localeCompare(a.requestedAt)),
    guards: values(platform.guards).filter((g) => visible.includes(g.environment)),
    incidents: values(platform.incidents).filter((i) => visible.includes(i.environment)).sort((a, b) => b.number - a.number),
    workerSeenAt: platform.workerSeenAt?.toISOString() ?? null,
    now: now.toISOString(),
    position: platform.position,
  };
}

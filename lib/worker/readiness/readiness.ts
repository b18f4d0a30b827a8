import { databaseNow } from "#lib/db/client.ts";
import { saveReadiness } from "#lib/db/repositories/rollback-readiness.ts";
import { promotesFrom } from "#lib/domain/config-rules.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { templateOf } from "#lib/domain/fold-read.ts";
import { declaredIrreversible } from "#lib/domain/release.ts";
import type { EnvironmentView, EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assessReadiness } from "#lib/services/readiness/assess.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Looked at again after this long, and up to half as much more; sooner when something could not be told. */
const everyMs = 180_000;
const unsureEveryMs = 45_000;
const viewPatienceMs = 5_000;

export interface ReadinessWatch {
  /** Looks at the environments that are due: their release changed, or the last look is old. A look during another is left out. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps knowing, for each environment, whether a rollback would work now. With the observer's lease only. */
export function createReadinessWatch(parts: { context: ServiceContext; views: EnvironmentViews; lease: () => LeaseToken | null; random: () => number; changed?: (environment: string) => void }): ReadinessWatch {
  const { context, views, lease, random } = parts;
  const { db, config, clock, log } = context;
  const known = new Map<string, { runs: string; nextAt: number }>();
  const stopping = new AbortController();
  let looking: Promise<void> | null = null;
  let epoch: bigint | null = null;

  /** Everything that decides the answer besides time: what runs and is settled, what is in quarantine, and whether it is healthy. */
  async function fingerprints(): Promise<Map<string, string>> {
    const [releases, quarantine, states] = [await db.environmentRelease.findMany(), await db.quarantineRow.findMany({ where: { liftedAt: null }, select: { id: true, environment: true } }), await db.bigPodStateRow.findMany({ select: { environment: true, bigPod: true, status: true }, orderBy: { bigPod: "asc" } })];
    return new Map(
      config.environments.map(({ name }) => {
        const release = releases.find((row) => row.environment === name);
        const healthy = states.filter((row) => row.environment === name).map((row) => `${row.bigPod}:${row.status === "healthy"}`);
        return [name, JSON.stringify([release?.contentHash, release?.settled, quarantine.filter((row) => row.environment === name).map((row) => row.id).toSorted(), healthy])];
      }),
    );
  }

  async function lookOnce(environment: string, token: LeaseToken): Promise<number> {
    let view: EnvironmentView | null = null;
    try {
      view = await views.open(environment, viewPatienceMs);
      const open = view;
      const states = config.bigPods.flatMap((bigPod) => open.state(bigPod.name) ?? []);
      const declared = config.bigPods.flatMap(({ name }) => {
        const workload = open.workload(name);
        const text = workload === undefined ? null : (declaredIrreversible(workload.metadata) ?? declaredIrreversible(templateOf(workload)["metadata"]));
        return text === null ? [] : [{ bigPod: name, text }];
      });
      const found = await assessReadiness(context, environment, { states, declared, signal: stopping.signal });
      if (stopping.signal.aborted) return everyMs;
      await db.$transaction(async (tx) => {
        await assertLease(tx, token);
        await saveReadiness(tx, environment, found, promotesFrom(config, environment), await databaseNow(tx));
      });
      parts.changed?.(environment);
      return found.verdict === "unsure" && found.images.verdict === "unsure" ? unsureEveryMs : everyMs;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      // What cannot be seen right now is told by its sources already.
      if (isVigieError(error)) log.debug({ environment, err: error }, "the way back cannot be looked at right now");
      else log.warn({ environment, err: error }, "whether a rollback would work could not be looked at; it is tried again");
      return unsureEveryMs;
    } finally {
      view?.close();
    }
  }

  async function lookAtDue(): Promise<void> {
    const token = lease();
    if (token === null) return;
    if (epoch !== token.epoch) known.clear();
    epoch = token.epoch;
    for (const [environment, runs] of await fingerprints()) {
      if (stopping.signal.aborted) return;
      const before = known.get(environment);
      if (before !== undefined && before.runs === runs && clock.now().getTime() < before.nextAt) continue;
      const afterMs = await lookOnce(environment, token);
      known.set(environment, { runs, nextAt: clock.now().getTime() + afterMs * (1 + random() / 2) });
    }
  }

  return {
    look() {
      looking ??= lookAtDue()
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost)) log.debug({ err: error }, "the way back cannot be looked at right now");
        })
        .finally(() => (looking = null));
      return looking;
    },
    async close() {
      stopping.abort();
      await looking;
    },
  };
}

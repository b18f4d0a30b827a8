import { databaseNow } from "#lib/db/client.ts";
import { endSignals, liveSignals, recordSignal } from "#lib/db/repositories/signal.ts";
import { blindness, sees } from "#lib/domain/signal-blind.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { Asker } from "#lib/worker/incidents/signals/ask.ts";
import type { WatchPoint } from "#lib/worker/incidents/signals/points.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** How long what is configured may be unreachable where no watchdog says otherwise. */
const silentSecondsByDefault = 120;

/** The dead man's switch: one signal per environment while its monitoring cannot be heard, ended when all of it is heard again. `sinceMs`: when looking began. */
export async function lookForBlindness({ context, point, asker, token, sinceMs, nowMs }: { context: ServiceContext; point: WatchPoint; asker: Asker; token: LeaseToken; sinceMs: number; nowMs: number }): Promise<void> {
  const { db, config } = context;
  const { watchdog } = config.alerting;
  const senses = asker.senses();
  const blind = blindness(senses, { sinceMs, nowMs, silentMs: (watchdog?.silentSeconds ?? silentSecondsByDefault) * 1000, watchdog: watchdog?.alert });
  const live = (await liveSignals(db, "blind")).filter((row) => point.environments.includes(row.environment ?? ""));
  const missing = blind === null ? [] : point.environments.filter((environment) => !live.some((row) => row.environment === environment));
  const over = live.length > 0 && sees(senses, watchdog?.alert) ? live.map((row) => row.key) : [];
  if (missing.length === 0 && over.length === 0) return;
  await db.$transaction(async (tx) => {
    await assertLease(tx, token);
    await endSignals(tx, over);
    if (blind === null) return;
    const now = await databaseNow(tx);
    const onset = new Date(now.getTime() - (nowMs - blind.sinceMs)).toISOString();
    for (const environment of missing) {
      await recordSignal(tx, {
        key: `blind:${environment}:${onset}`, kind: "blind", title: `Monitoring is blind in ${environment}: ${blind.why}`.slice(0, 300),
        detail: "Alerts of this environment may not be heard. That none fires says nothing now.",
        environment, bigPod: null, service: null, severity: config.environments.at(-1)?.name === environment ? "critical" : "warning", state: "firing", onsetAt: onset, endedAt: null,
        labels: {}, annotations: {}, way: blind.way, silence: null, link: null, fingerprint: `blind/${environment}`, operationId: null,
      });
    }
  });
}
